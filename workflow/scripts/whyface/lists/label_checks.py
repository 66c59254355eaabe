"""Labels that contradict each other, or the names of people. Images are known by content: a file has one face."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from whyface.lists.findings import FAULT, Finding, counted


def labelled(pairs: pd.DataFrame, is_genuine: bool) -> np.ndarray:
    """Mark the pairs with this label."""
    return pairs["is_genuine"].eq(is_genuine).fillna(False).to_numpy(bool)


def number_contents(images: pd.DataFrame) -> pd.Series:
    """Give images of the same content the same number, by image_id; an unreadable image is equal to none."""
    contents = images["sha256"].where(images["width_px"].notna(), "\0" + images["image_id"])
    return pd.Series(pd.factorize(contents)[0], index=images["image_id"])


def name_pairs(pairs: pd.DataFrame, what: str) -> list[str]:
    """Name pairs and what they show, `subject` or `image`; an image stands for an unnamed person: "00012: Ann, Bob"."""
    images = (pairs[f"image_{side}"] for side in "ab")
    named = (pairs[f"{what}_{side}"] for side in "ab")
    a, b = (name.mask(name == "", image) for name, image in zip(named, images, strict=True))
    return [
        f"{pair}: {x}" if x == y else f"{pair}: {x}, {y}" for pair, x, y in zip(pairs["pair_id"], a, b, strict=True)
    ]


def check_labels(pairs: pd.DataFrame, images: pd.DataFrame) -> Iterator[Finding]:
    """Look for contradictions between labels, people and repeated pairs."""
    contents = number_contents(images)
    sides = np.stack([pairs[f"image_{side}"].map(contents).to_numpy() for side in "ab"])
    genuine, impostor = labelled(pairs, True), labelled(pairs, False)
    same, known = _compare_people(pairs)
    low, high = np.sort(sides, axis=0)
    once = pd.Series(low.astype(np.int64) * len(images) + high)
    both = (
        pd.Series(genuine).groupby(once).transform("max") & pd.Series(impostor).groupby(once).transform("max")
    ).to_numpy()
    yield _repeats(pairs["pair_id"], once)
    checks = {
        "pairs_with_both_labels": both,
        "genuine_of_two_people": genuine & known & ~same,
        "impostors_of_one_person": impostor & known & same,
        "impostors_joined_by_genuine": impostor & _joined(sides, genuine) & (low != high),
    }
    for check, wrong in checks.items():
        yield counted(check, name_pairs(pairs[wrong], "subject"), len(pairs), FAULT)


def _repeats(names: pd.Series, once: pd.Series) -> Finding:
    """Find the pairs that repeat another, given the same number for the same pair, and name the first of each."""
    again = once.duplicated().to_numpy()
    firsts = names.groupby(once.to_numpy()).transform("first")
    repeats = [f"{name} = {first}" for name, first in zip(names[again], firsts[again], strict=True)]
    return counted("pairs_listed_twice", repeats, len(names), FAULT)


def _compare_people(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mark the pairs of one person by name, and those whose two people are named."""
    a, b = (pairs[f"subject_{side}"].to_numpy() for side in "ab")
    return a == b, (a != "") & (b != "")


def _joined(sides: np.ndarray, genuine: np.ndarray) -> np.ndarray:
    """Mark the pairs whose images a chain of genuine pairs joins: then both show one person."""
    count = int(sides.max(initial=-1)) + 1
    a, b = sides[:, genuine]
    graph = coo_array((np.ones(len(a), bool), (a, b)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    return component[sides[0]] == component[sides[1]]
