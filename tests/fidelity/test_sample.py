"""The sample stays within its budget, and meets every fill and kind of pair."""

import pytest
from known_faces import listed_pairs

from whyface.fidelity.fills import FILLS
from whyface.fidelity.sample import draw_sample, passes_of_pair, sample_size


def test_passes_of_a_pair():
    # Both faces: clean; 8 orders at 5 levels; 14 x 14 or 8 x 8 cells. Published: 11 + 11 points, two of them shared.
    assert passes_of_pair(112, 8) == 2 * (1 + 40 + 196) + 20 == 494
    assert passes_of_pair(112, 14) == 2 * (1 + 40 + 64) + 20 == 230


@pytest.mark.parametrize(
    ("pairs", "masks", "size"),
    [
        (40, 145, (5, 14)),  # 1160 passes
        (40, 1200, (40, 14)),  # 9600, too few for 20 pairs with fine cells
        (40, 1300, (21, 8)),  # 10400
        (2, 1300, (2, 14)),  # 520
        (2, 3000, (2, 8)),  # 1200, all there are
        (40, 3, (1, 14)),  # 24: one pair at least
    ],
)
def test_a_tenth_of_the_maps_cost_is_the_budget(pairs, masks, size):
    assert sample_size(listed_pairs(pairs), masks, 112)[:2] == size


def test_an_image_of_many_pairs_counts_once():
    pairs = listed_pairs(40).assign(image_b="b.png")
    assert sample_size(pairs, 145, 112).pairs == 2  # 41 images: 594 passes


def test_few_pairs_meet_both_kinds_and_many_fills():
    sample = draw_sample(listed_pairs(40), 4, "black")
    assert sample["kind"].value_counts().to_dict() == {"genuine": 2, "impostor": 2}
    assert sorted(sample["fill"]) == sorted(set(FILLS) - {"black"})
    assert (sample["is_genuine"] == (sample["kind"] == "genuine")).all()


@pytest.mark.parametrize("made_with", [*FILLS, "noise"])
def test_many_pairs_meet_every_fill_of_either_kind(made_with):
    sample = draw_sample(listed_pairs(80), 60, made_with)
    counts = sample.groupby(["kind", "fill"]).size()
    fills = set(FILLS) - {made_with}
    assert set(counts.index) == {(kind, fill) for kind in ("genuine", "impostor") for fill in fills}
    assert counts.max() - counts.min() <= 1


def test_pairs_are_drawn_in_no_order_but_the_seeds():
    pairs = listed_pairs(80)
    sample = draw_sample(pairs, 20, "black")
    assert sample.equals(draw_sample(pairs, 20, "black"))
    assert sample["pair_id"].tolist() != sorted(sample["pair_id"]) and sample["pair_id"].is_unique
    assert draw_sample(pairs, 6, "black")["pair_id"].tolist() == sample["pair_id"].tolist()[:6]


def test_a_lack_of_one_kind_is_made_up_by_the_other():
    sample = draw_sample(listed_pairs(20, genuine=0.1), 8, "black")
    assert sample["kind"].value_counts().to_dict() == {"impostor": 6, "genuine": 2}


def test_unlabelled_pairs_are_a_kind_of_their_own():
    sample = draw_sample(listed_pairs(6).assign(is_genuine=None), 4, "black")
    assert set(sample["kind"]) == {"unlabelled"} and sample["fill"].nunique() == 4


def test_a_stranger_is_somebody_else():
    pairs = listed_pairs(40, people=3)
    shown = {**dict(zip(pairs["image_a"], pairs["subject_a"], strict=True))}
    shown |= dict(zip(pairs["image_b"], pairs["subject_b"], strict=True))
    for pair in draw_sample(pairs, 40, "black").itertuples():
        assert shown[pair.stranger] not in (pair.subject_a, pair.subject_b)


def test_images_without_a_subject_are_strangers_to_each_other():
    sample = draw_sample(listed_pairs(2).assign(subject_a="", subject_b=""), 2, "black")
    for pair in sample.itertuples():
        assert pair.stranger not in (pair.image_a, pair.image_b)


def test_without_a_third_person_nobodys_pixels_show():
    sample = draw_sample(listed_pairs(4, genuine=0, people=1), 4, "black")
    assert set(sample["fill"]) == {"mean", "blur", "linear"} and sample["stranger"].isna().all()
