"""Drawn benchmarks: the official parsers read them, folds share nobody, and the truth is true."""

import hashlib
import json
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import draw_collection
from whyface.demo.people import benchmarks
from whyface.demo.people.benchmarks import PLANNERS, draw_benchmark, mask_difference
from whyface.demo.people.people import draw_person, exchange, part_of
from whyface.demo.people.photos import COVERS, Photo, draw_photo
from whyface.demo.people.plans import FIRST_SEED, person_seed
from whyface.demo.people.render import REGIONS, Rendered, encode, render
from whyface.demo.people.twins import EXCHANGES, IN_OTHER_POSE, plan_twins
from whyface.faces.landmarks_csv import read_landmarks
from whyface.fidelity.planted import planted_masks
from whyface.lists.images_csv import add_columns
from whyface.lists.layouts import list_images
from whyface.lists.protocols import list_pairs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import IMAGES, TRUTH

FOLDS = 2
LAYOUTS = {"lfw": "lfw", "cfp": "cfp", "calfw": "calfw", "twins": "folders"}
# Benchmark, protocol, images, and pairs of either class in each fold.
PROTOCOLS = [("lfw", "lfw", 60, 30), ("cfp", "cfp-ff", 70, 20), ("cfp", "cfp-fp", 70, 20), ("calfw", "calfw", 56, 20)]


