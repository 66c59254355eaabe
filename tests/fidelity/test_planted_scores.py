"""The twins game, played by hand: planted squares, and maps whose scores are known."""

import numpy as np
import pandas as pd
import pytest
from known_faces import SIDE, judged_maps, scored
from PIL import Image

from whyface.demo.people import twins as drawn_twins
from whyface.demo.people.people import PARTS
from whyface.demo.people.photos import COVERS
from whyface.faces.regions import face_regions
from whyface.faces.template import TEMPLATE_112
from whyface.fidelity.planted import COVERED, EXCHANGED, POSED
from whyface.fidelity.planted_scores import NAMES, judge_planted, planted_pairs
from whyface.fidelity.rows import fidelity_table
from whyface.tables.parquet import write_table
from whyface.tables.schemas import FIDELITY

REGIONS = face_regions("five-point", SIDE)
NOSE = REGIONS["nose"]
EYES = REGIONS["left eye"] | REGIONS["right eye"]
# What identifies a twin: twin_of, mixture, mixed_with, cover. Photos of person p in two shots.
PHOTOS = {
    "p base": (None, "", None, "none"),
    "p nose": ("p base", "nose", 7, "none"),
    "p card": ("p base", "", None, "eyes"),
    "p base 2": (None, "", None, "none"),
    "p nose 2": ("p base 2", "nose", 7, "none"),
}
PAIRS = [("nose", 0, "nose", "exchanged"), ("card", 1, "eyes", "covered")]
PAIRS += [("nose 2", 0, "nose", "posed"), ("base 2", 1, "none", "repeated")]
DISTANCES = {"exchanged": 0.3, "covered": 0.2, "posed": 0.5, "repeated": 0.2}
RIGHT = {"exchanged": -1.0 * NOSE, "covered": -1.0 * EYES, "posed": -1.0 * NOSE, "repeated": 0.0 * NOSE}


def twins(people="pq"):
    """Make the pairs and the truth of some people, each with every kind of pair."""
    rows = [
        (f"{p} base", f"{p} {name}", p, p if genuine else f"{p}_{region}", bool(genuine), region, kind)
        for p in people
        for name, genuine, region, kind in PAIRS
    ]
    columns = ["image_a", "image_b", "subject_a", "subject_b", "is_genuine", "region", "kind"]
    pairs = pd.DataFrame(rows, columns=columns)
    pairs.insert(0, "pair_id", [f"{i:02d}" for i in range(len(pairs))])
    truth = [
        (name.replace("p", p, 1), twin and twin.replace("p", p, 1), *change, twin and f"{change[0] or 'eyes'}.png")
        for p in people
        for name, (twin, *change) in PHOTOS.items()
    ]
    names = ["image_id", "twin_of", "mixture", "mixed_with", "cover", "difference"]
    return pairs, pd.DataFrame(truth, columns=names).astype({"mixed_with": "Int64"})


def play(folder, people="pq", maps=None, distances=None, masks=None, landmarks=None, pairs=None):
    """Judge maps of twins; the right ones unless others are given by kind."""
    listed, truth = twins(people)
    pairs = listed if pairs is None else pairs
    for name, mask in {"nose": NOSE, "eyes": EYES, **(masks or {})}.items():
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{name}.png")
    both = np.stack([{**RIGHT, **(maps or {})}[kind] for kind in pairs["kind"]])
    scores = scored(pairs).assign(cosine_distance=pairs["kind"].map({**DISTANCES, **(distances or {})}))
    judged = judged_maps(folder, pairs, {("right", side): both for side in "ab"}, scores=scores)
    placed = (TEMPLATE_112 * SIDE / 112).astype(np.float32).ravel()
    known = [placed if name not in (landmarks or ()) else None for name in judged.faces["image_id"]]
    judged.faces["landmarks"] = pd.Series(known, dtype=object)
    frame = fidelity_table(judge_planted(judged, truth, folder))
    write_table(frame, folder / "fidelity.parquet", FIDELITY)
    return frame


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Judge the right maps of two people's twins, once."""
    return play(tmp_path_factory.mktemp("twins"))


