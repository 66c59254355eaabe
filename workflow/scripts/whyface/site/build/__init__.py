"""Writing the site: every page and file, shared among processes."""
