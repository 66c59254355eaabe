"""A collection's own landmarks.csv is read point by point, or refused with file and line."""

import numpy as np
import pytest

from whyface.faces.landmarks_csv import COLUMNS, read_landmarks

HEADER = ",".join(COLUMNS)
IMAGE_IDS = {"a.jpg", "b.jpg", "c.jpg"}


def read(tmp_path, content):
    (tmp_path / "landmarks.csv").write_text(content, encoding="utf-8")
    return read_landmarks(tmp_path, IMAGE_IDS)


def test_without_a_list_nothing_is_known(tmp_path):
    assert read_landmarks(tmp_path, IMAGE_IDS) == {}


def test_points_come_in_the_order_of_the_table_faces(tmp_path):
    assert HEADER == (
        "image_id,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,"
        "left_mouth_x,left_mouth_y,right_mouth_x,right_mouth_y"
    )
    known = read(tmp_path, f"{HEADER}\nc.jpg,1,2,3,4,5,6,7,8,9,10.5\na.jpg,-1,0,1e2,0,0,0,0,0,0,0\n")
    assert list(known) == ["c.jpg", "a.jpg"]
    np.testing.assert_array_equal(known["c.jpg"], [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10.5]])
    np.testing.assert_array_equal(known["a.jpg"], [[-1, 0], [100, 0], [0, 0], [0, 0], [0, 0]])


def test_columns_are_found_by_name(tmp_path):
    names = [*COLUMNS[::-1]]
    known = read(tmp_path, ",".join(names) + "\n10,9,8,7,6,5,4,3,2,1,b.jpg\n")
    np.testing.assert_array_equal(known["b.jpg"].ravel(), np.arange(1, 11))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r":1: columns \[\], wanted these and no others: image_id, left_eye_x, "),
        (HEADER.replace("nose_x", "nose"), r":1: the first line must name the columns .* nose_x and .*'nose'"),
        (f"{HEADER},score", r":1: columns \[.*'score'\], wanted these and no others"),
        (f"{HEADER}\na.jpg,1,2,3,4,5,6,7,8,9", r":2: 10 fields, the header has 11"),
        (f"{HEADER}\n\nd.jpg,1,2,3,4,5,6,7,8,9,10", r":3: image 'd\.jpg' is not in the collection"),
        (f"{HEADER}\n" + 2 * "a.jpg,1,2,3,4,5,6,7,8,9,10\n", r":3: image 'a\.jpg' is listed again"),
        (f"{HEADER}\na.jpg,1,2,3,4,x,6,7,8,9,10", r":2: nose_x is 'x', wanted a finite number"),
        (f"{HEADER}\na.jpg,1,2,3,4,5,6,7,8,9,", r":2: right_mouth_y is '', wanted a finite number"),
        (f"{HEADER}\na.jpg,1,nan,3,4,5,6,7,8,9,10", r":2: left_eye_y is 'nan', wanted a finite number"),
        (f"{HEADER}\na.jpg,-inf,2,3,4,5,6,7,8,9,10", r":2: left_eye_x is '-inf', wanted a finite number"),
        (f"{HEADER}\na.jpg" + 5 * ",7,8.0", r":2: all five points lie at \(7\.0, 8\.0\), wanted points that differ"),
    ],
)
def test_bad_lists_are_refused_with_file_and_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"landmarks\.csv" + message):
        read(tmp_path, content)
