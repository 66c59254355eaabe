"""A list that thresholds and confidence cannot be fitted on is refused as soon as it is read."""

import pandas as pd
import pytest

from whyface.lists.protocols import list_pairs

IMAGES = pd.DataFrame(
    {"image_id": [f"{name}/{n}.jpg" for name in ("ann", "bob") for n in (1, 2)], "subject_id": [*"aabb"]}
)
PAIRS = ["ann/1.jpg,ann/2.jpg,1", "ann/1.jpg,bob/1.jpg,0", "bob/1.jpg,bob/2.jpg,1", "ann/2.jpg,bob/2.jpg,0"]
NEEDED = "thresholds and confidence need at least two folds, each with genuine and impostor pairs"
BORROW = "or name a dataset to borrow from: datasets.mine.reference"


def read(tmp_path, folds, labelled=True, has_reference=False):
    file = tmp_path / "list.csv"
    rows = [f"{row if labelled else row[:-1]},{fold}" for row, fold in zip(PAIRS, folds, strict=True)]
    file.write_text("\n".join(["image_a,image_b,is_genuine,fold", *rows]))
    return list_pairs("pairs-csv", file, tmp_path, IMAGES, "mine", has_reference=has_reference)


@pytest.mark.parametrize(
    ("folds", "labelled", "found", "columns"),
    [
        ([""] * 4, True, "its 4 labelled pairs are in no fold", "a column fold"),
        ([7] * 4, True, "its 4 labelled pairs are in 1 fold", "a column fold"),
        (["", "", 7, 7], True, "2 of its 4 labelled pairs are in 1 fold, the others in none", "a column fold"),
        ([0, 0, 1, 1], False, "none of its 4 pairs is labelled", "columns is_genuine and fold"),
    ],
)
def test_a_list_without_two_labelled_folds_needs_a_reference(tmp_path, folds, labelled, found, columns):
    with pytest.raises(ValueError) as error:
        read(tmp_path, folds, labelled)
    remedy = f"Add {columns} (any whole numbers; best no person in two), {BORROW}"
    assert str(error.value) == f"{tmp_path / 'list.csv'}: {found}; {NEEDED}. {remedy}"
    assert len(read(tmp_path, folds, labelled, has_reference=True)) == 4


def test_two_folds_of_any_number_need_no_reference(tmp_path):
    assert read(tmp_path, [3, 3, 90, 90])["fold"].tolist() == [3, 3, 90, 90]


def test_official_lists_cannot_be_given_a_column(tmp_path):
    (tmp_path / "pairs.txt").write_text("1\nann\t1\t2\nann\t1\tbob\t1\n")
    images = IMAGES.assign(image_id=[f"{name}/{name}_000{n}.jpg" for name in ("ann", "bob") for n in (1, 2)])
    images["subject_id"] = ["ann", "ann", "bob", "bob"]
    with pytest.raises(ValueError, match=rf"pairs\.txt: its 2 .* no fold; {NEEDED}\. Take a list with folds, {BORROW}"):
        list_pairs("lfw", None, tmp_path, images, "mine", has_reference=False)
