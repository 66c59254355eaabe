"""Planted differences: masks of both faces of hand-made pairs, and masks in crops worked out by hand."""

import numpy as np
import pandas as pd

from whyface.faces.template import TEMPLATE_112
from whyface.fidelity.planted import planted_masks, warp_mask
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import TRUTH

PHOTOS = [  # image_id, twin_of, mixture, mixed_with, cover, difference
    ("base", None, "", None, "none", None),
    ("nose", "base", "nose", 7, "none", "nose.png"),
    ("eyes", "base", "eyes", 8, "none", "eyes.png"),
    ("card", "base", "", None, "nose", "card.png"),
    ("base 2", None, "", None, "none", None),
    ("nose 2", "base 2", "nose", 7, "none", "nose 2.png"),
    ("other", None, "", None, "none", None),
    ("other nose", "other", "nose", 7, "none", "other nose.png"),
]
PAIRS = [  # pair_id, image_a, image_b, kind, region
    ("0", "base", "card", "covered", "nose"),
    ("1", "base", "nose 2", "posed", "nose"),
    ("2", "base", "base 2", "repeated", "none"),
    ("3", "base", "eyes", "exchanged", "eyes"),
    ("4", "base", "other", "", ""),
]
NAMES = ["image_id", "twin_of", "mixture", "mixed_with", "cover", "difference"]
TRUTHS = pd.DataFrame(PHOTOS, columns=NAMES).astype({"mixed_with": "Int64"})
FRAME = pd.DataFrame(PAIRS, columns=["pair_id", "image_a", "image_b", "kind", "region"])
MASKS = [
    ("0", "covered", "nose", "card.png", "card.png"),
    ("1", "posed", "nose", "nose.png", "nose 2.png"),
    ("3", "exchanged", "eyes", "eyes.png", "eyes.png"),
]


def test_each_planted_pair_has_the_masks_of_both_faces():
    masks = planted_masks(FRAME, TRUTHS)
    assert list(masks) == ["pair_id", "kind", "region", "mask_a", "mask_b"]
    assert [*masks.itertuples(index=False, name=None)] == MASKS
    shuffled = planted_masks(FRAME[::-1], TRUTHS[::-1].reset_index(drop=True))
    pd.testing.assert_frame_equal(shuffled, masks)


def test_kind_and_region_are_those_of_the_truth_whatever_columns_a_list_has():
    names = ["kind", "region", "cover", "mixture", "mixed_with", "difference", "twin_of", "mask_a", "mask_b"]
    masks = planted_masks(FRAME.assign(**dict.fromkeys(names, "covered")), TRUTHS)
    assert [*masks.itertuples(index=False, name=None)] == MASKS
    bare = planted_masks(FRAME.drop(columns=["kind", "region"]), TRUTHS)
    pd.testing.assert_frame_equal(masks, bare)


def test_masks_are_found_in_the_table_as_written(tmp_path):
    numbers = {"string": "", "int32": 0, "int64": 0, "double": 0.0}
    others = {column.name: numbers.get(str(column.type), [0.0] * 10) for column in TRUTH.schema}
    rows = [{**others, **row} for row in TRUTHS.to_dict("records")]
    write_table(pd.DataFrame(rows).astype({"mixed_with": "Int64"}), tmp_path / "truth.parquet", TRUTH)
    masks = planted_masks(FRAME, read_table(tmp_path / "truth.parquet", TRUTH))
    assert [*masks.itertuples(index=False, name=None)] == MASKS


def test_a_collection_without_twins_has_no_planted_pairs():
    pairs = FRAME.drop(columns=["kind", "region"])
    assert planted_masks(pairs, TRUTHS[TRUTHS["twin_of"].isna()]).empty


def test_a_mask_moves_with_the_face():
    mask = np.zeros((150, 130), np.uint8)
    mask[30:40, 50:70] = 255
    warped = warp_mask(mask, (TEMPLATE_112 + np.array([5, 20])).astype(np.float32).ravel(), 112)
    assert warped.dtype == bool and warped.shape == (112, 112)
    expected = np.zeros((112, 112), bool)
    expected[10:20, 45:65] = True
    np.testing.assert_array_equal(warped, expected)


def test_a_pixel_belongs_to_a_mask_if_more_than_half_of_it_does():
    mask = np.zeros((112, 112), bool)
    mask[30:40, 50:70] = True
    # Pixel 69 of the crop shows three quarters of pixel 69 of the photo and one of pixel 70; and then the reverse.
    np.testing.assert_array_equal(warp_mask(mask, TEMPLATE_112 + np.array([0.25, 0]), 112), mask)
    shifted = warp_mask(mask, TEMPLATE_112 + np.array([0.75, 0]), 112)
    np.testing.assert_array_equal(shifted, np.roll(mask, -1, axis=1))


def test_a_mask_grows_and_turns_with_the_face():
    mask = np.zeros((112, 112), bool)
    mask[30:40, 50:70] = True
    half = warp_mask(mask, TEMPLATE_112, 56)
    assert half.sum() == mask.sum() / 4 and half[17, 30] and not half[17, 36]
    # The face lies on its side in the photo: (x, y) of the upright face is at (111 - y, x).
    turned = np.rot90(mask, -1)
    lying = np.stack([111 - TEMPLATE_112[:, 1], TEMPLATE_112[:, 0]], axis=1)
    np.testing.assert_array_equal(warp_mask(turned, lying, 112), mask)
