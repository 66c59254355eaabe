"""View models: what each page says, ready for its template."""
