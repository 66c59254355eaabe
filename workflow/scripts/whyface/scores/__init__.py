"""Scores: from distances to decisions, likelihood ratios and confidence."""
