"""Which column of somebody else's pair list is which: by its name, and only where no other could be meant."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from whyface.lists.column_names import one_name
from whyface.mistakes import shorten

logger = logging.getLogger("whyface")

REQUIRED = ("image_a", "image_b")
_IMAGES = (
    "image {}|image path {}|image {} path|image file {}|img {}|img path {}|img {} path|path {}|file {}|file {} path"
)
_IMAGES += "|file name {}|file path {}|photo {}|p {}"
# Names without spaces, underscores and the like, in any case.
_NAMES = {
    "image_a": [name.format(side) for side in "a1" for name in _IMAGES.split("|")],
    "image_b": [name.format(side) for side in "b2" for name in _IMAGES.split("|")],
    "is_genuine": ["is genuine", "genuine", "is same", "same", "is same person", "same person", "is match", "match"],
    "fold": ["fold", "fold id", "fold number"],
}
_NAMES["is_genuine"] += ["label", "target"]
_ROLES = {re.sub(r"\W|_", "", name): role for role, names in _NAMES.items() for name in names}
# What may hold nothing but a row's place in its list; the first is how pandas writes it.
PLACES = ("", "unnamed0", "pairid", "id", "index")


def find_roles(header: Sequence[str], where: str) -> dict[str, int]:
    """Find the columns of a pair list.

    Parameters
    ----------
    header : sequence of str
        The names of its columns.
    where : str
        file:line, for messages.

    Returns
    -------
    dict of str to int
        image_a, image_b and, if there are such columns, is_genuine and fold: their places. A column that has exactly
        this name is taken; others then are the user's own. Beside image_a and image_b, so is `label`.

    Raises
    ------
    ValueError
        No column can be image_a or image_b, or several can be one of the four. Names all of them.
    """
    roles: dict[str, int] = {}
    for role in _NAMES:
        exact = [place for place, name in enumerate(header) if name == role]
        places = exact or [place for place, name in enumerate(header) if _could_be(name, role, is_own(header))]
        if len(places) > 1:
            names = " and ".join(repr(header[place]) for place in places)
            raise ValueError(f"{where}: {names} could each be {role}; name the right one {role}, or remove the others")
        if places:
            roles[role] = places[0]
    if not {*REQUIRED} <= {*roles}:
        names = " and ".join(REQUIRED)
        raise ValueError(
            f"{where}: the first line must name the columns {names}, or such as image1 and image2, img1 and img2, "
            f"path1 and path2, separated by commas, tabs or semicolons: {shorten([*header])}"
        )
    return roles


def is_own(header: Sequence[str]) -> bool:
    """Whether a list names its images as WhyFace does; then its other columns are taken as they are, too."""
    return {*REQUIRED} <= {*header}


def _could_be(name: str, role: str, own: bool) -> bool:
    is_users = own and (plain(name) == "label" or one_name(name) == role)
    return _ROLES.get(plain(name)) == role and not is_users


def plain(name: str) -> str:
    """Write a name without case, spaces and punctuation."""
    return re.sub(r"\W|_", "", one_name(name))


def report_roles(header: Sequence[str], roles: dict[str, int], file: Path) -> None:
    """Log which columns were taken for others, if their names say it otherwise."""
    taken = [f"{header[place]!r} as {role}" for role, place in roles.items() if header[place] != role]
    if is_own(header) and "is_genuine" not in roles and "label" in header:
        logger.warning("%s: label is kept as a column of groups; if it says who is the same, name it is_genuine", file)
    if taken:
        logger.info("%s: columns are read as other names: %s", file, ", ".join(taken))
