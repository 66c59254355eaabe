"""What an examination finds in a list: every planted fault, nothing in a clean one, and the counts of a slow reader."""

import hashlib
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from whyface.faces.detection import FINEST_PX
from whyface.lists.examination import examine_list
from whyface.lists.file_checks import LEAST_PX, check_files
from whyface.lists.findings import EXAMPLES, FAULT, NOTE, counted, to_frame
from whyface.lists.leakage import ListedDataset, find_leakage
from whyface.lists.near_duplicates import LIMIT_BITS, WORDS
from whyface.tables import parquet as tables
from whyface.tables.schemas import PROTOCOL

NO_HASHES = pd.DataFrame(np.empty((0, WORDS), np.uint64))
FOLDS, PEOPLE, PHOTOS = 4, 8, 4  # of each fold, of each person


def clean():
    """List 16 genuine and 16 impostor pairs in each of 4 folds; no image is in more than a few pairs."""
    rows = []
    for fold in range(FOLDS):
        people = [f"p{fold}{one}" for one in range(PEOPLE)]
        genuine = [(a, 0, a, 1) for a in people] + [(a, 2, a, 3) for a in people]
        impostor = [(a, k, people[place - 1], 3 - k) for place, a in enumerate(people) for k in (0, 1)]
        rows += [(f"{a}/{i}.jpg", f"{b}/{j}.jpg", a, b, a == b, fold) for a, i, b, j in genuine + impostor]
    pairs = pd.DataFrame(rows, columns=["image_a", "image_b", "subject_a", "subject_b", "is_genuine", "fold"])
    pairs["is_genuine"], pairs["fold"] = pairs["is_genuine"].astype("boolean"), pairs["fold"].astype("Int32")
    return pairs.assign(known_label_error=""), {}, {}


def examine(pairs, contents, looks):
    """Examine a list; images have contents of their own unless `contents` gives another's, and looks likewise."""
    pairs = pairs.reset_index(drop=True).assign(pair_id=[f"{row:05d}" for row in range(len(pairs))])
    people = {row[f"image_{s}"]: row[f"subject_{s}"] for row in pairs.to_dict("records") for s in "ab"}
    names = sorted(people)
    hashed = [hashlib.sha256(contents.get(name, name).encode()).hexdigest() for name in names]
    images = pd.DataFrame({"image_id": names, "subject_id": [people[name] for name in names], "sha256": hashed})
    seen = [hashlib.sha256(looks.get(name, contents.get(name, name)).encode()).digest() for name in names]
    words = np.frombuffer(b"".join(seen), np.uint64).reshape(-1, WORDS)
    images = images.assign(width_px=250, height_px=250)
    leakage, _ = find_leakage(ListedDataset("own", "photos", pairs, images), None)
    return to_frame(examine_list(pairs, images, pd.DataFrame(words, index=names), leakage))


def found(frame, status=FAULT):
    """Values of what is wrong with the whole list, by check."""
    rows = frame[(frame["status"] == status) & frame["group"].isna()]
    return dict(zip(rows["check"], rows["value"], strict=True))


def pick(pairs, rng, is_genuine, number=1):
    return list(rng.choice(pairs.index[pairs["is_genuine"] == is_genuine], number, replace=False))


def test_a_clean_list_has_no_fault_and_no_note(tmp_path):
    frame = examine(*clean())
    assert set(frame["status"]) == {"ok"}
    tables.write_table(frame, tmp_path / "protocol.parquet", PROTOCOL)


def plant_person_in_two_folds(pairs, contents, looks, rng):
    row = pick(pairs, rng, True)[0]
    fold = (pairs.loc[row, "fold"] + 1) % FOLDS
    subject = pairs.loc[row, "subject_a"]
    extra = pairs.loc[[row]].assign(image_a=f"{subject}/new1.jpg", image_b=f"{subject}/new2.jpg", fold=fold)
    return pd.concat([pairs, extra]), contents, looks, {"people_in_two_folds": 1}


def plant_image_in_two_folds(pairs, contents, looks, rng):
    row = pick(pairs, rng, True)[0]
    extra = pairs.loc[[row]].assign(image_b="new.jpg", fold=(pairs.loc[row, "fold"] + 1) % FOLDS)
    return pd.concat([pairs, extra]), contents, looks, {"people_in_two_folds": 1, "images_in_two_folds": 1}


