"""What the site reads of a run: evaluations, with their groups, maps and averages."""
