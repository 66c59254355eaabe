"""Protocol `all-pairs`: makes the pair list that a collection of folders does not have.

Genuine pairs are all there are. Impostor pairs are all, or drawn so that people recur equally often. Folds are made by
people: no person is in two of them, so pairs of people in different folds are not compared.

Order and choice follow sha256 of the seed and a name, so they depend neither on the order of files nor on the machine,
nor on the version of a random number generator.
"""

import difflib
import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, product, takewhile
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

logger = logging.getLogger("whyface")

WHERE = "all-pairs"  # stands where a list's file:line would
MOST_PAIRS = 1_000_000  # what later steps and the report have been tried with
_COLUMNS = ["where", "image_a", "image_b", "is_genuine", "fold"]


class Person(NamedTuple):
    """A person's images; without a division into probes and gallery, each image is both."""

    name: str
    probes: list[str]
    gallery: list[str]


def make_pairs(
    images: pd.DataFrame,
    impostors: str | int = "equal",
    folds: int = 10,
    seed: int = 0,
    probes: str | None = None,
    gallery: str | None = None,
) -> pd.DataFrame:
    """Make the pairs of a collection.

    Parameters
    ----------
    images : pandas.DataFrame
        The collection's images: image_id, subject_id and path. Images without a subject are left out with a warning.
    impostors : "equal", "all" or int
        In each fold as many as it has genuine pairs, or all, or so many over all folds. Drawn are rounds in which each
        person meets the next one of a seeded order, then the one after, and so on; each takes the images that have
        been used least. So people, and the images of a person, recur equally often as long as pairs last.
    folds : int
        How many folds to make; fewer if there are too few people, which is logged. Each takes at least one person with
        two images and another person.
    seed : int
        Another seed deals and draws differently.
    probes, gallery : str, optional
        Folders at the top of the collection: only pairs of an image of the one with an image of the other are made.

    Returns
    -------
    pandas.DataFrame
        where, image_a (the probe, if there are probes), image_b, is_genuine, fold (from 0); by fold, genuine first.

    Raises
    ------
    ValueError
        A folder is missing, there are too few people for two folds, or too few or too many pairs. The message names
        the key, the value and what is allowed.
    """
    people = _list_people(images, seed, probes, gallery)
    is_divided = probes is not None
    dealt = _deal(people, folds, seed, is_divided)
    genuine = [sum(_count_genuine(person, is_divided) for person in fold) for fold in dealt]
    possible = [_count_impostors(fold, is_divided) for fold in dealt]
    wanted = _share_out(impostors, genuine, possible)
    across = _count_impostors(people, is_divided) - sum(possible)
    _report(len(people), genuine, wanted, across, seed)
    rows = [
        (WHERE, *pair, fold)
        for fold, members in enumerate(dealt)
        for pair in _pairs_of_fold(members, wanted[fold], seed, is_divided)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"fold": "Int32"})


def _rank(seed: int, *names: str) -> bytes:
    """Return what takes the place of a random number: equal for equal names, whatever else there is."""
    return hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()


# --- who there is ---


def _list_people(images: pd.DataFrame, seed: int, probes: str | None, gallery: str | None) -> list[Person]:
    """List the people in the order of their names, each with images in a seeded order."""
    unnamed = images["subject_id"] == ""
    if unnamed.any():
        message = "images in no person's folder, left out: %d, such as %s"
        logger.warning(message, unnamed.sum(), images.loc[unnamed, "image_id"].iloc[0])
    roles = _read_roles(images, probes, gallery)
    found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    rows = zip(images["image_id"], images["subject_id"], roles, strict=True)
    for image, subject, role in sorted(rows, key=lambda row: _rank(seed, row[0])):
        if subject:
            for side in role:
                found[subject][side].append(image)
    return [Person(name, *found[name]) for name in sorted(found)]


def _read_roles(images: pd.DataFrame, probes: str | None, gallery: str | None) -> list[tuple[int, ...]]:
    """Say of each image whether it is a probe (0), of the gallery (1), both or neither."""
    if probes is None or gallery is None:
        return [(0, 1)] * len(images)
    tops = _top_folders([PurePosixPath(path).parts for path in images["path"]])
    for key, name in (("probes", probes), ("gallery", gallery)):
        _check_folder(key, name, {*tops})
    logger.info("probes: %d images, gallery: %d images", tops.count(probes), tops.count(gallery))
    return [(0,) if top == probes else (1,) if top == gallery else () for top in tops]


def _top_folders(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Name each path's folder at the top, below any folders that hold everything; empty for a file at the top."""
    levels = zip(*(parts[:-1] for parts in paths), strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len({*level}) == 1, levels))
    return [parts[shared] if len(parts) > shared + 1 else "" for parts in paths]


def _check_folder(key: str, name: str, tops: set[str]) -> None:
    if name not in tops:
        there = sorted(tops - {""})
        near = difflib.get_close_matches(name, there, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        listed = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if len(there) > 10 else "")
        raise ValueError(
            f"all_pairs.{key}: no folder {name!r} with images at the top of the collection; there: {listed}{hint}"
        )


# --- folds ---


