"""What names mean in plain language, and how numbers are written."""
