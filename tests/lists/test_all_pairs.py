"""Pairs of a collection without a list: all genuine ones, balanced impostors, and folds that share no person."""

from collections import Counter
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whyface.lists import all_pairs
from whyface.lists.all_pairs import make_pairs
from whyface.lists.protocols import list_pairs
from whyface.tables.parquet import write_table
from whyface.tables.schemas import PAIRS


def collect(counts, top=""):
    """Make a table of images in folders: so many of each person."""
    paths = [f"{top}{name}/{n}.jpg" for name, count in counts.items() for n in range(count)]
    return pd.DataFrame({"image_id": paths, "subject_id": [path.split("/")[-2] for path in paths], "path": paths})


def as_set(pairs, is_genuine):
    rows = pairs[pairs["is_genuine"] == is_genuine]
    return {frozenset(pair) for pair in zip(rows["image_a"], rows["image_b"], strict=True)}


def person(image):
    return image.split("/")[-2]


def uses(pairs, of):
    impostor = pairs[~pairs["is_genuine"].astype(bool)]
    return Counter(of(image) for side in ("image_a", "image_b") for image in impostor[side])


def test_four_people_make_two_folds_with_every_genuine_pair():
    pairs = make_pairs(collect({"ann": 2, "bob": 2, "cal": 2, "dan": 2}))
    assert as_set(pairs, True) == {
        frozenset((f"{name}/0.jpg", f"{name}/1.jpg")) for name in ("ann", "bob", "cal", "dan")
    }
    assert pairs.groupby("fold")["is_genuine"].agg(["sum", "size"]).to_numpy().tolist() == [[2, 4]] * 2
    assert pairs["is_genuine"].tolist() == [True, True, False, False] * 2
    assert {*pairs["where"]} == {"all-pairs"}


def test_all_are_all_impostor_pairs_within_the_folds(caplog):
    caplog.set_level("INFO")
    images = collect({"ann": 3, "bob": 1, "cal": 2, "dan": 2})
    pairs = make_pairs(images, impostors="all")
    fold = {person(image): fold for image, fold in zip(pairs["image_a"], pairs["fold"], strict=True)}
    fold |= {person(image): fold for image, fold in zip(pairs["image_b"], pairs["fold"], strict=True)}
    two = [frozenset(pair) for pair in combinations(images["image_id"], 2) if len({*map(person, pair)}) == 2]
    within = {pair for pair in two if len({fold[person(image)] for image in pair}) == 1}
    assert as_set(pairs, False) == within
    assert f"impostor pairs of people in different folds, not compared: {len(two) - len(within)}" in caplog.text


def test_images_in_no_persons_folder_are_left_out_with_a_warning(caplog):
    images = pd.concat([collect(dict.fromkeys("abcd", 2)), pd.DataFrame({"image_id": ["x.jpg"], "subject_id": [""]})])
    assert "x.jpg" not in {*make_pairs(images)["image_a"]}
    assert "images in no person's folder, left out: 1, such as x.jpg" in caplog.text


def test_probes_meet_only_the_gallery():
    images = pd.concat([collect({"ann": 2, "bob": 1, "cal": 1, "dan": 1, "eve": 1}, "set/cctv/")])
    images = pd.concat([images, collect({"ann": 1, "bob": 1, "cal": 2, "dan": 1, "fay": 1}, "set/passports/")])
    pairs = make_pairs(images.reset_index(drop=True), "all", probes="cctv", gallery="passports")
    assert {image.split("/")[1] for image in pairs["image_a"]} == {"cctv"}
    assert {image.split("/")[1] for image in pairs["image_b"]} == {"passports"}
    assert (pairs["is_genuine"] == (pairs["image_a"].map(person) == pairs["image_b"].map(person))).all()
    assert pairs["is_genuine"].sum() == 2 * 1 + 1 + 1 * 2 + 1
    assert pairs.groupby("fold")["is_genuine"].nunique().eq(2).all()


@pytest.mark.parametrize("top", ["", "set/"])
def test_a_missing_folder_is_named_with_the_nearest(top):
    images = pd.concat([collect(dict.fromkeys("abcd", 1), f"{top}cctv/"), collect({"a": 1}, f"{top}passport/")])
    with pytest.raises(ValueError, match=r"all_pairs\.gallery: no folder 'passports' .*mean passport\?"):
        make_pairs(images, probes="cctv", gallery="passports")


