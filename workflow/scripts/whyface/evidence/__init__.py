"""Evidence: what each region of a face is worth to a decision, and what would turn it."""
