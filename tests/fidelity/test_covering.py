"""Covering in a map's order: on models whose right map is known, and beside a slow transcription."""

import numpy as np
import pytest
from known_models import CLEAN, PARTNER, PLACES, SIDE, WHITE, face, linear_model, people

from whyface.fidelity.cells import cell_order
from whyface.fidelity.covering import LEVELS, Covering, covered_counts, covering_curve, effects
from whyface.fidelity.fills import FILLS, cover
from whyface.fidelity.normalisation import normalise, ratio_of_means
from whyface.fidelity.oracle import greedy_order, greedy_passes, one_round
from whyface.fidelity.truth_scores import named_region, near, score_against_truth

CELLS = 16
WEIGHTS = np.random.default_rng(0).permutation(np.linspace(-0.07, 0.08, CELLS))
NOTHING, ONE = np.zeros(CELLS), np.eye(CELLS)[5]
# Every cell comes first, second, ... in one of these, so their mean effect is that of a random order, exactly.
ROTATIONS = np.stack([np.roll(np.arange(CELLS), i) for i in range(CELLS)])
SIGNS = ("same", "different")
CROP, STRANGER = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)


def known_order(sign):
    return np.argsort(-WEIGHTS if sign == "same" else WEIGHTS)


def measured_map(one):
    """Measure what covering each cell does; side x side."""
    cells = np.arange(CELLS)[:, None, None]
    return (one.distances(cells == PLACES) - CLEAN)[PLACES]


def test_levels_are_shares_of_the_cells():
    assert covered_counts(196).tolist() == [4, 10, 20, 39, 59]
    assert covered_counts(CELLS).tolist() == [1, 1, 2, 3, 5], "at least one"


def test_the_curve_of_a_linear_model_adds_up_the_weights():
    order = np.arange(CELLS)
    curve = covering_curve(face(WEIGHTS), order[None])
    np.testing.assert_allclose(curve, [[CLEAN + WEIGHTS[:k].sum() for k in (1, 1, 2, 3, 5)]])


