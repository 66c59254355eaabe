"""Models under audit: from face crops to unit vectors."""
