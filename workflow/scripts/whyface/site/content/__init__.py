"""What the site knows of a run: its evaluations, their groups, maps and averages."""
