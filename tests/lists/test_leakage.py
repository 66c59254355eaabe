"""What folds share with each other and with a reference: planted, counted, and listed pair by pair."""

import logging

import numpy as np
import pandas as pd
import pytest

from whyface.lists.findings import EXAMPLES
from whyface.lists.leakage import ListedDataset, find_leakage
from whyface.tables import parquet as tables
from whyface.tables import schemas


def dataset(rows, name="own", collection="photos", contents=None):
    """List pairs (person of a, image a, person of b, image b, fold); images have contents of their own, or as given."""
    frame = pd.DataFrame(rows, columns=["subject_a", "image_a", "subject_b", "image_b", "fold"])
    genuine = (frame["subject_a"] == frame["subject_b"]).astype("boolean")
    pairs = frame.assign(
        pair_id=[f"{row:05d}" for row in range(len(frame))], is_genuine=genuine, fold=frame["fold"].astype("Int32")
    )
    names = sorted({*frame["image_a"], *frame["image_b"]})
    images = pd.DataFrame({"image_id": names, "sha256": [(contents or {}).get(one, one) for one in names]})
    return ListedDataset(name, collection, pairs, images.assign(width_px=10))


def counts(leakage):
    return {(row.scope, row.kind): (row.shared, row.n) for row in leakage.itertuples()}


def leaks(leaking, scope="folds"):
    found = leaking[leaking["scope"] == scope]
    return {(row.pair_id, row.kind): row.found_in for row in found.itertuples()}


def planted():
    """Plant 3 people, 5 images and 2 pairs in two folds, and 7 pairs in the reference.

    Images of a shared pair are shared, and people of a shared image are, so the five images show the three people.
    Both folds hold the pairs (x1, x2) and (y1, y2), once the other way round: 2 pairs, 4 images, people x and y. Image
    z1 is in both folds, each time with another partner: the fifth image, and the third person. Strangers of one fold
    make the rest. The reference holds the first seven pairs, some the other way round, and pairs of its own.
    """
    rows = [
        ("x", "x1", "x", "x2", 0),
        ("x", "x2", "x", "x1", 1),
        ("y", "y1", "y", "y2", 0),
        ("y", "y1", "y", "y2", 1),
        ("z", "z1", "z", "z2", 0),
        ("z", "z1", "z", "z3", 1),
        *[("p", "p1", "q", f"q{i}", 0) for i in range(4)],
        *[("r", "r1", "s", f"s{i}", 1) for i in range(4)],
    ]
    distinct = [rows[place] for place in (0, 2, 4, 5, 6, 7, 10)]
    taught = [(*row[2:4], *row[:2], 0) if place % 2 else (*row[:4], 1) for place, row in enumerate(distinct)]
    strangers = [("t", "t1", "t", "t2", 0), ("t", "t1", "u", "u1", 1)]
    return dataset(rows), dataset([*taught, *strangers], name="taught")


def test_planted_leaks_are_counted_exactly(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "whyface"):
        leakage, leaking = find_leakage(*planted())
    assert counts(leakage) == {
        ("folds", "people"): (3, 7),
        ("folds", "images"): (5, 17),
        ("folds", "pairs"): (2, 12),
        ("reference", "people"): (7, 7),
        ("reference", "images"): (12, 17),
        ("reference", "pairs"): (7, 12),
    }
    assert leakage.set_index(["scope", "kind"])["pairs"].to_dict()["reference", "pairs"] == 9
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == [
        "own, shared by folds of own: 3 of 7 people, 5 of 17 images, 2 of 12 pairs",
        "own, shared with the reference taught: 7 of 7 people, 12 of 17 images, 7 of 12 pairs",
    ]
    tables.write_table(leakage, tmp_path / "l.parquet", schemas.LEAKAGE)
    tables.write_table(leaking, tmp_path / "p.parquet", schemas.LEAKING_PAIRS)


