"""People are joined from genuine pairs, folds are contiguous, and what contradicts itself is said."""

from pathlib import Path

import pandas as pd
import pytest
from made_packs import draw

from whyface.sources.paired_images import Pair, write_pairs

SOURCE = Path("set.bin")


def pairs_of(*numbers, split=""):
    """Make pairs from (image, image, label)."""
    return [Pair(("a", "b"), (draw(a), draw(b)), label, split) for a, b, label in numbers]


def alternating(count, start=0):
    """Make pairs of each class in turn, of people who occur once."""
    first = range(1000 + start, 1000 + start + 2 * count, 2)
    return [(number, number + 1, bool(index % 2)) for index, number in enumerate(first)]


def written(folder, pairs):
    write_pairs(pairs, SOURCE, folder / "files")
    return pd.read_csv(folder / "files/pairs.csv")


def test_people_are_joined_over_several_genuine_pairs(tmp_path):
    pairs = written(tmp_path, pairs_of((1, 2, True), (5, 6, False), (2, 3, True), (1, 5, False), *alternating(20)))
    people = pairs[["image_a", "image_b"]].map(lambda name: name.split("/")[0])
    assert len({*people.loc[[0, 2]].to_numpy().ravel(), people.loc[3, "image_a"]}) == 1
    assert len({people.loc[0, "image_a"], *people.loc[1]}) == 3


def test_folds_are_cut_as_scikit_learn_cuts_them(tmp_path):
    pairs = written(tmp_path, pairs_of(*alternating(47)))
    assert pairs["fold"].tolist() == [fold for fold in range(10) for _ in range(5 if fold < 7 else 4)]


def test_each_split_has_folds_of_its_own_numbered_as_in_the_others(tmp_path, caplog):
    caplog.set_level("INFO")
    pairs = written(tmp_path, [*pairs_of(*alternating(20), split="lfw"), *pairs_of(*alternating(40, 100), split="age")])
    assert pairs.groupby("split", sort=False)["fold"].apply(list).tolist() == [
        [fold for fold in range(10) for _ in range(2)],
        [fold for fold in range(10) for _ in range(4)],
    ]
    assert "splits: 2; fold k holds the k-th tenth of every split" in caplog.text


def test_an_impostor_pair_of_joined_people_is_named_and_kept(tmp_path, caplog):
    pairs = written(tmp_path, pairs_of((1, 2, True), (2, 3, True), *alternating(20), (1, 3, False)))
    assert "impostor pairs of images that genuine pairs join to one person: 1; pairs, from 0: 22" in caplog.text
    assert len(pairs) == 23 and pairs["is_genuine"].iloc[22] == 0


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (
            sorted(alternating(40), key=lambda pair: pair[2]),
            r"fold 0 \(folds count from 0\) .* impostor pairs, of 40 with 20",
        ),
        (alternating(9), r"fold 0 \(folds count from 0\) holds only impostor pairs, of 9 with 4 genuine"),
        ([], "holds no pairs"),
    ],
)
def test_lists_that_cannot_be_cut_into_folds_leave_nothing(numbers, said, tmp_path):
    with pytest.raises(ValueError, match=f"^set.bin: {said}"):
        written(tmp_path, pairs_of(*numbers))
    assert not [*tmp_path.iterdir()]
