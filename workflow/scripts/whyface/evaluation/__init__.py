"""Evaluation: how good decisions and confidence are, with intervals."""