def test_each_leaking_pair_is_listed_with_what_it_shares_and_where():
    rows = [
        ("x", "x1", "x", "x2", 0),
        ("x", "x1", "y", "y1", 3),
        ("x", "x9", "z", "z1", 7),
        ("z", "z1", "z", "z2", 7),
    ]
    _, leaking = find_leakage(dataset(rows), None)
    assert leaks(leaking) == {
        ("00000", "people"): "3, 7",
        ("00000", "images"): "3",
        ("00001", "people"): "0, 7",
        ("00001", "images"): "0",
        ("00002", "people"): "0, 3",
    }


def examples(leakage, scope="folds"):
    found = leakage[leakage["scope"] == scope]
    return {row.kind: row.examples.split("; ") if row.examples else [] for row in found.itertuples()}


def test_what_is_shared_is_named_with_its_folds():
    leakage, _ = find_leakage(*planted())
    assert {kind: sorted(names) for kind, names in examples(leakage).items()} == {
        "people": ["x (folds 0, 1)", "y (folds 0, 1)", "z (folds 0, 1)"],
        "images": [f"{name} (folds 0, 1)" for name in ("x1", "x2", "y1", "y2", "z1")],
        "pairs": ["00000 = 00001 (folds 0, 1)", "00002 = 00003 (folds 0, 1)"],
    }
    of_reference = examples(leakage, "reference")
    assert sorted(of_reference["people"]) == ["p", "q", "r", "s", "x", "y", "z"]
    assert len(of_reference["images"]) == 11 and of_reference["images"][-1] == "and 2 more"


def test_a_copied_file_is_named_by_all_its_names_and_unfolded_ones_with_the_folds_that_taught():
    rows = [("x", "x1", "x", "x2", 0), ("x", "copy", "y", "y1", 1), ("x", "x2", "z", "z1", None)]
    leakage, _ = find_leakage(dataset(rows, contents={"copy": "x1"}), None)
    assert examples(leakage) == {"people": ["x (folds 0, 1)"], "images": ["copy = x1 (folds 0, 1)"], "pairs": []}
    assert examples(leakage, "unfolded") == {"people": ["x (folds 0, 1)"], "images": ["x2 (fold 0)"], "pairs": []}


def test_the_same_file_under_two_names_is_one_image():
    rows = [("x", "x1", "x", "x2", 0), ("x", "copy", "x", "x2", 1), ("y", "y1", "y", "y2", 1)]
    leakage, _ = find_leakage(dataset(rows, contents={"copy": "x1"}), None)
    assert counts(leakage) == {("folds", "people"): (1, 2), ("folds", "images"): (2, 4), ("folds", "pairs"): (1, 2)}


def test_unknown_people_and_unreadable_images_are_compared_with_nothing():
    one = dataset([("", "a", "", "b", 0), ("", "c", "", "d", 1), ("", "a", "", "e", 1)], contents={"c": "b"})
    unreadable = one.images.assign(width_px=one.images["width_px"].where(~one.images["image_id"].isin(["b", "c"])))
    leakage, leaking = find_leakage(one._replace(images=unreadable), None)
    assert counts(leakage) == {("folds", "people"): (0, 0), ("folds", "images"): (1, 3), ("folds", "pairs"): (0, 1)}
    assert leaks(leaking) == {("00000", "images"): "1", ("00002", "images"): "0"}


def test_pairs_without_a_fold_are_compared_with_all_folds_or_with_the_reference():
    rows = [
        ("x", "x1", "x", "x2", 0),
        ("y", "y1", "y", "y2", 1),
        ("x", "x2", "y", "y9", None),
        ("z", "z", "w", "w", None),
    ]
    leakage, leaking = find_leakage(dataset(rows), None)
    assert counts(leakage)["unfolded", "people"] == (2, 4) and counts(leakage)["unfolded", "images"] == (1, 4)
    assert leaks(leaking, "unfolded") == {("00002", "people"): "0, 1", ("00002", "images"): "0"}
    taught = dataset([("z", "z", "z", "z2", 4), ("x", "x1", "x", "x2", None)], name="taught")
    leakage, leaking = find_leakage(dataset(rows), taught)
    assert ("unfolded", "people") not in counts(leakage)
    assert leaks(leaking, "reference") == {("00003", "people"): "taught", ("00003", "images"): "taught"}
    assert set(leakage.loc[leakage["scope"] == "reference", "fitted_on"]) == {"taught"}


