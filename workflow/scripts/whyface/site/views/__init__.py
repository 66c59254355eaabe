"""View models: what each page says, in finished words, before a template lays it out."""
