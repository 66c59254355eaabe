"""Crops: worked by hand where possible, on drawn faces where a detector is needed."""

from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

import align_faces
from whyface.demo.people.benchmarks import mask_difference
from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import encode, render
from whyface.demo.people.twins import plan_twins
from whyface.faces.alignment import _batches, align_images, crop_face, similarity_transform
from whyface.faces.detection import Face
from whyface.faces.landmarks_csv import COLUMNS
from whyface.faces.template import TEMPLATE_112
from whyface.fidelity.planted import warp_mask
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import FACES, IMAGES, PAIRS

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
    images = pd.DataFrame({"image_id": names, "path": names, "width_px": None, "height_px": None})
    faces = align_images(images, tmp_path, detector, "five-point", 112, 0, tmp_path / "crops.npy")
    assert faces["status"].tolist() == ["ok", "centre-crop", "centre-crop", "failed"]
    assert "text.jpg" in faces["detail"][3] and faces["detail"][1] == "no face found"
    crops = np.load(tmp_path / "crops.npy", allow_pickle=False)
    assert crops.shape == (4, 112, 112, 3)
    assert (crops[1] == 99).all() and (crops[2] == 7).all() and (crops[3] == 0).all()


# --- landmarks that the collection brings ---


class FixedDetector:
    """Find the same face in every image, and count the images."""

    face = Face(np.array([0, 0, 99, 99]), TEMPLATE_112 + 3, 0.5)

    def __init__(self, device="cpu", smallest_face_px=60):
        self.searched = 0
        assert smallest_face_px == 60, "as the config says"

    def find_faces(self, images):
        """Return the face once for each image."""
        self.searched += len(images)
        return [self.face] * len(images)


def test_known_landmarks_stand_in_place_of_the_detectors(tmp_path):
    names = ["found.png", "given.png", "text.png"]
    for name in names[:2]:
        Image.fromarray(NOISE).save(tmp_path / name)
    (tmp_path / "text.png").write_text("no image")
    images, detector = (
        pd.DataFrame({"image_id": names, "path": names, "width_px": 99, "height_px": 99}),
        FixedDetector(),
    )
    known = {"given.png": TEMPLATE_112 - [4, 0], "text.png": TEMPLATE_112}
    faces = align_images(images, tmp_path, detector, "five-point", 112, 0, tmp_path / "crops.npy", known)
    assert detector.searched == 1
    assert faces["status"].tolist() == ["ok", "ok", "failed"]
    assert faces["detail"][:2].tolist() == ["", "landmarks given"] and "unreadable" in faces["detail"][2]
    crops = np.load(tmp_path / "crops.npy")
    np.testing.assert_array_equal(crops[0, :-3, :-3], NOISE[3:, 3:])
    np.testing.assert_array_equal(crops[1, :, 4:], NOISE[:, :-4])
    write_table(faces, tmp_path / "faces.parquet", FACES)
    read = read_table(tmp_path / "faces.parquet", FACES)
    assert read["probability"].notna().tolist() == read["box"].notna().tolist() == [True, False, False]
    np.testing.assert_array_equal(read["landmarks"][1], known["given.png"].ravel().astype(np.float32))


@pytest.mark.parametrize(
    ("alignment", "listed", "searched"),
    [
        ("five-point", ["a.png", "b.png"], None),
        ("five-point", ["0 in no pair.png", "a.png", "b.png"], None),
        ("five-point", ["0 in no pair.png", "a.png"], 1),
        ("five-point", [], 2),
        ("box", ["a.png", "b.png"], 2),
        ("none", ["a.png", "b.png"], None),
    ],
)
def test_the_rule_opens_the_detector_only_if_a_face_must_be_found(tmp_path, monkeypatch, alignment, listed, searched):
    names, opened = ["0 in no pair.png", "a.png", "b.png"], []
    monkeypatch.setattr(align_faces, "FaceDetector", lambda *how: opened.append(FixedDetector(*how)) or opened[0])
    for name in names:
        Image.fromarray(NOISE).save(tmp_path / name)
    rows = [",".join([name, *map(str, TEMPLATE_112.ravel())]) for name in listed]
    (tmp_path / "landmarks.csv").write_text("\n".join([",".join(COLUMNS), *rows]))
    write_receipt(Receipt(str(tmp_path), "", "mine"), tmp_path / "receipt.json")
    images = pd.DataFrame({"image_id": names, "subject_id": "", "path": names, "width_px": 112, "height_px": 112})
    write_table(images.assign(sha256=""), tmp_path / "images.parquet", IMAGES)
    pairs = pd.DataFrame(
        {"pair_id": ["0"], "image_a": ["a.png"], "image_b": ["b.png"], "subject_a": "", "subject_b": ""}
    )
    write_table(pairs.assign(is_genuine=None, fold=None, known_label_error=""), tmp_path / "pairs.parquet", PAIRS)
    align_faces.main(
        SimpleNamespace(
            log=[tmp_path / "log"],
            wildcards={"collection": "mine", "alignment": alignment},
            params=SimpleNamespace(alignment=alignment, side_px=112, margin_px=0, smallest_face_px=60, device="cpu"),
            input=SimpleNamespace(
                receipt=tmp_path / "receipt.json",
                images=tmp_path / "images.parquet",
                pairs=[tmp_path / "pairs.parquet"],
            ),
            output=SimpleNamespace(faces=tmp_path / "faces.parquet", crops=tmp_path / "crops.npy"),
        )
    )
    assert [one.searched for one in opened] == ([] if searched is None else [searched])
    faces = read_table(tmp_path / "faces.parquet", FACES)
    assert faces["image_id"].tolist() == names[1:] and len(np.load(tmp_path / "crops.npy")) == 2
    assert faces["status"].tolist() == ["ok", "ok"] and faces["box"].notna().sum() == (searched or 0)


def test_crops_of_twins_are_equal_outside_the_difference_with_given_landmarks_only(tmp_path, detector):
    """The detector's landmarks move with the exchanged mouth, and with them every edge of the face."""
    pictures = {one.image_id: one for one in plan_twins(1, 5).pictures}
    names = ["Synth_0001/base.jpg", "Synth_0001_mouth/mouth_exchanged.jpg"]
    base, twin = (render(pictures[name].somebody.person, pictures[name].photo) for name in names)
    for path, drawn in (("base.jpg", base), ("twin.jpg", twin)):
        (tmp_path / path).write_bytes(encode(drawn.image, pictures[names[0]].photo))
    images = pd.DataFrame({"image_id": names, "path": ["base.jpg", "twin.jpg"], "width_px": 112, "height_px": 112})
    difference = binary_dilation(warp_mask(mask_difference(base, twin), base.landmarks, 112), iterations=3)

    def changes_outside(known):
        align_images(images, tmp_path, detector, "five-point", 112, 0, tmp_path / "crops.npy", known)
        one, other = np.load(tmp_path / "crops.npy").astype(int)
        return np.abs(one - other).max(axis=2)[~difference]

    given = changes_outside(dict.fromkeys(names, base.landmarks))
    assert given.mean() < 1 and given.max() < 25, "what JPEG spreads, in levels"
    found = changes_outside({})
    assert found.mean() > 2 and found.max() > 50


def test_batches_are_bounded_by_their_pixels_and_keep_the_order():
    sides = [100] * 40 + [4000, None, 4000, 4000, 9000, 100]
    images = pd.DataFrame({"image_id": range(len(sides)), "width_px": sides, "height_px": sides})
    batches = [part["image_id"].tolist() for part in _batches(images)]
    assert batches == [[*range(32)], [*range(32, 42)], [42], [43], [44], [45]]