def test_unlabelled_pairs_of_a_reference_teach_nothing():
    taught = dataset([("x", "x1", "x", "x2", 0)], name="taught")
    taught.pairs["is_genuine"] = pd.array([pd.NA], "boolean")
    leakage, leaking = find_leakage(dataset([("x", "x1", "x", "x2", None)]), taught)
    assert set(leakage["shared"]) == {0} and leaking.empty


def test_a_name_in_another_collection_is_a_name_and_a_copied_file_is_the_same_image(caplog):
    own = dataset([("x", "x1", "y", "y1", None)])
    other = dataset(
        [("x", "x1", "x", "far", 0)], name="taught", collection="others", contents={"x1": "new", "far": "y1"}
    )
    leakage, leaking = find_leakage(own, other)
    assert counts(leakage) == {
        ("reference", "names"): (1, 2),
        ("reference", "images"): (1, 2),
        ("reference", "pairs"): (0, 1),
    }
    assert leaks(leaking, "reference") == {("00000", "images"): "taught"}
    caplog.clear()
    with caplog.at_level(logging.INFO, "whyface"):
        find_leakage(own, other._replace(images=other.images.assign(sha256=["p", "q"])))
    assert [record.levelname for record in caplog.records] == ["INFO"], "a name alone is no reason to warn"


def test_nothing_shared_is_stated_and_nothing_to_compare_leaves_no_row(tmp_path, caplog):
    rows = [("x", "x1", "x", "x2", 0), ("y", "y1", "y", "y2", 1)]
    with caplog.at_level(logging.INFO, "whyface"):
        leakage, leaking = find_leakage(dataset(rows), None)
    assert set(leakage["shared"]) == {0} and leaking.empty
    assert [record.levelname for record in caplog.records] == ["INFO"]
    tables.write_table(leaking, tmp_path / "p.parquet", schemas.LEAKING_PAIRS)
    nothing, _ = find_leakage(dataset([(*row[:4], None) for row in rows]), None)
    assert nothing.empty
    tables.write_table(nothing, tmp_path / "l.parquet", schemas.LEAKAGE)


@pytest.mark.parametrize("folds", [2, 12])
def test_counts_are_those_of_sets(folds):
    rng = np.random.default_rng(folds)
    people = rng.integers(0, 60, (120, 2))
    rows = [(f"p{a}", f"p{a}_{i % 3}", f"p{b}", f"p{b}_{i % 2}", i % folds) for i, (a, b) in enumerate(people)]
    leakage, leaking = find_leakage(dataset(rows), None)
    holders = [({a, b}, {one, other}, {frozenset((one, other))}) for a, one, b, other, _ in rows]
    for place, kind in enumerate(("people", "images", "pairs")):
        folds_of = {}
        for things, row in zip(holders, rows, strict=True):
            for thing in things[place]:
                folds_of.setdefault(thing, set()).add(row[4])
        shared = sum(len(found) > 1 for found in folds_of.values())
        assert counts(leakage)["folds", kind] == (shared, len(folds_of))
        named = examples(leakage)[kind]
        more = int(named.pop().split()[1].replace(",", "")) if named and named[-1].startswith("and ") else 0
        assert len(named) + more == shared and len(named) == min(shared, EXAMPLES)
        for text in named if kind != "pairs" else ():
            name, _, folds_said = text.removesuffix(")").partition(" (folds ")
            assert folds_said == ", ".join(map(str, sorted(folds_of[name])))
        expected = {}
        for number, (things, row) in enumerate(zip(holders, rows, strict=True)):
            others = set().union(*(folds_of[thing] for thing in things[place])) - {row[4]}
            if others:
                expected[f"{number:05d}"] = ", ".join(map(str, sorted(others)))
        found = leaking[leaking["kind"] == kind].set_index("pair_id")["found_in"].to_dict()
        assert found == expected
