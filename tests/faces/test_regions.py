"""Regions of a face: they cover the crop once, lie where their names say, and average as a slow loop does."""

import numpy as np
import pandas as pd

from whyface.faces import alignment
from whyface.faces.regions import ELSEWHERE, GRID, box_landmarks, face_regions, region_means
from whyface.faces.template import TEMPLATE


def test_regions_cover_every_pixel_once():
    for alignment_name, landmarks in (("five-point", None), ("none", None), ("box", None), ("box", TEMPLATE)):
        for side in (9, 56, 112):
            regions = face_regions(alignment_name, side, landmarks)
            assert np.array_equal(sum(region.astype(int) for region in regions.values()), np.ones((side, side)))
    assert list(face_regions("none", 30)) == list(GRID) and len(set(GRID)) == 9
    assert {region.sum() for region in face_regions("none", 30).values()} == {100}


def test_landmarks_lie_in_the_regions_named_after_them():
    names = ("left eye", "right eye", "nose", "mouth", "mouth")
    for landmarks in (TEMPLATE, TEMPLATE * 0.8 + 0.1):
        regions = face_regions("box", 112, landmarks)
        for name, (x, y) in zip(names, landmarks, strict=True):
            assert regions[name][int(112 * y), int(112 * x)]
        assert regions[ELSEWHERE][0, 0] and regions[ELSEWHERE][0, -1]


def test_left_is_the_viewer_s_left_and_brows_are_above_eyes():
    regions = face_regions("five-point", 112)
    centre = {name: np.argwhere(region).mean(axis=0) for name, region in regions.items()}
    for part in ("eye", "brow", "cheek"):
        left, right = regions[f"left {part}"], regions[f"right {part}"]
        assert centre[f"left {part}"][1] < 55 < centre[f"right {part}"][1]
        assert abs(left.sum() - right.sum()) < 0.1 * left.sum()
    rows = [centre[name][0] for name in ("forehead", "left brow", "left eye", "nose", "mouth", "chin and jaw")]
    assert rows == sorted(rows)


def test_region_means_are_those_of_a_slow_loop():
    values = np.random.default_rng(0).normal(size=(5, 20, 20))
    regions = face_regions("five-point", 20)
    slow = [
        [np.mean([one[y, x] for y in range(20) for x in range(20) if region[y, x]]) for region in regions.values()]
        for one in values
    ]
    np.testing.assert_allclose(region_means(values, regions), slow, atol=1e-6)
    np.testing.assert_allclose(region_means(values.reshape(5, -1), regions), slow, atol=1e-6)


def test_landmarks_of_a_box_crop_are_where_the_crop_shows_them():
    side, margin, box = 160, 14, [100, 80, 220, 240]
    points = np.round(TEMPLATE * [120, 160] + [100, 80])
    model = {"alignment": "box", "input_px": side, "box_margin_px": margin}
    faces = pd.DataFrame({"status": ["ok"], "box": [np.array(box)], "landmarks": [points.ravel()]})
    landmarks = box_landmarks(faces, model)
    for (x, y), share in zip(points, landmarks, strict=True):
        image = np.zeros((400, 400, 3), np.uint8)
        image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 255
        crop = alignment.crop_box(image, np.array(box, float), side, margin)[..., 0].astype(float)
        rows, columns = np.mgrid[:side, :side] + 0.5
        centre = [(crop * columns).sum() / crop.sum(), (crop * rows).sum() / crop.sum()]
        np.testing.assert_allclose(np.array(centre) / side, share, atol=0.01)
    assert box_landmarks(faces, {**model, "alignment": "none"}) is None
    assert box_landmarks(faces.assign(status="failed"), model) is None