@pytest.mark.parametrize("fill", FILLS)
def test_the_curve_is_that_of_a_slow_transcription(fill):
    embed = linear_model(WEIGHTS)
    orders = np.random.default_rng(2).permuted(np.tile(np.arange(CELLS), (3, 1)), axis=1)
    got = covering_curve(face(WEIGHTS, CROP, fill, label="x", stranger=STRANGER), orders, (0.1, 0.5))
    for row, order in zip(got, orders, strict=True):
        for value, count in zip(row, (2, 8), strict=True):
            covered = np.zeros((SIDE, SIDE), bool)
            for cell in order[:count]:
                y, x = 8 * (cell // 4), 8 * (cell % 4)
                covered[y : y + 8, x : x + 8] = True
            crop = cover(CROP, covered, fill, "x", STRANGER)
            assert value == pytest.approx(1 - embed(crop[None])[0] @ PARTNER)


def test_all_covers_of_a_face_are_embedded_in_one_call_and_counted():
    calls = []

    def embed(crops):
        calls.append(len(crops))
        return linear_model(WEIGHTS)(crops)

    one = Covering(embed, WHITE, PARTNER, "black")
    covering_curve(one, ROTATIONS)
    assert calls == [CELLS * len(LEVELS)] and one.passes == CELLS * len(LEVELS)


def test_effects_have_the_sign_that_the_map_claims():
    distances = np.array([[0.5, 0.7], [0.3, 0.2]])
    np.testing.assert_allclose(effects(distances, 0.4, "same"), [0.2, -0.15])
    np.testing.assert_allclose(effects(distances, 0.4, "different"), [-0.2, 0.15])
    np.testing.assert_allclose(effects(distances, np.array([0.4, 0.3]), "same"), [0.2, -0.05])


def test_effects_on_the_likelihood_ratio_have_the_same_sign():
    def llr(distance):
        return 3 - 10 * distance

    distances = np.array([[0.5, 0.7], [0.3, 0.2]])
    for sign in SIGNS:
        np.testing.assert_allclose(effects(distances, 0.4, sign, llr), 10 * effects(distances, 0.4, sign))


@pytest.mark.parametrize("rounds", [1, 2, 4, 5])
@pytest.mark.parametrize("sign", SIGNS)
def test_the_oracle_finds_the_order_of_a_linear_model(sign, rounds):
    one = face(WEIGHTS)
    assert greedy_order(one, sign, rounds).tolist() == known_order(sign).tolist()
    assert one.passes == greedy_passes(CELLS, rounds)


@pytest.mark.parametrize("sign", SIGNS)
def test_one_round_gives_the_orders_of_both_signs(sign):
    one = face(WEIGHTS)
    assert one_round(one)[sign].tolist() == greedy_order(face(WEIGHTS), sign, rounds=1).tolist()
    assert one.passes == CELLS


def test_passes_of_the_oracle_at_112_pixels():
    assert greedy_passes(196, rounds=1) == 196
    assert greedy_passes(196, rounds=2) == 196 + 192
    assert greedy_passes(196) == 196 + 192 + 186 + 176 + 157


def test_the_oracle_is_refused_more_rounds_than_levels():
    for rounds in (0, 6):
        with pytest.raises(ValueError, match=f"rounds: {rounds}; allowed: 1 to 5"):
            greedy_order(face(WEIGHTS), "same", rounds)


def test_the_oracle_sees_what_cells_do_together():
    """Of two cells that each do much, but nothing more together, the second is worth nothing once one is covered."""

    def embed(crops):
        dark = 1 - np.stack([crops[:, cell == PLACES].mean(axis=(1, 2)) for cell in (3, 7, 9)]) / 255
        cosine = 0.5 - 0.2 * np.maximum(dark[0], 0.9 * dark[1]) - 0.1 * dark[2]
        return np.stack([cosine, np.sqrt(1 - cosine**2)], axis=1)

    one = Covering(embed, WHITE, PARTNER, "black")
    levels = (1 / 16, 2 / 16)
    assert greedy_order(one, "same", 1, levels)[:3].tolist() == [3, 7, 9]
    assert greedy_order(one, "same", 2, levels)[:2].tolist() == [3, 9]


def slow_greedy(one, sign, counts):
    """Order cells by loops, one crop at a time."""
    taken = []
    for count in counts:
        effect = {}
        for cell in set(range(CELLS)) - set(taken):
            distance = one.distances(np.isin(PLACES, [*taken, cell])[None])[0]
            effect[cell] = distance if sign == "same" else -distance
        taken += sorted(effect, key=effect.get, reverse=True)[: count - len(taken)]
    return taken


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("fill", FILLS)
def test_the_oracle_is_that_of_a_slow_transcription(fill, sign):
    rng = np.random.default_rng(3)
    projection = rng.standard_normal((SIDE * SIDE * 3, 6)) / SIDE

    def embed(crops):
        vectors = np.tanh(crops.reshape(len(crops), -1) / 255 @ projection)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    one = Covering(embed, CROP, embed(STRANGER[None])[0], fill, "x", np.roll(STRANGER, 5, axis=0))
    assert greedy_order(one, sign).tolist() == slow_greedy(one, sign, (1, 2, 3, 16))


@pytest.mark.parametrize("sign", SIGNS)
def test_the_right_map_of_a_linear_model_is_as_good_as_the_oracle_and_its_opposite_worse_than_chance(sign):
    weights = [np.random.default_rng(i).permutation(WEIGHTS) for i in range(4)]
    value: dict[str, list] = {"right": [], "opposite": [], "random": [], "oracle": []}
    for own in weights:
        one = face(own)
        orders = [cell_order(s * own[PLACES], PLACES, sign) for s in (1, -1)] + [greedy_order(one, sign), *ROTATIONS]
        effect = effects(covering_curve(one, np.stack(orders)), CLEAN, sign)
        for name, part in zip(value, (effect[0], effect[1], effect[3:].mean(), effect[2]), strict=True):
            value[name].append(part)
    right, opposite, random, oracle = map(np.array, value.values())
    # Chance: the mean weight times the mean number of cells, 12 / 5.
    np.testing.assert_allclose(random, (1 if sign == "same" else -1) * WEIGHTS.mean() * 12 / 5)
    right, opposite, random, oracle = (np.tile(one, 3) for one in (right, opposite, random, oracle))
    apart = people(12).assign(subject_b=lambda pairs: "other " + pairs["subject_a"])
    assert normalise(right, random, oracle, apart) == pytest.approx((1, 1, 1))
    # The opposite of evenly spaced weights does as much harm as the right map does good.
    assert normalise(opposite, random, oracle, apart) == pytest.approx((-1, -1, -1))
    assert normalise(random, random, oracle, apart) == pytest.approx((0, 0, 0))


def test_the_measured_map_of_a_linear_model_is_its_weights():
    np.testing.assert_allclose(measured_map(face(WEIGHTS)), WEIGHTS[PLACES])


def test_a_model_that_looks_at_one_square_has_a_map_with_full_marks():
    """What differs there keeps the faces apart; covering it brings them together."""
    saliency = measured_map(face(-0.5 * ONE))
    truth = PLACES == 5
    scores = score_against_truth(saliency[None], truth[None])
    assert {name: value.tolist() for name, value in scores.items()} == {name: [1] for name in scores}
    assert named_region(saliency[None], PLACES).tolist() == [5]
    one = face(-0.5 * ONE)
    order = cell_order(saliency, PLACES, "different")
    assert order[0] == 5 == greedy_order(one, "different")[0]
    assert effects(covering_curve(one, order[None]), CLEAN, "different") == pytest.approx([0.5])
    assert effects(covering_curve(one, order[None, ::-1]), CLEAN, "different") == pytest.approx([0])


@pytest.mark.parametrize("sign", SIGNS)
def test_no_order_has_an_effect_on_a_model_that_ignores_its_input(sign):
    one = face(NOTHING)
    effect = effects(covering_curve(one, np.stack([greedy_order(one, sign), *ROTATIONS])), CLEAN, sign)
    np.testing.assert_allclose(effect, 0, atol=1e-15)
    none = np.full(3, effect[0])
    with np.errstate(all="raise"):
        assert np.isnan(normalise(none, none, none, people(3))).all(), "a share of nothing is not a number"
        assert np.isnan(normalise(none, none, none + 1e-8, people(3))).all(), "nor is a share of rounding"
        scores = score_against_truth(measured_map(one).round(12)[None], (PLACES == 5)[None])
    chance = near((PLACES == 5)[None]).mean()
    assert {name: value[0] for name, value in scores.items()} == {
        "auc": 0.5,
        "hit": chance,
        "mass": 0,
        "rank": pytest.approx(1 / CELLS),
        "sign": 0,
    }


def test_ratios_are_of_means_and_have_an_interval_over_people():
    part, whole = np.tile([1.0, 3.0, 2.0], 8), np.tile([2.0, 8.0, 2.0], 8)
    value, low, high = ratio_of_means(part, whole, people(24))
    assert value == pytest.approx(6 / 12)
    assert low < value < high
    assert value - low == pytest.approx(high - value)
    many = np.random.default_rng(5).standard_normal(500) + 2
    mean, low, high = ratio_of_means(many, np.ones(500), people(500).assign(subject_b=lambda t: t.subject_a))
    assert mean == pytest.approx(many.mean())
    assert high - mean == pytest.approx(1.96 * many.std() / np.sqrt(500), rel=0.1), "of a mean of independent values"


def test_few_pairs_have_a_value_without_an_interval_or_nothing():
    one = people(1).assign(subject_b="a0")
    value, low, high = ratio_of_means(np.array([1.0]), np.array([2.0]), one)
    assert value == 0.5 and np.isnan(low) and np.isnan(high)
    assert np.isnan(ratio_of_means(np.array([]), np.array([]), people(0))).all()
