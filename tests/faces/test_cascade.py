"""MTCNN in our order of work finds the faces that facenet-pytorch's own `detect` finds."""

import numpy as np
import pytest

from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import render
from whyface.faces.cascade import Cascade, _drop_contained, _scales


@pytest.fixture(scope="module")
def cascade():
    return Cascade("cpu")


def facenet_faces(canvases, smallest_px):
    """Boxes, landmarks and probabilities of facenet-pytorch's own detector, as ours are ordered."""
    from facenet_pytorch import MTCNN

    found = MTCNN(keep_all=True, min_face_size=smallest_px).eval().detect(canvases, landmarks=True)
    for boxes, probabilities, points in zip(*found, strict=True):
        order = np.argsort(-probabilities.astype(float), kind="stable") if boxes is not None else []
        yield [np.array([part[i] for i in order], float) for part in (boxes, points, probabilities)]


def check_same(cascade, canvases, smallest_px=20):
    found = cascade.detect(canvases, smallest_px, smallest_px)
    for ours, theirs in zip(found, facenet_faces(canvases, smallest_px), strict=True):
        assert len(ours[0]) == len(theirs[0])
        for part, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(part.reshape(expected.shape), expected, atol=1e-3)
    return [len(boxes) for boxes, _, _ in found]


def drawn(seed):
    return render(draw_person(seed), draw_photo(seed, 0)).image


def test_faces_of_a_batch_are_those_of_facenet_pytorch(cascade):
    photos = [drawn(seed) for seed in range(3)]
    noise = np.random.default_rng(0).integers(0, 256, photos[0].shape, np.uint8)
    counts = check_same(cascade, np.stack([*photos, noise, np.full_like(noise, 128)]))
    assert min(counts[:3]) >= 1
    assert counts[4] == 0


def test_several_faces_in_one_canvas_some_beyond_its_edge(cascade):
    wide = np.concatenate([drawn(0)[:, 70:], drawn(1), drawn(2)[:, :180]], axis=1)
    assert check_same(cascade, np.stack([wide, wide[:, ::-1]]))[0] == 3


def test_smaller_faces_than_the_smallest_are_not_searched_for(cascade):
    photo = drawn(0)[None]  # its face is 101 x 140 pixels
    assert check_same(cascade, photo, 100) == [1]
    assert check_same(cascade, photo, 200) == [0]


def test_leaving_levels_out_leaves_the_others_as_they_are():
    every = list(_scales(250, 20, 20))
    assert 12 / every[0] == 20 and 12 / every[-1] <= 250 < 12 / (every[-1] * 0.709)
    # Sizes searched for are 20, 28.2, 39.8, 56.1, 79.1, ...
    assert list(_scales(250, 20, 60)) == every[3:]
    assert list(_scales(250, 20, 56)) == every[2:]
    assert list(_scales(250, 20, 250)) == every[-1:]


def test_a_box_within_a_better_one_is_dropped_but_not_across_canvases():
    boxes = np.array([[10, 10, 49, 49], [0, 0, 99, 99], [60, 60, 139, 139], [10, 10, 49, 49]], float)
    # The third shares 40 x 40 of its 80 x 80 with the second: a quarter. The fourth lies in another canvas.
    assert _drop_contained(np.array([0, 0, 0, 1]), boxes, np.array([0.8, 0.9, 0.95, 0.7])) == [2, 1, 3]
