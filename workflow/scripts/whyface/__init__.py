"""WhyFace: audits face-verification models and publishes why they say same or different."""