def value(frame, score, kind, method="right", side="a", region=""):
    wanted = {"score": score, "kind": kind, "method": method, "side": side, "region": region}
    (row,) = frame[(frame[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return row


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("kind", ["exchanged", "covered", "posed"])
def test_a_map_of_the_planted_difference_scores_one(played, kind, side):
    for score in ("auc", "hit", "mass", "rank", "sign", "named"):
        row = value(played, score, kind, side=side)
        assert (row.value, row.n, row.people, row.sign) == (1, 2, 2, "different"), score
    assert value(played, "auc", kind, side=side, region="eyes" if kind == "covered" else "nose").value == 1


def test_a_map_of_something_else_names_the_wrong_region(tmp_path):
    frame = play(tmp_path, maps={"exchanged": 1.0 * NOSE - EYES})
    assert value(frame, "named", "exchanged").value == value(frame, "rank", "exchanged").value == 0
    assert value(frame, "named", "covered").value == 1


def test_the_margin_over_the_centre_prior_is_the_mean_difference(played):
    centre = value(played, "auc", "exchanged", "centre prior").value
    assert 0.5 < centre < 1
    row = value(played, "auc_over_centre", "exchanged")
    assert row.value == pytest.approx(1 - centre)
    assert np.isnan(row.ci_low) and np.isnan(row.ci_high), "two people tell nothing of others"
    assert "centre prior" not in set(played.loc[played["score"] == "auc_over_centre", "method"])


def test_controls_know_nothing_of_the_pair(played):
    methods = {"right", "centre prior", "mean map", "random map", "blurred map", "another pair's map"}
    assert set(played["method"]) == {*methods, "pixel difference", ""}
    assert value(played, "auc", "exchanged", "blurred map").value > 0.9
    assert 0.2 < value(played, "auc", "exchanged", "random map").value < 0.8


def test_another_pairs_map_is_of_another_person(played):
    """The next pair of the list is the same person's; its map is right for nobody else."""
    # In a cycle of p's three planted pairs and q's, the next of another person is q's first: an exchanged nose.
    assert value(played, "named", "exchanged", "another pair's map").value == 1
    assert value(played, "named", "covered", "another pair's map").value == 0


def test_twins_that_do_not_move_the_model_are_counted_apart(tmp_path):
    frame = play(tmp_path, distances={"covered": 0.1, "posed": 0.29})
    moved = frame[(frame["score"] == "moved") & (frame["region"] == "")].set_index("kind")
    assert moved["value"].to_dict() == {"exchanged": 1, "covered": 0, "posed": 0}
    assert (moved["n"] == 2).all() and (moved["method"] == "").all() and (moved["side"] == "both").all()
    assert set(frame.loc[frame["score"] == "auc", "kind"]) == {"exchanged"}


def test_posed_twins_must_move_more_than_the_pose_alone(tmp_path):
    moved = play(tmp_path, distances={"posed": 0.45, "repeated": 0.36}).query("score == 'moved' and kind == 'posed'")
    assert (moved["value"] == 0).all()
    moved = play(tmp_path, distances={"posed": 0.45, "repeated": 0.34}).query("score == 'moved' and kind == 'posed'")
    assert (moved["value"] == 1).all()


def test_columns_of_a_list_are_not_taken_for_what_was_planted():
    pairs, truth = twins()
    pairs = pairs.assign(cosine_distance=pairs["kind"].map({**DISTANCES, "posed": 0.45, "repeated": 0.34}))
    names = ["kind", "region", "moves", "mask_a", "mask_b", "cover", "twin_of", "difference"]
    odd = planted_pairs(pairs.assign(**dict.fromkeys(names, "repeated")), truth)
    plain = planted_pairs(pairs, truth)
    assert plain["moves"].all() and set(plain["kind"]) == {"exchanged", "covered", "posed"}
    for name in ("pair_id", *names[:5]):
        assert odd[name].tolist() == plain[name].tolist(), name


def test_differences_that_no_map_shows_are_left_out(tmp_path, caplog):
    caplog.set_level("INFO", "whyface")
    frame = play(tmp_path, masks={"nose": np.zeros_like(NOSE)})
    assert set(frame.loc[frame["score"] == "auc", "kind"]) == {"covered"}
    assert "6 pairs with a planted difference, 6 move the model; 6 of these have maps, and 2 show it" in caplog.text


def test_a_face_that_was_not_found_is_left_out(tmp_path):
    frame = play(tmp_path, landmarks=["q card"])
    assert value(frame, "auc", "covered").n == 1 and value(frame, "auc", "exchanged").n == 2


def test_a_person_is_drawn_with_all_their_twins(tmp_path):
    row = value(play(tmp_path, people="pqrs", maps={"posed": -1.0 * EYES}), "hit", "exchanged")
    assert (row.n, row.people) == (4, 4)


def test_pairs_without_twins_have_no_rows(tmp_path):
    pairs, _ = twins()
    assert play(tmp_path, pairs=pairs[pairs["kind"] == "repeated"].reset_index(drop=True)).empty


def test_words_are_those_of_the_drawn_twins():
    drawn = drawn_twins.EXCHANGED, drawn_twins.COVERED, drawn_twins.POSED
    assert set(NAMES) == {*PARTS, *COVERS} and drawn == (EXCHANGED, COVERED, POSED)
    assert {name for names in NAMES.values() for name in names} <= set(face_regions("five-point", 112))