def plant_pair_in_two_folds(pairs, contents, looks, rng):
    extra = pairs.loc[pick(pairs, rng, True)]
    turned = extra.assign(image_a=extra["image_b"], image_b=extra["image_a"], fold=(extra["fold"] + 1) % FOLDS)
    wanted = {"people_in_two_folds": 1, "images_in_two_folds": 2, "pairs_in_two_folds": 1, "pairs_listed_twice": 1}
    return pd.concat([pairs, turned]), contents, looks, wanted


def plant_repeats(pairs, contents, looks, rng):
    number = int(rng.integers(1, 15))
    rows = list(rng.choice(pairs.index, number, replace=False))
    return pd.concat([pairs, pairs.loc[rows]]), contents, looks, {"pairs_listed_twice": number}


def plant_one_class_fold(pairs, contents, looks, rng):
    fold, label = int(rng.integers(FOLDS)), bool(rng.integers(2))
    kept = pairs[(pairs["fold"] != fold) | (pairs["is_genuine"] == label)]
    return kept, contents, looks, {"one_class_folds": 1}


def plant_copy_of_own(pairs, contents, looks, rng):
    """Give a person's two photos one content: the genuine pair of both is one of a photo with itself."""
    row = pick(pairs, rng, True)[0]
    contents = {pairs.loc[row, "image_a"]: pairs.loc[row, "image_b"]}
    return pairs, contents, looks, {"duplicate_files": 2, "pairs_of_one_file": 1}


def plant_copy_of_somebody_else(pairs, contents, looks, rng):
    """Give an impostor pair one content; genuine pairs then join people, so impostor pairs of both contradict them."""
    a, b = pairs.loc[pick(pairs, rng, False)[0], ["image_a", "image_b"]]
    wanted = {  # files of two people are not counted among those of one
        "duplicate_files_of_two_people": 2,
        "pairs_of_one_file": 1,
        "impostors_of_one_file": 1,
    }
    return pairs, {a: b}, looks, wanted


def plant_pair_of_one_image(pairs, contents, looks, rng):
    row = pick(pairs, rng, True)[0]
    extra = pairs.loc[[row]].assign(image_b=pairs.loc[row, "image_a"])
    return pd.concat([pairs, extra]), contents, looks, {"pairs_of_one_image": 1}


def plant_both_labels(pairs, contents, looks, rng):
    extra = pairs.loc[pick(pairs, rng, True)].assign(is_genuine=False)
    wanted = {"pairs_listed_twice": 1, "pairs_with_both_labels": 2, "impostors_of_one_person": 1}
    return pd.concat([pairs, extra]), contents, looks, wanted | {"impostors_joined_by_genuine": 1}


def plant_wrong_genuine(pairs, contents, looks, rng):
    rows = pick(pairs, rng, False)
    pairs.loc[rows, "is_genuine"] = True
    return pairs, contents, looks, {"genuine_of_two_people": 1}


def plant_wrong_impostor(pairs, contents, looks, rng):
    rows = pick(pairs, rng, True, 2)
    pairs.loc[rows, "is_genuine"] = False
    return pairs, contents, looks, {"impostors_of_one_person": 2}


def plant_chain(pairs, contents, looks, rng):
    """List a-b and b-c as genuine and a-c as impostor, of people without names."""
    fold = int(rng.integers(FOLDS))
    rows = [("a", "b", True), ("c", "b", True), ("a", "c", False), ("a", "d", False)]
    extra = pd.DataFrame(rows, columns=["image_a", "image_b", "is_genuine"])
    extra = extra.assign(subject_a="", subject_b="", fold=fold, known_label_error="")
    wanted = {"impostors_joined_by_genuine": 1}
    return pd.concat([pairs, extra]).astype(pairs.dtypes.to_dict()), contents, looks, wanted


PLANTS = [plant for name, plant in globals().items() if name.startswith("plant_")]
# What a planted fault may bring with it: wrong labels and names join people.
FOLLOWS = {one: {"impostors_joined_by_genuine"} for one in (plant_copy_of_somebody_else, plant_wrong_genuine)}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda one: one.__name__.removeprefix("plant_"))
def test_every_planted_fault_is_found_wherever_it_is_and_no_other(plant):
    for seed in range(3):
        *lists, wanted = plant(*clean(), np.random.default_rng(seed))
        said = found(examine(*lists))
        also = {name: value for name, value in said.items() if name not in wanted}
        assert said.keys() >= wanted.keys() and {name: said[name] for name in wanted} == wanted, (seed, said)
        assert set(also) <= FOLLOWS.get(plant, set()), (seed, also)


def details(plant):
    *lists, _ = plant(*clean(), np.random.default_rng(0))
    frame = examine(*lists)
    return lists[0].reset_index(drop=True), frame[frame["status"] == FAULT].set_index("check")["detail"]


