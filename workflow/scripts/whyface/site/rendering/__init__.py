"""Builds the site: every page and file, with the work shared among processes."""