@pytest.mark.parametrize(
    ("counts", "arguments", "message"),
    [
        (
            {},
            {},
            "0 people, .* Put each person's photos in a folder of their own, or give a list with protocol pairs-csv",
        ),
        (dict.fromkeys("abc", 2), {}, "3 people, 3 of them with two images or more; .* at least 4 people"),
        ({"a": 9, "b": 1, "c": 1, "d": 1}, {}, "4 people, 1 of them with two images or more"),
        (
            dict.fromkeys("abcd", 2),
            {"impostors": 9},
            r"all_pairs\.impostors: 9 pairs; 2 folds .* 2 \(one a fold\) to 8",
        ),
        (dict.fromkeys("abcd", 2), {"impostors": 1}, r"all_pairs\.impostors: 1 pairs; 2 folds"),
    ],
)
def test_too_few_people_or_pairs_are_counted(counts, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_pairs(collect(counts), **arguments)


def test_too_many_pairs_are_counted_before_they_are_made(monkeypatch):
    monkeypatch.setattr(all_pairs, "_pairs_of_fold", None)
    message = r"all_pairs\.impostors: 'all' makes 4,975,000 impostor pairs beside 20,000 genuine ones; .* 1,000,000"
    with pytest.raises(ValueError, match=message):
        make_pairs(collect({f"p{n}": 5 for n in range(2000)}), impostors="all")


def test_fewer_folds_than_asked_for_are_logged(caplog):
    assert make_pairs(collect(dict.fromkeys("abcdefg", 2)))["fold"].nunique() == 3
    assert "3 folds instead of 10: there are 7 people, 7 of them with a genuine pair" in caplog.text


def test_a_fold_with_fewer_impostors_than_genuine_pairs_is_logged(caplog):
    make_pairs(collect({"a": 9, "b": 9, "c": 1, "d": 1}))
    assert "folds with fewer impostor than genuine pairs: 0, 1" in caplog.text


def test_the_list_is_known_by_heart():
    """Lists of earlier runs must come out again, whatever machine or library draws them."""
    pairs = make_pairs(collect(dict.fromkeys("abcd", 2)), seed=1)
    short = [
        f"{a[:3]} {b[:3]} {fold}" for a, b, fold in zip(pairs["image_a"], pairs["image_b"], pairs["fold"], strict=True)
    ]
    assert short[:4] == ["a/0 a/1 0", "d/0 d/1 0", "a/0 d/0 0", "a/1 d/1 0"]
    assert short[4:] == ["b/0 b/1 1", "c/0 c/1 1", "b/0 c/0 1", "b/1 c/1 1"]


SIZES = st.dictionaries(st.sampled_from([f"p{n}" for n in range(30)]), st.integers(1, 5), min_size=6)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(2, 6), st.integers(0, 3), st.sampled_from(["equal", "all", 12]), st.randoms())
def test_properties_of_every_list(counts, folds, seed, impostors, random):
    """Checked the slow way: from the pairs alone."""
    images = collect(counts)
    try:
        pairs = make_pairs(images, impostors, folds, seed)
    except ValueError as error:
        assert "at least 4 people" in str(error) or "12 pairs; " in str(error)
        return
    genuine, impostor = as_set(pairs, True), as_set(pairs, False)
    assert len(genuine) + len(impostor) == len(pairs), "no pair twice, in either order"
    assert genuine == {
        frozenset(pair) for pair in combinations(images["image_id"], 2) if person(pair[0]) == person(pair[1])
    }
    assert all(len({*map(person, pair)}) == 2 for pair in impostor)
    sides = pd.concat([pairs["image_a"], pairs["image_b"]]).map(person)
    assert pd.concat([pairs["fold"]] * 2).groupby(sides).nunique().eq(1).all(), "no person in two folds"
    assert pairs.groupby("fold")["is_genuine"].nunique().eq(2).all(), "both classes in every fold"
    shuffled = images.sample(frac=1, random_state=random.randrange(1000), ignore_index=True)
    pd.testing.assert_frame_equal(make_pairs(shuffled, impostors, folds, seed), pairs)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(6, 40), st.integers(1, 4))
def test_people_and_their_images_recur_equally_often(per_person, people, folds):
    """Within a round or two, as long as nobody's pairs run out; here all have as many images."""
    counts = {f"p{n}": per_person for n in range(people)}
    pairs = make_pairs(collect(counts), folds=folds + 1)
    for _, fold in pairs.groupby("fold"):
        of_people, of_images = uses(fold, person), uses(fold, str)
        members = {person(image) for image in fold["image_a"]}
        spread = [of_people[name] for name in members]
        assert max(spread) - min(spread) <= 2
        images = [of_images[f"{name}/{n}.jpg"] for name in members for n in range(per_person)]
        assert max(images) - min(images) <= 2


def test_a_person_with_many_photos_recurs_no_more_often_than_others():
    pairs = make_pairs(collect({"a": 20, **{f"p{n}": 5 for n in range(39)}}), impostors=100)
    counts = uses(pairs, person)
    assert max(counts.values()) <= 6, "100 pairs of 40 people: each recurs about 5 times"


def test_another_seed_deals_and_draws_differently():
    images = collect({f"p{n}": 3 for n in range(20)})
    assert len({tuple(make_pairs(images, seed=seed)["image_b"]) for seed in range(5)}) == 5
    pd.testing.assert_frame_equal(make_pairs(images, seed=1), make_pairs(images, seed=1))


def test_the_protocol_makes_a_table(tmp_path):
    pairs = list_pairs("all-pairs", None, tmp_path, collect(dict.fromkeys("abcdef", 3)), "mine", {"folds": 3})
    assert len(pairs) == 36
    assert pairs["fold"].nunique() == 3
    write_table(pairs, tmp_path / "pairs.parquet", PAIRS)
