"""How strongly a place of a map speaks, in words."""

# Each word holds up to this share of the dataset's display scale; pages and their scripts share the list.
STRENGTHS = ((0.05, "hardly"), (0.15, "weakly"), (0.4, "clearly"), (1e9, "strongly"))


def strength(value: float, scale: float) -> str:
    """Say how strong a map's value is, on the display scale of its dataset."""
    return next(word for share, word in STRENGTHS if abs(value) <= share * scale)
