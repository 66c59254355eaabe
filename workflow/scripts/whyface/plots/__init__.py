"""Figures as SVG whose text stays text, readable on light and dark backgrounds, each with a caption beside it."""