def test_people_and_images_in_two_folds_are_named_with_them():
    pairs, said = details(plant_image_in_two_folds)
    twice, fold = pairs.iloc[-1], pairs.iloc[-1]["fold"]
    folds = ", ".join(str(one) for one in sorted([fold, (fold - 1) % FOLDS]))
    assert said["people_in_two_folds"] == f"{twice['subject_a']} (folds {folds})"
    assert said["images_in_two_folds"] == f"{twice['image_a']} (folds {folds})"


def test_contradicted_pairs_are_named_with_their_people():
    pairs, said = details(plant_wrong_genuine)
    wrong = pairs[pairs["is_genuine"] & (pairs["subject_a"] != pairs["subject_b"])]
    assert (
        said["genuine_of_two_people"] == f"{wrong.index[0]:05d}: {', '.join(wrong.iloc[0][['subject_a', 'subject_b']])}"
    )
    pairs, said = details(plant_wrong_impostor)
    wrong = pairs[~pairs["is_genuine"] & (pairs["subject_a"] == pairs["subject_b"])]
    names = [f"{place:05d}: {person}" for place, person in wrong["subject_a"].items()]
    assert said["impostors_of_one_person"] == "; ".join(names)
    assert details(plant_chain)[1]["impostors_joined_by_genuine"] == "00130: a, c"  # nobody is named


def test_repeated_pairs_are_named_with_the_first_of_them_and_pairs_of_one_photo_with_its_names():
    pairs, said = details(plant_pair_in_two_folds)
    first = said["pairs_listed_twice"].removeprefix("00128 = ")
    assert set(pairs.loc[int(first), ["image_a", "image_b"]]) == set(pairs.loc[128, ["image_a", "image_b"]])
    pairs, said = details(plant_pair_of_one_image)
    assert said["pairs_of_one_image"] == f"00128: {pairs.loc[128, 'image_a']}"


def test_files_of_two_people_are_not_counted_among_those_of_one():
    pairs, _, looks = clean()
    genuine, impostor = pairs[pairs["is_genuine"]].iloc[3], pairs[~pairs["is_genuine"]].iloc[20]
    copies = {one["image_a"]: one["image_b"] for one in (genuine, impostor)}
    frame = examine(pairs, copies, looks).set_index("check")
    for check, pair in {"duplicate_files": genuine, "duplicate_files_of_two_people": impostor}.items():
        names = " = ".join(sorted([pair["image_a"], pair["image_b"]]))
        assert frame.loc[check, ["value", "detail"]].tolist() == [2, names]


def test_images_too_small_for_any_face_are_noted_with_their_sizes():
    pairs, *_ = clean()
    names = ["a", "b", "c", "d"]
    images = pd.DataFrame({"image_id": names, "subject_id": "", "sha256": names})
    images = images.assign(width_px=[19, 20, 100, None], height_px=[300, 20, 12, None])
    found = {one.check: one for one in check_files(pairs.iloc[:0].assign(pair_id=""), images, NO_HASHES)}
    tiny = found["tiny_images"]
    assert (tiny.value, tiny.n, tiny.status) == (2, 4, NOTE)
    assert tiny.detail == "a (19 × 300 px); c (100 × 12 px)"
    assert LEAST_PX == FINEST_PX, "the detector's own limit"


def test_photos_that_look_the_same_are_notes_with_both_names():
    pairs, contents, _ = clean()
    genuine, impostor = pairs[pairs["is_genuine"]].iloc[3], pairs[~pairs["is_genuine"]].iloc[20]
    looks = {one["image_a"]: one["image_b"] for one in (genuine, impostor)}
    frame = examine(pairs, contents, looks)
    assert found(frame) == {} and found(frame, NOTE) == {
        "near_duplicates": 4,
        "near_duplicates_of_two_people": 2,
        "pairs_of_near_duplicates": 2,
        "impostors_of_near_duplicates": 1,
    }
    details = frame.set_index("check")["detail"]
    low, high = sorted([impostor["image_a"], impostor["image_b"]])
    assert details["near_duplicates_of_two_people"] == f"{low} ~ {high} (0 bits)"
    assert details["near_duplicates"].count(" ~ ") == 2 and LIMIT_BITS < 64


def test_lists_without_labels_folds_or_names_are_examined():
    pairs, *others = clean()
    bare = pairs.assign(is_genuine=pd.NA, fold=pd.NA, subject_a="", subject_b="").astype(pairs.dtypes.to_dict())
    frame = examine(bare, *others)
    assert found(frame) == {}
    assert found(frame, NOTE) == {"unlabelled": len(pairs), "images_without_person": 128, "folds": 0}