def render_at_once(person, photo, side_px=16):
    """Stand in for the renderer: noise that two photos share iff their circumstances and people are the same."""
    text = json.dumps([person, {**asdict(photo), "cover": ""}], sort_keys=True, default=int)
    rng = np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))
    image = rng.integers(0, 256, (side_px, side_px, 3), np.uint8)
    regions = rng.integers(0, REGIONS.index("object"), (side_px, side_px), np.uint8)
    if photo.cover != "none":
        regions[:4, :4] = REGIONS.index("object")
    return Rendered(image, regions, rng.uniform(0, side_px, (5, 2)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Draw every benchmark once; gives its folder, table `truth` and images by kind."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "render", render_at_once)
        for kind, layout in LAYOUTS.items():
            folder = tmp_path_factory.mktemp(kind)
            truth = draw_benchmark(kind, folder, FOLDS, seed=5)
            images = add_columns(list_images(folder / "files", layout), folder / "files")
            found[kind] = SimpleNamespace(folder=folder, truth=truth, images=images)
    return found


def pairs_of(one, protocol):
    return list_pairs(protocol, None, one.folder / "files", one.images, protocol)


@pytest.mark.parametrize(("kind", "protocol", "n_images", "n_pairs"), PROTOCOLS)
def test_official_parsers_read_every_image_and_pair(drawn, kind, protocol, n_images, n_pairs):
    pairs = pairs_of(drawn[kind], protocol)
    assert len(drawn[kind].images) == n_images
    assert pairs.groupby("fold")["is_genuine"].agg(["sum", "size"]).to_numpy().tolist() == [[n_pairs, 2 * n_pairs]] * 2
    both = [frozenset(pair) for pair in zip(pairs["image_a"], pairs["image_b"], strict=True)]
    assert len(set(both)) == len(pairs), "no pair is listed again"


@pytest.mark.parametrize(("kind", "protocol", "n_images", "n_pairs"), PROTOCOLS)
def test_folds_share_nobody(drawn, kind, protocol, n_images, n_pairs):
    pairs = pairs_of(drawn[kind], protocol)
    folds = [{*fold["subject_a"], *fold["subject_b"]} for _, fold in pairs.groupby("fold")]
    assert not folds[0] & folds[1]
    # Nor is a look-alike in another fold than the person it resembles.
    truth = drawn[kind].truth.drop_duplicates("subject_id").set_index("subject_id")
    seeds = [
        {*truth.loc[sorted(fold), "person_seed"], *truth.loc[sorted(fold), "mixed_with"].dropna()} for fold in folds
    ]
    assert not seeds[0] & seeds[1]


@pytest.mark.parametrize(("kind", "protocol", "n_images", "n_pairs"), PROTOCOLS)
def test_a_quarter_of_the_impostors_are_look_alikes_and_a_third_of_the_people(drawn, kind, protocol, n_images, n_pairs):
    truth = drawn[kind].truth.drop_duplicates("subject_id").set_index("subject_id")
    assert 0.25 < (truth["mixture"] == "look-alike").mean() < 0.35
    impostors = pairs_of(drawn[kind], protocol).query("~is_genuine")
    resembled = truth["mixed_with"].fillna(-1)
    alike = [
        resembled[pair.subject_a] == truth["person_seed"][pair.subject_b]
        or resembled[pair.subject_b] == truth["person_seed"][pair.subject_a]
        for pair in impostors.itertuples()
    ]
    assert sum(alike) == 2 * (len(impostors) // 2 // 4), "of each fold"


def test_look_alikes_lie_between_themselves_and_whom_they_resemble(drawn):
    people = {one.somebody.seed: one.somebody for one in PLANNERS["lfw"](1, 5).pictures}
    alike = [one for one in people.values() if one.mixture]
    assert len(alike) == 3
    for one in alike:
        own, other = draw_person(one.seed), people[one.mixed_with].person
        for name, value in one.person.items():
            assert value == pytest.approx(own[name] + 0.4 * (other[name] - own[name]))


def test_profiles_are_profiles_and_frontal_photos_are_frontal(drawn):
    truth, images = drawn["cfp"].truth.set_index("image_id"), drawn["cfp"].images.set_index("image_id")
    yaw = truth["yaw_deg"]
    assert yaw[images["pose"] == "frontal"].abs().max() <= 12
    assert yaw[images["pose"] == "profile"].abs().between(75, 90).all()
    assert (yaw[images["pose"] == "profile"] > 0).mean() == 0.5


def test_images_have_ages_and_pairs_have_age_gaps(drawn):
    images, pairs = drawn["calfw"].images.set_index("image_id"), pairs_of(drawn["calfw"], "calfw")
    truth = drawn["calfw"].truth.set_index("image_id")
    assert images["age_years"].tolist() == truth.loc[images.index, "age_years"].tolist()
    assert truth["age_years"].min() >= 18 and truth["age_years"].max() <= 75
    for pair in pairs.itertuples():
        low, _, high = pair.age_gap.partition("-")
        gap = abs(images.loc[pair.image_a, "age_years"] - images.loc[pair.image_b, "age_years"])
        assert (gap >= 40) if pair.age_gap == "40+" else (int(low) <= gap < int(high) + 1)
    counts = pairs.groupby("is_genuine")["age_gap"].value_counts().unstack()
    assert (counts >= 6).all(axis=None) and counts.shape == (2, 3), "bands are about equally frequent"


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_image_has_its_truth_and_the_table_takes_it(drawn, kind, tmp_path):
    one = drawn[kind]
    assert sorted(one.truth["image_id"]) == one.images["image_id"].tolist()
    assert one.truth.set_index("image_id").loc[one.images["image_id"], "subject_id"].tolist() == [
        *one.images["subject_id"]
    ]
    assert one.truth["regions"].is_unique
    for row in one.truth.itertuples():
        mask = np.asarray(Image.open(one.folder / row.regions))
        assert mask.dtype == np.uint8 and mask.max() < len(REGIONS)
        size = one.images.set_index("image_id").loc[row.image_id, ["height_px", "width_px"]]
        assert mask.shape == tuple(size)
    write_table(one.truth, tmp_path / "truth.parquet", TRUTH)
    assert len(read_table(tmp_path / "truth.parquet", TRUTH)) == len(one.images)


def test_truth_has_every_circumstance_of_a_photo():
    circumstances = {*asdict(draw_photo(1, 1))} - {"seed"}
    assert circumstances < {*TRUTH.schema.names} and Photo.__dataclass_fields__.keys() - circumstances == {"seed"}


def test_truth_suffices_to_draw_the_image_again(drawn):
    truth = drawn["twins"].truth
    row = truth[truth["mixture"] == "nose"].to_dict("records")[0]
    person = exchange(draw_person(row["person_seed"]), draw_person(row["mixed_with"]), "nose")
    photo = Photo(row["photo_seed"], **{name: row[name] for name in Photo.__dataclass_fields__ if name != "seed"})
    drawn_again = encode(render_at_once(person, photo).image, photo)
    assert drawn_again == (drawn["twins"].folder / "files" / row["image_id"]).read_bytes()


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_benchmark_is_repeatable_and_another_seed_shares_nobody(kind):
    first, second, other = PLANNERS[kind](FOLDS, 5), PLANNERS[kind](FOLDS, 5), PLANNERS[kind](FOLDS, 6)
    assert first == second
    assert {one.photo.seed for one in first.pictures}.isdisjoint(one.photo.seed for one in other.pictures)


def test_no_person_is_in_two_benchmarks_nor_in_the_training():
    plans = {(kind, seed): PLANNERS[kind](3, seed) for seed, kind in enumerate(PLANNERS)}
    seeds = {
        key: {
            seed for one in plan.pictures for seed in (one.somebody.seed, one.somebody.mixed_with) if seed is not None
        }
        for key, plan in plans.items()
    }
    for one, other in combinations(seeds.values(), 2):
        assert not one & other
    assert min(map(min, seeds.values())) > FIRST_SEED
    assert person_seed(1, 0) - person_seed(0, 100 * 2 * (1 + len(EXCHANGES) * 6)) > 0, "100 folds of twins have room"


def test_no_person_of_the_training_can_be_in_a_benchmark():
    from whyface.demo.training import Settings

    settings = Settings()
    assert settings.first_person_seed + settings.people + settings.held_out_people <= FIRST_SEED


# --- twins ---


def test_twins_are_listed_with_region_and_kind(drawn):
    pairs = pairs_of(drawn["twins"], "pairs-csv")
    counts = {"exchanged": len(EXCHANGES), "covered": len(COVERS), "posed": len(IN_OTHER_POSE), "repeated": 1}
    assert pairs["kind"].value_counts().to_dict() == {kind: 2 * FOLDS * n for kind, n in counts.items()}
    assert pairs["fold"].isna().all()
    assert (pairs["is_genuine"] == pairs["kind"].isin(["covered", "repeated"])).all()
    assert (pairs["is_genuine"] == (pairs["subject_a"] == pairs["subject_b"])).all()
    regions = {"exchanged": {*EXCHANGES}, "covered": {*COVERS}, "posed": {*IN_OTHER_POSE}, "repeated": {"none"}}
    assert pairs.groupby("kind")["region"].agg(set).to_dict() == regions
    truth = drawn["twins"].truth.set_index("image_id")
    base, other = truth.loc[pairs["image_a"]], truth.loc[pairs["image_b"]]
    assert base["twin_of"].isna().all() and (base["person_seed"].array == other["person_seed"].array).all()
    is_twin = pairs["kind"].isin(["exchanged", "covered"]).to_numpy()
    assert (other["twin_of"].array == pairs["image_a"].array).tolist() == is_twin.tolist()
    # The second shot's twins are those of its own base photo, and show the same mixed people.
    posed, repeated = (pairs[pairs["kind"] == kind] for kind in ("posed", "repeated"))
    assert {*truth.loc[posed["image_b"], "twin_of"]} == {*repeated["image_b"]}
    for pair in posed.itertuples():
        first = truth.query("twin_of == @pair.image_a and mixture == @pair.region")
        assert first["mixed_with"].tolist() == [truth.loc[pair.image_b, "mixed_with"]]
        assert first["yaw_deg"].iloc[0] != truth.loc[pair.image_b, "yaw_deg"]


def test_photos_of_a_shot_are_given_the_landmarks_of_its_base_photo(drawn):
    truth = drawn["twins"].truth.set_index("image_id")
    known = read_landmarks(drawn["twins"].folder / "files", {*truth.index})
    assert {*known} == {*truth.index}
    for row in truth.itertuples():
        wanted = truth["landmarks"][row.twin_of if isinstance(row.twin_of, str) else row.Index]
        np.testing.assert_allclose(known[row.Index].ravel(), wanted, atol=6e-4)
    assert not any((drawn[kind].folder / "files/landmarks.csv").exists() for kind in ("lfw", "cfp", "calfw"))


def test_every_planted_difference_has_a_mask_of_either_photo(drawn):
    one = drawn["twins"]
    pairs = pairs_of(one, "pairs-csv").set_index("pair_id")
    masks = planted_masks(pairs.reset_index(), one.truth)
    assert masks["pair_id"].tolist() == pairs.index[pairs["kind"] != "repeated"].tolist()
    difference = one.truth.set_index("image_id")["difference"]
    for row in masks.itertuples():
        pair = pairs.loc[row.pair_id]
        assert (row.kind, row.region, row.mask_b) == (pair["kind"], pair["region"], difference[pair["image_b"]])
        parts = row.region.replace(" ", "_")
        first = f"{pair['subject_a']}_{parts}/{parts}_exchanged.jpg"
        assert row.mask_a == (difference[first] if row.kind == "posed" else row.mask_b)
        assert (one.folder / row.mask_a).is_file() and (one.folder / row.mask_b).is_file()


def test_twins_share_every_circumstance_and_all_but_one_part():
    pictures = {one.image_id: one for one in plan_twins(1, 5).pictures}
    for one in pictures.values():
        if one.twin_of is None:
            assert one.photo.glasses == "none" and abs(one.photo.yaw_deg) <= 20
            continue
        base = pictures[one.twin_of]
        assert replace(one.photo, cover="none") == base.photo
        person, other = base.somebody.person, one.somebody.person
        changed = {part_of(name) for name in person if person[name] != other[name]}
        assert changed == ({*one.somebody.mixture.split(" and ")} if one.somebody.mixture else set())


def test_difference_is_what_changed_visibly_and_the_object():
    image = np.full((4, 5, 3), 100, np.uint8)
    regions = np.zeros((4, 5), np.uint8)
    base = Rendered(image, regions, np.zeros((5, 2)))
    changed, covered = image.copy(), regions.copy()
    changed[0, 0, 1], changed[0, 1] = 90, 103
    covered[3, 4] = REGIONS.index("object")
    mask = mask_difference(base, Rendered(changed, covered, base.landmarks))
    assert [tuple(place) for place in np.argwhere(mask)] == [(0, 0), (3, 4)]
    # Darker is as much a change as brighter: unsigned bytes do not wrap around.
    np.testing.assert_array_equal(mask_difference(base, base._replace(image=image - 10)), np.ones((4, 5), bool))


def decode(rendered, photo, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(encode(rendered.image, photo))
    return np.asarray(Image.open(tmp_path / "photo.jpg")).astype(float)


def test_drawn_twins_differ_within_their_mask_and_nowhere_else(tmp_path):
    pictures = [one for one in plan_twins(1, 5).pictures if one.somebody.number == 1]
    pictures = [one for one in pictures if (one.twin_of or one.image_id) == pictures[0].image_id]
    base = render(pictures[0].somebody.person, pictures[0].photo)
    plain = decode(base, pictures[0].photo, tmp_path)
    for one in pictures[1:]:
        twin = render(one.somebody.person, one.photo)
        mask = mask_difference(base, twin)
        change = np.abs(decode(twin, one.photo, tmp_path) - plain).max(axis=2)
        assert 0.002 < mask.mean() < 0.4, one.image_id
        assert change[mask].mean() > 8 > 2 > change[~mask].mean(), one.image_id
        if one.photo.cover != "none":
            assert (twin.regions[mask] == REGIONS.index("object")).mean() > 0.8


# --- the rule ---


def test_the_rule_writes_receipt_and_truth(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "render", render_at_once)
    folder = tmp_path / "collections/synth"
    truth = tmp_path / "truth.parquet"
    draw_collection.main(
        SimpleNamespace(
            log=[tmp_path / "log"],
            wildcards=SimpleNamespace(collection="synth"),
            params=SimpleNamespace(source={"synthetic": "lfw", "folds": 2, "seed": 1}),
            output=SimpleNamespace(receipt=folder / "receipt.json", truth=truth),
        )
    )
    receipt = json.loads((folder / "receipt.json").read_text())
    images = list_images(Path(receipt["path"]), "lfw")
    assert len(images) == 60, "masks are not among the images"
    assert json.loads(read_about(truth)["regions"]) == list(REGIONS)
    assert read_about(truth)["seed"] == "1"
    write_table(images, tmp_path / "images.parquet", IMAGES)
