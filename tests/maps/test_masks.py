"""Patches lie where they should, in both variants."""

import numpy as np
import pytest

from whyface.maps.masks import make_filler, make_masks, patch_starts

PUBLISHED = {"variant": "paper", "shape": "square", "patch_px": [7, 14, 28], "stride_px": 5}
CROP = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)


def masks(side, patch, stride, variant="corrected", shape="square"):
    return make_masks(side, {"variant": variant, "shape": shape, "patch_px": [patch], "stride_px": stride})[0].covered


def test_published_numbers_of_masks():
    assert [len(mask_set.covered) for mask_set in make_masks(112, PUBLISHED)] == [441, 400, 289]


def test_paper_paints_one_pixel_too_many_and_never_the_last_rows():
    covered = masks(112, 14, 5, "paper")
    assert (covered.sum(axis=(1, 2)) == 15 * 15).all()
    assert covered[0, :15, :15].all()
    assert covered[1, :15, 5:20].all(), "rows vary slowest"
    assert not covered[:, 110:].any() and covered[:, 109].any()


def test_corrected_reaches_the_last_row_and_column_with_exact_patches():
    covered = masks(112, 14, 5)
    assert (covered.sum(axis=(1, 2)) == 14 * 14).all()
    assert covered.any(axis=0).all()
    assert patch_starts(112, 14, 5, "corrected")[-2:] == [95, 98]
    assert patch_starts(112, 7, 5, "corrected")[-2:] == [100, 105], "no position twice"


def test_circles_are_centred_in_their_cell():
    disc = masks(12, 4, 4, shape="circle")[0, :4, :4]
    expected = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]], bool)
    np.testing.assert_array_equal(disc, expected)
    for patch in (5, 7, 28):
        disc = masks(56, patch, patch, shape="circle")[0, :patch, :patch]
        np.testing.assert_array_equal(disc, disc[::-1, ::-1])
        np.testing.assert_array_equal(disc, disc.T)


def test_fills():
    assert (make_filler(CROP, "black", "x") == 0).all()
    np.testing.assert_array_equal(make_filler(CROP, "mean", "x")[3, 4], CROP.reshape(-1, 3).mean(axis=0).round())
    blurred = make_filler(CROP, "blur", "x")
    assert blurred.std() < CROP.std() / 2 and abs(blurred.mean() - CROP.mean()) < 5
    np.testing.assert_array_equal(make_filler(CROP, "noise", "x"), make_filler(CROP, "noise", "x"))
    assert (make_filler(CROP, "noise", "x") != make_filler(CROP, "noise", "y")).any()
    with pytest.raises(ValueError, match="allowed: black, mean, blur, noise"):
        make_filler(CROP, "red", "x")
