"""Crops: worked by hand where possible, on drawn faces where a detector is needed."""

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import render
from whyface.faces.alignment import align_images, crop_face, similarity_transform
from whyface.faces.detection import Face
from whyface.faces.template import TEMPLATE_112

NOISE = np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)


def face(left, top, right, bottom):
    return Face(np.array([left, top, right, bottom], float), np.zeros((5, 2)), 0.9)


def test_alignment_none_keeps_every_pixel_of_an_image_that_fits():
    np.testing.assert_array_equal(crop_face(NOISE, None, "none", 112, 0), NOISE)


def test_alignment_none_resizes_only_what_does_not_fit():
    assert crop_face(NOISE[:50], None, "none", 112, 0).shape == (112, 112, 3)


def test_similarity_transform_recovers_rotation_scale_and_shift():
    # Rotate by 90 degrees, scale by 2, shift by (10, 20): (x, y) -> (10 - 2 y, 20 + 2 x).
    source = np.array([[0, 0], [1, 0], [0, 1], [3, 5]], float)
    target = np.array([[10, 20], [10, 22], [8, 20], [0, 26]], float)
    np.testing.assert_allclose(similarity_transform(source, target), [[0, -2, 10], [2, 0, 20]], atol=1e-12)


def test_similarity_transform_is_the_least_squares_one_and_never_mirrors():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    # Independent: the four parameters of x' = p x - q y + s, y' = q x + p y + t by a linear solver.
    rows = np.concatenate([[[x, -y, 1, 0], [y, x, 0, 1]] for x, y in source])
    p, q, s, t = np.linalg.lstsq(rows, target.ravel(), rcond=None)[0]
    matrix = similarity_transform(source, target)
    np.testing.assert_allclose(matrix, [[p, -q, s], [q, p, t]], atol=1e-9)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_five_point_crop_of_a_face_already_on_the_template_is_the_image():
    landmarks = Face(np.zeros(4), TEMPLATE_112, 0.9)
    np.testing.assert_array_equal(crop_face(NOISE, landmarks, "five-point", 112, 0), NOISE)


def test_five_point_template_scales_with_the_input():
    smooth = cv2.GaussianBlur(NOISE, (0, 0), 6)
    crop = crop_face(smooth, Face(np.zeros(4), TEMPLATE_112, 0.9), "five-point", 224, 0)
    for x, y in TEMPLATE_112.round().astype(int):
        assert abs(crop[2 * y, 2 * x].astype(int) - smooth[y, x]).max() <= 6


def test_box_margin_is_counted_in_pixels_of_the_crop():
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    # A box of 80 with a margin of 20 in a crop of 100 grows to 80 + 20 * 80 / (100 - 20) = 100: no scaling.
    crop = crop_face(ramp, face(60, 60, 140, 140), "box", 100, 20)
    np.testing.assert_array_equal(crop, ramp[50:150, 50:150])


def test_unreadable_and_faceless_images_keep_their_rows(tmp_path, detector):
    Image.fromarray(render(draw_person(0), draw_photo(0, 0)).image).save(tmp_path / "face.png")
    Image.fromarray(np.full((80, 80, 3), 99, np.uint8)).save(tmp_path / "flat.png")
    Image.fromarray(np.full((1, 1, 3), 7, np.uint8)).save(tmp_path / "pixel.png")
    (tmp_path / "text.jpg").write_text("no image")
    names = ["face.png", "flat.png", "pixel.png", "text.jpg"]
    images = pd.DataFrame({"image_id": names, "path": names})
    faces = align_images(images, tmp_path, detector, "five-point", 112, 0, tmp_path / "crops.npy")
    assert faces["status"].tolist() == ["ok", "centre-crop", "centre-crop", "failed"]
    assert "text.jpg" in faces["detail"][3] and faces["detail"][1] == "no face found"
    crops = np.load(tmp_path / "crops.npy", allow_pickle=False)
    assert crops.shape == (4, 112, 112, 3)
    assert (crops[1] == 99).all() and (crops[2] == 7).all() and (crops[3] == 0).all()
