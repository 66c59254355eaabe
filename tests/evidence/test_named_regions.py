"""What is covered of one crop: which pieces, with which margin."""

import numpy as np
from scipy.ndimage import binary_dilation

from whyface.evidence.named_regions import named_regions
from whyface.faces.regions import GRID, GROUPS, face_regions

AS_THE_TEMPLATE = np.array([[1.0, 0, 0], [0, 1, 0]])


def widened(region, reach):
    return binary_dilation(region, np.ones((2 * reach + 1,) * 2))


def test_on_the_template_the_groups_are_the_regions_of_the_template_with_a_margin():
    template = face_regions("five-point", 112)
    regions = named_regions(AS_THE_TEMPLATE, 112)
    assert list(regions) == list(GROUPS)
    for name, parts in GROUPS.items():
        np.testing.assert_array_equal(regions[name], widened(sum(template[part] for part in parts), 3), name)


def test_every_region_of_a_face_is_covered_by_some_group():
    assert {part for parts in GROUPS.values() for part in parts} == set(face_regions("five-point", 112))


def test_both_eyes_are_the_left_and_the_right_one():
    regions = named_regions(AS_THE_TEMPLATE, 112)
    np.testing.assert_array_equal(regions["eyes"], regions["left eye"] | regions["right eye"])
    assert not (regions["left eye"] & regions["right eye"]).any()


def test_the_margin_grows_with_the_crop():
    for side, reach in ((112, 3), (224, 6), (56, 2), (16, 0)):
        grid = face_regions("none", side)
        for name, region in named_regions(None, side).items():
            np.testing.assert_array_equal(region, widened(grid[name], reach))


def test_without_a_placement_the_grid_of_nine_takes_their_place():
    assert list(named_regions(None, 112)) == list(GRID)


def test_a_shifted_face_has_its_regions_shifted_and_loses_what_lies_outside():
    regions, shifted = (
        named_regions(np.add(AS_THE_TEMPLATE, [[0, 0, x], [0, 0, y]]), 112) for x, y in ((0, 0), (0.25, 0))
    )
    np.testing.assert_array_equal(shifted["nose"][:, 28:], regions["nose"][:, :-28])
    below = named_regions(np.add(AS_THE_TEMPLATE, [[0, 0, 0], [0, 0, 0.5]]), 112)
    assert "mouth" not in below and "chin and jaw" not in below and "forehead" in below


def test_a_small_face_keeps_its_chin_and_has_the_background_around_it():
    small = named_regions(np.array([[0.5, 0, 0.25], [0, 0.5, 0.25]]), 112)
    chin = np.argwhere(small["chin and jaw"])
    # The face's oval ends at 1.62 eye-to-mouth distances below the eyes: 117.5 px of the template, 86.7 px here.
    assert chin[:, 0].max() == 86 + 3
    elsewhere = small["hair and background"]
    assert elsewhere[0].all() and elsewhere[-1].all() and elsewhere[:, 0].all() and elsewhere[:, -1].all()
