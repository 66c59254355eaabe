"""What users may call columns of their own, which become keys of tables, fields of forms and parts of addresses."""

import unicodedata
from collections.abc import Collection

from whyface.tables.schemas import IMAGES, PAIRS, SCORES

KNOWN_LABEL_ERROR, FACES_FOUND = "known label error", "faces found"  # groups that WhyFace itself makes
# Names that the tables use for something else, including partitions; `where` is a row's place in its list.
RESERVED = {name for table in (IMAGES, PAIRS, SCORES) for name in (*table.schema.names, *table.partitions)}
RESERVED |= {KNOWN_LABEL_ERROR, FACES_FOUND, "where"}
LONGEST = 64
RULE = (
    f"a name begins with a letter or a digit and has at most {LONGEST} characters, all of them visible, "
    "without '=', ',' and spaces at the end"
)


def one_name(name: str) -> str:
    """Fold a name: those that differ only in case, width or spaces are one to SQL and to readers."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_names(names: Collection[str], taken: Collection[str], where: str) -> None:
    """Check the names of a list's further columns.

    Parameters
    ----------
    names : collection of str
        The columns that the list's format does not know.
    taken : collection of str
        Names that are in use, besides those that are always reserved.
    where : str
        file:line of the header, for messages.

    Raises
    ------
    ValueError
        Names file, line, column and what is allowed.
    """
    for name in names:
        if not _is_allowed(name):
            raise ValueError(f"{where}: column {_shortened(name)}; {RULE}")
    used = {*RESERVED, *taken}
    folded = {one_name(name) for name in used}
    hidden = sorted(name for name in names if one_name(name) in folded)
    if hidden:
        raise ValueError(
            f"{where}: columns {hidden} would hide the tables' own; rename them. Taken, in any case: {sorted(used)}"
        )


def _is_allowed(name: str) -> bool:
    return (
        name[:1].isalnum()
        and len(name) <= LONGEST
        and name.isprintable()
        and not {*"=,"} & {*name}
        and name == name.rstrip()
    )


def _shortened(name: str) -> str:
    return repr(name) if len(name) <= LONGEST else f"{name[:LONGEST]!r}... of {len(name)} characters"
