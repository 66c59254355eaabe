"""Lists: which images a collection has, and which pairs a protocol compares."""