def _deal(people: list[Person], folds: int, seed: int, is_divided: bool) -> list[list[Person]]:
    """Deal the people to folds: those with most genuine pairs first, to and fro, so that folds are about equal."""
    pairs = {person.name: _count_genuine(person, is_divided) for person in people}
    able = sum(count > 0 for count in pairs.values())
    made = min(folds, able, len(people) // 2)
    if made < 2:
        raise ValueError(_too_few(len(people), able, is_divided))
    if made < folds:
        message = "%d folds instead of %d: there are %d people, %d of them with a genuine pair"
        logger.warning(message, made, folds, len(people), able)
    dealt: list[list[Person]] = [[] for _ in range(made)]
    for place, person in enumerate(sorted(people, key=lambda one: (-pairs[one.name], _rank(seed, one.name)))):
        row, column = divmod(place, made)
        dealt[made - 1 - column if row % 2 else column].append(person)
    return dealt


def _too_few(people: int, able: int, is_divided: bool) -> str:
    pair = "a probe and a gallery image" if is_divided else "two images or more"
    return (
        f"protocol all-pairs: {people} people, {able} of them with {pair}; two folds without a common person need at "
        f"least 4 people, 2 of them with {pair}. Put each person's photos in a folder of their own, or give a list "
        "with protocol pairs-csv"
    )


def _count_genuine(person: Person, is_divided: bool) -> int:
    n = len(person.probes)
    return n * len(person.gallery) if is_divided else n * (n - 1) // 2


def _count_impostors(people: Iterable[Person], is_divided: bool) -> int:
    sizes = [(len(person.probes), len(person.gallery)) for person in people]
    total = sum(a for a, _ in sizes) * sum(b for _, b in sizes) - sum(a * b for a, b in sizes)
    return total if is_divided else total // 2


# --- how many ---


def _share_out(impostors: str | int, genuine: list[int], possible: list[int]) -> list[int]:
    """Say how many impostor pairs each fold gets, and check how many pairs there will be."""
    if impostors == "all":
        wanted = possible
    elif impostors == "equal":
        wanted = [min(pair) for pair in zip(genuine, possible, strict=True)]
    else:
        wanted = _divide(int(impostors), possible)
    total = sum(genuine) + sum(wanted)
    if total > MOST_PAIRS:
        raise ValueError(
            f"all_pairs.impostors: {impostors!r} makes {sum(wanted):,} impostor pairs beside {sum(genuine):,} genuine "
            f"ones; allowed are at most {MOST_PAIRS:,} pairs in all: give a number, or fewer images"
        )
    return wanted


def _divide(number: int, possible: list[int]) -> list[int]:
    """Divide a number of pairs among the folds, equally as far as each has so many."""
    if not len(possible) <= number <= sum(possible):
        raise ValueError(
            f"all_pairs.impostors: {number:,} pairs; {len(possible)} folds by people allow {len(possible)} (one a "
            f"fold) to {sum(possible):,}"
        )
    shares, left = [0] * len(possible), number
    for rank, fold in enumerate(sorted(range(len(possible)), key=lambda one: (possible[one], one))):
        shares[fold] = min(possible[fold], left // (len(possible) - rank))
        left -= shares[fold]
    return shares


def _report(people: int, genuine: list[int], wanted: list[int], across: int, seed: int) -> None:
    logger.info(
        "all-pairs: %d people in %d folds, seed %d: %d genuine and %d impostor pairs; impostor pairs of people in "
        "different folds, not compared: %d",
        *(people, len(genuine), seed, sum(genuine), sum(wanted), across),
    )
    short = [fold for fold in range(len(genuine)) if wanted[fold] < genuine[fold]]
    if short:
        logger.warning("folds with fewer impostor than genuine pairs: %s", ", ".join(map(str, short)))


# --- pairs ---


def _pairs_of_fold(people: list[Person], wanted: int, seed: int, is_divided: bool) -> Iterator[tuple[str, str, bool]]:
    """Yield image_a, image_b and is_genuine: all genuine pairs, and as many impostor pairs as wanted."""
    genuine = [pair for person in people for pair in _own_pairs(person, is_divided)]
    circle = sorted(people, key=lambda person: _rank(seed, "circle", person.name))
    impostor = islice(_draw(circle, is_divided), wanted)
    for is_genuine, pairs in ((True, genuine), (False, impostor)):
        for a, b in sorted(pairs if is_divided else map(_in_order, pairs)):
            yield a, b, is_genuine


def _in_order(pair: tuple[str, str]) -> tuple[str, str]:
    return (min(pair), max(pair))


def _own_pairs(person: Person, is_divided: bool) -> Iterator[tuple[str, str]]:
    return product(person.probes, person.gallery) if is_divided else combinations(person.probes, 2)


def _meetings(people: int, is_divided: bool) -> Iterator[tuple[int, int]]:
    """Yield every two people once, or in both orders if divided: first those 1 apart in a circle, then 2, and so on."""
    for apart in range(1, people if is_divided else people // 2 + 1):
        half_way = not is_divided and 2 * apart == people  # there each two would meet twice
        yield from ((one, (one + apart) % people) for one in range(apart if half_way else people))


def _draw(people: list[Person], is_divided: bool) -> Iterator[tuple[str, str]]:
    """Draw impostor pairs, as long as there are any: each meeting takes one."""
    drawn: set[tuple[str, str]] = set()
    uses: dict[str, int] = defaultdict(int)
    while True:
        for a, b in _meetings(len(people), is_divided):
            pair = _least_used(people[a].probes, people[b].gallery, uses, drawn)
            if pair is not None:
                drawn.add(pair)
                uses[pair[0]] += 1
                uses[pair[1]] += 1
                yield pair


def _least_used(
    probes: list[str], gallery: list[str], uses: dict[str, int], drawn: set[tuple[str, str]]
) -> tuple[str, str] | None:
    """Choose the pair, not yet drawn, of the images used least; ties go to the seeded order. None if all are drawn."""
    first, second = (sorted(images, key=lambda image: uses[image]) for images in (probes, gallery))
    return next((pair for pair in product(first, second) if pair not in drawn), None)