def test_an_unreadable_file_is_a_fault_and_equal_to_no_other():
    pairs, *_ = clean()
    frame = examine(pairs, {}, {})
    images = pd.DataFrame({"image_id": sorted({*pairs["image_a"], *pairs["image_b"]})})
    images = images.assign(subject_id="x", sha256="same", width_px=None, height_px=None)
    pairs = pairs.assign(pair_id=[f"{row:05d}" for row in range(len(pairs))])
    leakage, _ = find_leakage(ListedDataset("own", "photos", pairs, images), None)
    frame = to_frame(examine_list(pairs, images, NO_HASHES, leakage))
    assert found(frame) == {"unreadable_images": 128}


def test_uneven_folds_and_classes_are_noted():
    pairs, *others = clean()
    first = pairs["fold"] == 0
    fewer = pairs[~first | ~pairs["is_genuine"] | (np.arange(len(pairs)) % 2 == 0)]
    frame = examine(fewer, *others).set_index("check")
    assert frame.loc["genuine_share_range", ["value", "status"]].tolist() == [pytest.approx(1 / 6), NOTE]
    assert frame.loc["fold_size_ratio", ["value", "status"]].tolist() == [pytest.approx(32 / 24), "ok"]
    frame = examine(pairs[pairs["is_genuine"] | (pairs["fold"] == 0)].assign(fold=0), *others).set_index("check")
    assert frame.loc["genuine_share", ["value", "status"]].tolist() == [0.8, NOTE]


def test_a_photo_in_many_impostor_pairs_is_noted():
    pairs, *others = clean()
    lure = pairs[~pairs["is_genuine"]].index[:20]
    pairs.loc[lure, ["image_a", "subject_a"]] = ["p00/0.jpg", "p00"]
    pairs = pairs[pairs["subject_a"].ne(pairs["subject_b"]) | pairs["is_genuine"]]
    frame = examine(pairs, *others)
    row = frame[(frame["check"] == "image_uses_max") & (frame["group"] == "impostor")].iloc[0]
    assert row["status"] == NOTE and row["detail"].startswith(f"p00/0.jpg ({row['value']:.0f}); ")


def plain_counts(pairs, kind):
    """Count, pair by pair, in how many pairs each image or person is; in the order in which the list names them."""
    uses = Counter({name: 0 for side in "ab" for name in pairs[f"{kind}_{side}"] if name})
    for row in pairs.to_dict("records"):
        uses.update({row[f"{kind}_a"], row[f"{kind}_b"]} - {""})
    return uses


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_slow_reader(seed):
    rng = np.random.default_rng(seed)
    pairs, *others = clean()
    pairs = pairs.sample(100, replace=True, random_state=seed)
    pairs.loc[rng.choice(pairs.index, 9), ["subject_a"]] = ""
    pairs.loc[rng.choice(pairs.index, 9), ["fold"]] = pd.NA
    frame = examine(pairs, *others)
    for group, chosen in ((None, pairs), ("impostor", pairs[~pairs["is_genuine"]])):
        for kind, column in (("image", "image"), ("person", "subject")):
            own = frame[frame["group"].isna() if group is None else frame["group"] == group]
            own = own.set_index("check")["value"]
            uses = plain_counts(chosen, column)
            assert own[f"{kind}_uses_max"] == max(uses.values())
            assert own[f"{kind}_uses_mean"] == pytest.approx(sum(uses.values()) / len(uses))
            top = sorted(uses, key=lambda name: -uses[name])[:10]
            having = [bool({row[f"{column}_a"], row[f"{column}_b"]} & {*top}) for row in chosen.to_dict("records")]
            assert own[f"{kind}_top_ten_share"] == pytest.approx(np.mean(having))
    for fold, chosen in [(None, pairs), *pairs.groupby("fold")]:
        own = frame[frame["fold"].isna() if fold is None else frame["fold"] == fold]
        own = own[own["group"].isna()].set_index("check")["value"]
        assert own["pairs"] == len(chosen) and own["genuine"] == sum(chosen["is_genuine"])
        assert own["people"] == len(plain_counts(chosen, "subject"))
        assert own["images"] == len(plain_counts(chosen, "image"))


def test_examples_are_ten_and_the_rest_is_counted():
    items = [f"{place}" for place in range(1234)]
    row = counted("check", items, 2000, FAULT)
    assert row.value == 1234 and row.detail.split("; ") == [*items[:EXAMPLES], "and 1,224 more"]
    assert counted("check", [], 5, FAULT).status == "ok"
