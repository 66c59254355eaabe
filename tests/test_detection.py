"""Which face is the subject, and that it is found whatever the image's size."""

import numpy as np

from whyface.detection import Face, choose_face
from whyface.synthetic_faces import draw_face


def face(left, top, right, bottom, probability=0.9):
    return Face(np.array([left, top, right, bottom], float), np.zeros((5, 2)), probability)


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


def test_a_face_centred_outside_the_image_is_none():
    assert choose_face([face(-80, 10, -20, 70)], 100, 100) is None
    assert choose_face([], 100, 100) is None


def test_detector_finds_drawn_faces_of_any_size_in_one_call(detector):
    images = [draw_face(1, 1), draw_face(2, 1)[:180, 10:190], np.full((90, 60, 3), 128, np.uint8)]
    faces = detector.find_faces(images)
    assert [found is not None for found in faces] == [True, True, False]
    left_eye, right_eye, nose = faces[0].landmarks[:3]
    assert left_eye[0] < nose[0] < right_eye[0] and nose[1] > left_eye[1]


def test_tight_crops_are_searched_within_a_border(detector, monkeypatch):
    tight = draw_face(3, 1)[38:160, 45:155]
    seen = []
    original = detector._find_with_border
    monkeypatch.setattr(detector, "_find_with_border", lambda images, b: seen.append(b) or original(images, b))
    found = detector.find_faces([tight])[0]
    assert seen == [[0], [round(0.4 * 122)]]
    left, top, right, bottom = found.box
    assert -20 < left < right < 130 and -20 < top < bottom < 145, "in pixels of the image, not of the canvas"
