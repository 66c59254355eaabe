"""Where regions lie on faces that are rotated, scaled, stretched, cut, or seen from the side."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from whyface.evidence.named_regions import named_regions
from whyface.evidence.placement import place_face, seen_from_the_side
from whyface.faces.alignment import crop_box, crop_five_point
from whyface.faces.template import TEMPLATE, TEMPLATE_112

POINTS = ("left eye", "right eye", "nose", "mouth", "mouth")


def turned(degrees, scale, shift):
    """Give the template's face another place in an image; 5 x 2, px."""
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * (TEMPLATE_112 - 56) @ rotation.T + shift


def a_face(landmarks, box=None, size=(400, 300)):
    box = None if box is None else np.array(box, np.float32)
    points = None if landmarks is None else landmarks.astype(np.float32).ravel()
    return SimpleNamespace(landmarks=points, box=box, width_px=size[0], height_px=size[1])


def marked(points, size=(300, 400), radius=3):
    """Draw one image for each point, white there."""
    for point in points:
        yield cv2.circle(np.zeros((*size, 3), np.uint8), np.rint(point).astype(int).tolist(), radius, (255,) * 3, -1)


def assert_marks_lie_in_their_regions(points, crop, regions):
    """Check that what is drawn at each landmark of the image shows within its region of the crop."""
    for name, image in zip(POINTS, marked(points), strict=True):
        shown = crop(image)[..., 0] > 127
        assert shown.any() and not (shown & ~regions[name]).any(), name


@pytest.mark.parametrize("degrees", [-40, 0, 25])
@pytest.mark.parametrize("scale", [0.8, 1.3])
def test_a_rotated_scaled_face_has_its_regions_at_its_landmarks_in_five_point_crops(degrees, scale):
    points = turned(degrees, scale, [190, 140])
    placement = place_face(a_face(points), "five-point", 112, 0)
    np.testing.assert_allclose(placement, [[1, 0, 0], [0, 1, 0]], atol=1e-6)
    assert_marks_lie_in_their_regions(
        points, lambda image: crop_five_point(image, points, 112), named_regions(placement, 112)
    )


@pytest.mark.parametrize("box", [(90, 70, 250, 280), (60, -15, 300, 290), (150.25, 40, 260, 330)])
def test_a_tilted_face_has_its_regions_at_its_landmarks_in_crops_of_the_box(box):
    points = turned(20, 1.2, [200, 160])
    face = a_face(points, box)
    regions = named_regions(place_face(face, "box", 160, 14), 160)
    assert_marks_lie_in_their_regions(points, lambda image: crop_box(image, np.array(box), 160, 14), regions)


def test_a_box_crop_is_placed_to_the_pixel_where_the_image_cuts_it():
    # The box of 80 x 80 px has a margin of 10 on each side in a crop of 100, but the image ends 5 px left of it.
    face = a_face(TEMPLATE_112, (5, 20, 85, 100))
    placement = place_face(face, "box", 100, 20)
    moved = TEMPLATE @ placement[:, :2].T + placement[:, 2]
    np.testing.assert_allclose(moved, (TEMPLATE_112 - [0, 10]) / [95, 100], atol=1e-6)


def test_own_landmarks_move_the_regions_as_the_nearest_similarity():
    """A long face: its template grows, and sits where its own landmarks do on average."""
    points = TEMPLATE_112 * [1, 1.2]
    placement = place_face(a_face(points), "five-point", 112, 0)
    moved = TEMPLATE @ placement[:, :2].T + placement[:, 2]
    np.testing.assert_allclose(moved.mean(axis=0), TEMPLATE.mean(axis=0), atol=1e-6)
    assert 0.95 < placement[0, 0] < 1 and abs(placement[0, 1]) < 0.01


@pytest.mark.parametrize("alignment", ["five-point", "box", "none"])
def test_without_a_face_nothing_is_placed(alignment):
    assert place_face(a_face(None), alignment, 112, 0) is None


def test_alignment_none_places_nothing_even_with_landmarks():
    assert place_face(a_face(TEMPLATE_112), "none", 112, 0) is None


def test_a_face_is_seen_from_the_side_once_its_nose_lies_beyond_an_eye():
    nose = np.arange(5)[:, None] == 2
    left, right = TEMPLATE_112[:2]
    within, beyond = (nose * share * (right - left) for share in (0.45, 0.55))
    assert not seen_from_the_side(TEMPLATE_112 + within) and not seen_from_the_side(TEMPLATE_112 - within)
    assert seen_from_the_side(TEMPLATE_112 + beyond) and seen_from_the_side(TEMPLATE_112 - beyond)
    assert seen_from_the_side(TEMPLATE_112[[1, 0, 2, 4, 3]]), "mirrored"
    assert seen_from_the_side(np.ones((5, 2))), "no triangle"
    assert place_face(a_face(TEMPLATE_112 + beyond), "five-point", 112, 0) is None
