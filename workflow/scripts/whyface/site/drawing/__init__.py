"""Colours, images of faces and maps, packed maps, and the histogram."""
