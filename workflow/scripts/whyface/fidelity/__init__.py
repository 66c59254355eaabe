"""Fidelity: whether the maps are right."""
