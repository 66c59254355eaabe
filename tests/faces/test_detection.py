"""The detector chooses the right face, and finds it in images of any size."""

import copy

import cv2
import numpy as np
import pytest

from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import render
from whyface.faces.detection import LARGEST_PX, PIXELS_AT_ONCE, Face, FaceDetector, choose_face


def face(left, top, right, bottom, probability=0.9):
    return Face(np.array([left, top, right, bottom], float), np.zeros((5, 2)), probability)


def drawn(seed):
    return render(draw_person(seed), draw_photo(seed, 0))


def test_of_overlapping_faces_only_the_most_probable_can_be_chosen():
    # As MTCNN sees LFW's Gene_Robinson_0003: a man, and a mixture of him and the woman beside him.
    man, mixture = face(50, 72, 148, 192, 1.0), face(97, 80, 202, 211, 0.9991)
    assert choose_face([mixture, man], 250, 250) is man
    assert choose_face([mixture], 250, 250) is mixture


def test_the_central_face_wins_over_a_larger_one_at_the_edge():
    central, edge = face(100, 100, 150, 150), face(0, 0, 60, 60)
    assert choose_face([edge, central], 250, 250) is central


def test_of_two_central_faces_the_larger_wins():
    small, large = face(115, 115, 135, 135), face(100, 100, 150, 150)
    assert choose_face([small, large], 250, 250) is large


def test_a_face_centred_outside_the_image_is_not_chosen():
    assert choose_face([face(-80, 10, -20, 70)], 100, 100) is None
    assert choose_face([], 100, 100) is None


def test_detector_finds_drawn_faces_of_any_size_in_one_call(detector):
    first, second = drawn(0), drawn(1)
    images = [first.image, second.image[:220, 10:230], np.full((90, 60, 3), 128, np.uint8)]
    faces = detector.find_faces(images)
    assert [found is not None for found in faces] == [True, True, False]
    assert np.abs(faces[0].landmarks - first.landmarks).max() < 10
    assert np.abs(faces[1].landmarks - (second.landmarks - [10, 0])).max() < 10


def test_tight_crops_are_searched_within_a_border(detector, monkeypatch):
    photo = drawn(1)
    (left, top), (right, bottom) = photo.landmarks.min(axis=0).astype(int), photo.landmarks.max(axis=0).astype(int)
    left, top = left - 30, top - 45
    tight = photo.image[top : bottom + 35, left : right + 30]
    seen = []
    original = detector._find_with_border
    monkeypatch.setattr(
        detector, "_find_with_border", lambda images, b, share: seen.append(b) or original(images, b, share)
    )
    found = detector.find_faces([tight])[0]
    assert seen == [[0], [round(0.4 * max(tight.shape))]]
    assert np.abs(found.landmarks - (photo.landmarks - [left, top])).max() < 10, (
        "in pixels of the image, not the canvas"
    )


def test_small_faces_are_not_found_if_larger_ones_are_wanted_which_stay_where_they_are(detector):
    photo = drawn(0).image  # its face is 101 x 140 pixels, a quarter of that in the canvas
    small = cv2.resize(photo, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    canvas = np.full_like(photo, 128)
    canvas[70 : 70 + len(small), 70 : 70 + len(small)] = small
    choosy = copy.copy(detector)
    choosy._smallest_px = 80
    assert detector.find_faces([canvas])[0] is not None
    assert choosy.find_faces([canvas, small]) == [None, None]
    np.testing.assert_array_equal(choosy.find_faces([photo])[0].landmarks, detector.find_faces([photo])[0].landmarks)


def test_faces_are_rounded_to_a_quarter_pixel_so_that_last_bits_change_no_crop():
    class Twitchy:
        """A cascade whose numbers depend on the processor."""

        def __init__(self, noise):
            self.noise = noise

        def detect(self, canvases, finest_px, smallest_px):
            box, points = np.array([[10.1, 10, 50, 60]]), np.full((1, 5, 2), 30.1)
            return [(box + self.noise, points + self.noise, np.array([0.99]))]

    found = []
    for noise in (0, 5e-5):
        detector = FaceDetector.__new__(FaceDetector)
        detector._cascade, detector._smallest_px = Twitchy(noise), 20
        found += detector.find_faces([np.zeros((256, 256, 3), np.uint8)])
    np.testing.assert_array_equal(found[0].box, [10, 10, 50, 60])
    np.testing.assert_array_equal(found[0].box, found[1].box)
    np.testing.assert_array_equal(found[0].landmarks, found[1].landmarks)


def large_photo(share):
    """Draw a person into a photo of 12 megapixels; its face takes about this share of the height."""
    photo = drawn(0)
    scale = share * 3024 / np.ptp(photo.landmarks[:, 1]) / 3  # a face is three times as high as its landmarks are
    person = cv2.resize(photo.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    top, left = (3024 - len(person)) // 2, (4032 - person.shape[1]) // 2
    image = np.full((3024, 4032, 3), 128, np.uint8)
    image[top : top + len(person), left : left + person.shape[1]] = person
    return image, photo.landmarks * scale + [left, top]


@pytest.mark.parametrize("share", [0.03, 0.2, 0.4])
def test_a_large_photo_is_shrunk_and_its_face_is_found_as_finely_as_in_a_small_one(detector, monkeypatch, share):
    image, landmarks = large_photo(share)
    seen = []
    original = detector._cascade.detect
    monkeypatch.setattr(detector._cascade, "detect", lambda at, *how: seen.append(at.size) or original(at, *how))
    found = detector.find_faces([image])[0]
    eyes = np.hypot(*(landmarks[1] - landmarks[0]))
    small = drawn(0)
    usual = np.abs(detector.find_faces([small.image])[0].landmarks - small.landmarks).max()
    usual /= np.hypot(*(small.landmarks[1] - small.landmarks[0]))
    assert np.abs(found.landmarks - landmarks).max() / eyes < usual + 0.05
    assert max(seen) < 1.1 * 3 * LARGEST_PX


def test_the_smallest_face_wanted_is_as_small_in_a_large_photo(detector):
    image, _ = large_photo(0.05)  # about 150 px high
    choosy = copy.copy(detector)
    for smallest, is_found in ((100, True), (500, False)):
        choosy._smallest_px = smallest
        assert (choosy.find_faces([image])[0] is not None) == is_found


def test_many_images_are_searched_in_batches_that_fit_in_memory(detector, monkeypatch):
    seen, images = [], [np.zeros((1000, 1000, 3), np.uint8)] * 25
    monkeypatch.setattr(detector._cascade, "detect", lambda at, *_: seen.append(at.shape) or [((), (), ())] * len(at))
    assert detector.find_faces(images) == [None] * 25
    assert max(np.prod(shape[:3]) for shape in seen) <= PIXELS_AT_ONCE
    assert sum(shape[0] for shape in seen) == 50, "each alone, and within a border"
