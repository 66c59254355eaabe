"""Files that are the same, or nearly, under two names or in one pair; and those too small or unreadable."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whyface.lists.findings import FAULT, NOTE, Finding, counted
from whyface.lists.label_checks import labelled, name_pairs, number_contents
from whyface.lists.near_duplicates import LIMIT_BITS, count_bits, nearest_images

LEAST_PX = 20  # side of the smallest face that is searched for


def check_files(pairs: pd.DataFrame, images: pd.DataFrame, hashes: pd.DataFrame) -> Iterator[Finding]:
    """Compare the files that pairs name, by content and by perceptual hash.

    Parameters
    ----------
    pairs, images : pandas.DataFrame
        The tables; only images that pairs name.
    hashes : pandas.DataFrame
        The perceptual hashes by image_id, see `near_duplicates`; unreadable images have none.
    """
    images = images.sort_values("image_id", ignore_index=True)
    unreadable = images.loc[~images["image_id"].isin(hashes.index), "image_id"]
    yield counted("unreadable_images", list(unreadable), len(images), FAULT)
    yield _tiny(images)
    contents = number_contents(images)
    yield from _duplicates(images.assign(content=contents.to_numpy()))
    yield from _near_duplicates(images, contents, hashes)
    yield from _pairs(pairs, contents, hashes)


def _tiny(images: pd.DataFrame) -> Finding:
    """Find the images in which no face can be found."""
    sides = images[["width_px", "height_px"]].astype("float64")  # missing where unreadable
    tiny = images[sides.min(axis=1) < LEAST_PX]
    sizes = [f"{row.image_id} ({row.width_px:.0f} × {row.height_px:.0f} px)" for row in tiny.itertuples()]
    return counted("tiny_images", sizes, len(images), NOTE)


def _duplicates(images: pd.DataFrame) -> Iterator[Finding]:
    """Find the images whose file is there under another name too: of nobody else, and of somebody else."""
    again = images[images["content"].duplicated(keep=False)]
    people = again["subject_id"].mask(again["subject_id"] == "").groupby(again["content"]).nunique()
    of_two = again["content"].isin(people[people > 1].index)
    for check, found in (("duplicate_files", again[~of_two]), ("duplicate_files_of_two_people", again[of_two])):
        groups = found.groupby("content")["image_id"].agg(" = ".join)
        yield counted(check, list(groups), len(images), FAULT)._replace(value=len(found))


def _near_duplicates(images: pd.DataFrame, contents: pd.Series, hashes: pd.DataFrame) -> Iterator[Finding]:
    readable = images[images["image_id"].isin(hashes.index)].reset_index(drop=True)
    names = readable["image_id"].to_numpy()
    own = hashes.loc[names].to_numpy(np.uint64)
    nearest = nearest_images(own, contents.loc[names].to_numpy(), pd.factorize(readable["subject_id"])[0])
    unnamed = (readable["subject_id"] == "").to_numpy()
    for check, found in zip(("near_duplicates", "near_duplicates_of_two_people"), nearest, strict=True):
        found = np.where(unnamed | unnamed[found], -1, found) if check.endswith("people") else found
        examples = _name_neighbours(names, own, found)
        yield counted(check, examples, len(images), NOTE)._replace(value=int((found >= 0).sum()))


def _name_neighbours(names: np.ndarray, hashes: np.ndarray, found: np.ndarray) -> list[str]:
    """Name each image with its neighbour, two that are each other's only once."""
    rows = np.flatnonzero(found >= 0)
    rows = rows[(rows < found[rows]) | (found[found[rows]] != rows)]
    bits = count_bits(hashes[rows], hashes[found[rows]])
    return [f"{names[row]} ~ {names[found[row]]} ({bit} bits)" for row, bit in zip(rows, bits, strict=True)]


def _pairs(pairs: pd.DataFrame, contents: pd.Series, hashes: pd.DataFrame) -> Iterator[Finding]:
    """Find the pairs that compare a photo with itself."""
    a, b = (pairs[f"image_{side}"] for side in "ab")
    one_image = (a == b).to_numpy()
    one_file = (a.map(contents) == b.map(contents)).to_numpy() & ~one_image
    near = _are_near(a, b, hashes) & ~one_image & ~one_file
    impostor = labelled(pairs, False)
    checks = {
        "pairs_of_one_image": (one_image, FAULT),
        "pairs_of_one_file": (one_file, FAULT),
        "impostors_of_one_file": ((one_image | one_file) & impostor, FAULT),
        "pairs_of_near_duplicates": (near, NOTE),
        "impostors_of_near_duplicates": (near & impostor, NOTE),
    }
    for check, (wrong, status) in checks.items():
        yield counted(check, name_pairs(pairs[wrong], "image"), len(pairs), status)


def _are_near(a: pd.Series, b: pd.Series, hashes: pd.DataFrame) -> np.ndarray:
    """Mark the pairs whose hashes are near; those of unreadable images are not."""
    both = (a.isin(hashes.index) & b.isin(hashes.index)).to_numpy()
    near = np.zeros(len(a), bool)
    near[both] = count_bits(*(hashes.loc[side[both]].to_numpy(np.uint64) for side in (a, b))) <= LIMIT_BITS
    return near
