"""Quality of an image: worked by hand, and against slow transcriptions."""

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from whyface.faces.alignment import align_images
from whyface.faces.quality import LIGHT, POSE, measure_light, measure_pose
from whyface.faces.template import TEMPLATE_112
from whyface.scores.qualities import BEST, goodness
from whyface.tables.schemas import EMBEDDINGS, FACES

FRONT = np.array([[0, 0], [10, 0], [5, 6], [1, 12], [9, 12]], float)


def test_a_face_that_looks_ahead_has_neither_yaw_nor_pitch_nor_roll():
    assert measure_pose(FRONT) == {"eye_distance_px": 10, "yaw": 0, "pitch": 0, "roll_deg": 0}


def test_a_nose_three_to_the_right_and_as_many_down():
    # 3 of 10 between the eyes; 3 of 12 from eyes to mouth.
    moved = FRONT + np.array([[0, 0], [0, 0], [3, 3], [0, 0], [0, 0]])
    found = measure_pose(moved)
    assert found["yaw"] == pytest.approx(0.3) and found["pitch"] == pytest.approx(0.25)


def test_a_mouth_moves_the_middle_by_half():
    moved = FRONT + np.array([[0, 0], [0, 0], [0, 0], [4, 0], [4, 0]])
    assert measure_pose(moved)["yaw"] == pytest.approx(-0.2)


def test_turned_and_enlarged_faces_keep_their_indices():
    turn = np.radians(30)
    matrix = 2 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = FRONT + np.array([[0, 0], [0, 0], [2, -3], [0, 0], [0, 0]])
    before, after = measure_pose(moved), measure_pose(moved @ matrix.T + 50)
    assert after["roll_deg"] == pytest.approx(30), "clockwise in an image, whose y points down"
    assert after["eye_distance_px"] == pytest.approx(20)
    assert after["yaw"] == pytest.approx(before["yaw"]) and after["pitch"] == pytest.approx(before["pitch"])


def test_the_template_of_aligned_faces_looks_ahead():
    found = measure_pose(TEMPLATE_112)
    assert all(abs(found[name]) < 0.02 for name in ("yaw", "pitch")) and abs(found["roll_deg"]) < 0.5


def test_points_that_are_no_face_have_no_pose():
    assert measure_pose(None) == measure_pose(np.zeros((5, 2))) == dict.fromkeys(POSE)
    upside_down = FRONT * [1, -1]
    assert measure_pose(upside_down)["pitch"] is None


def test_a_chessboard_by_hand():
    # Squares of one pixel, 0 and 0.4: mean 0.2, deviation 0.2; every neighbour differs by 0.4, so the Laplacian is
    # 1.6 up or down, eight times the deviation.
    board = (np.indices((36, 36)).sum(axis=0) % 2 * 102).astype(np.uint8)
    found = measure_light(np.repeat(board[:, :, None], 3, axis=2))
    assert found["brightness"] == pytest.approx(0.2, abs=1e-6) and found["contrast"] == pytest.approx(0.2, abs=1e-6)
    assert found["sharpness"] == pytest.approx(8, abs=1e-5)


def slow_light(crop):
    """Transcribe the three measures pixel by pixel."""
    side = len(crop)
    grey = [[(0.299 * r + 0.587 * g + 0.114 * b) / 255 for r, g, b in row.tolist()] for row in crop]
    middle = range(side // 6, side - side // 6)
    values = [grey[y][x] for y in middle for x in middle]
    edges = [
        grey[y - 1][x] + grey[y + 1][x] + grey[y][x - 1] + grey[y][x + 1] - 4 * grey[y][x]
        for y in middle
        for x in middle
    ]
    deviation = [(sum(v * v for v in one) / len(one) - (sum(one) / len(one)) ** 2) ** 0.5 for one in (values, edges)]
    return {
        "sharpness": deviation[1] / deviation[0],
        "brightness": sum(values) / len(values),
        "contrast": deviation[0],
    }


@pytest.mark.parametrize("side", [31, 112])
def test_light_equals_a_slow_transcription(side):
    crop = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
    # OpenCV rounds the luminance to a whole level.
    assert measure_light(crop) == pytest.approx(slow_light(crop), abs=5e-3)


def test_blur_lowers_sharpness_and_contrast_does_not():
    noise = np.random.default_rng(0).normal(size=(112, 112))

    def photo(blur_px, deviation):
        smooth = cv2.GaussianBlur(noise, (0, 0), blur_px)
        levels = 128 + deviation * smooth / smooth.std()
        return np.repeat(levels.round().clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)

    sharp = measure_light(photo(2, 40))["sharpness"]
    assert measure_light(photo(2, 20))["sharpness"] == pytest.approx(sharp, rel=0.05)
    # The Laplacian of noise blurred twice as far is a quarter as strong.
    assert measure_light(photo(4, 40))["sharpness"] == pytest.approx(sharp / 4, rel=0.25)


def test_a_flat_crop_is_neither_sharp_nor_blurred():
    found = measure_light(np.full((112, 112, 3), 51, np.uint8))
    assert found == {"sharpness": None, "brightness": pytest.approx(0.2), "contrast": 0}


def test_failed_images_have_no_quality_and_those_without_a_face_no_pose(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)).save(tmp_path / "any.png")
    (tmp_path / "text.jpg").write_text("no image")
    names = ["any.png", "given.png", "text.jpg"]
    (tmp_path / "given.png").write_bytes((tmp_path / "any.png").read_bytes())
    images = pd.DataFrame({"image_id": names, "path": names, "width_px": 80, "height_px": 80})
    known = {"given.png": FRONT + 20}
    faces = align_images(images, tmp_path, None, "five-point", 112, 0, tmp_path / "crops.npy", known)
    assert faces[[*POSE]].notna().all(axis=1).tolist() == [False, True, False]
    assert faces[[*LIGHT]].notna().all(axis=1).tolist() == [True, True, False]
    assert faces["eye_distance_px"][1] == 10


def test_every_quality_is_a_column_and_higher_goodness_is_better():
    assert {*BEST} <= {*FACES.schema.names, *EMBEDDINGS.schema.names}
    assert {*POSE, *LIGHT} < {*BEST}
    np.testing.assert_allclose(goodness("yaw", np.array([-0.4, 0.0, 0.1])), [-0.4, 0, -0.1])
    np.testing.assert_allclose(goodness("brightness", np.array([0.1, 0.5, 0.8])), [-0.4, 0, -0.3])
    for name in ("sharpness", "ofiq"):
        np.testing.assert_allclose(goodness(name, np.array([2.0, -3.0])), [2, -3])
