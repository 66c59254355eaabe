"""Effects of orders on faces whose right map is known."""

from itertools import product

import numpy as np
import pytest
from known_models import CLEAN, face

from whyface.fidelity.covering import LEVELS
from whyface.fidelity.effects_of_maps import EFFECTS, ORDERED_BY, ORDERS, SIGNS, face_effects

CELLS = 16
WEIGHTS = np.random.default_rng(0).permutation(np.linspace(-0.07, 0.08, CELLS))
COUNTS = (1, 1, 2, 3, 5)  # cells covered at the levels


def llr(distances):
    return 3 - 10 * distances


def measured(weights, saliency, seed=0, **options):
    one = face(weights, **options)
    return one, face_effects(one, saliency, CLEAN, llr, np.random.default_rng(seed))


def best(weights, sign):
    """Mean over the levels of the largest sums of weights that covering so many cells can give."""
    rising = np.sort(weights if sign == "same" else -weights)[::-1]
    return np.mean([rising[:count].sum() for count in COUNTS])


def test_the_right_map_and_the_oracle_do_all_that_can_be_done():
    one, found = measured(WEIGHTS, WEIGHTS[face(WEIGHTS).places])
    assert set(found) == set(product(EFFECTS, ORDERED_BY, SIGNS))
    for name, sign in product(("map", "greedy oracle"), SIGNS):
        assert found["effect", name, sign] == pytest.approx(best(WEIGHTS, sign))
        assert found["effect_llr", name, sign] == pytest.approx(10 * best(WEIGHTS, sign))
    assert one.passes == ORDERS * len(LEVELS) + CELLS


def test_the_opposite_map_does_the_opposite():
    _, found = measured(WEIGHTS, -WEIGHTS[face(WEIGHTS).places])
    for sign, other in (SIGNS, SIGNS[::-1]):
        assert found["effect", "map", sign] == pytest.approx(-best(WEIGHTS, other))


def test_the_centre_prior_covers_the_middle_first_for_either_sign():
    middle = np.zeros(CELLS)
    middle[[5, 6, 9, 10]] = 0.01, 0.02, 0.03, 0.04
    _, found = measured(middle, np.zeros((32, 32)))
    # Up to four cells of the middle, in an order drawn from ties; 5 cells cover all of them.
    same, different = (found["effect", "centre prior", sign] for sign in SIGNS)
    assert same == -different and 0.1 / 5 < same <= best(middle, "same")


def test_random_maps_are_drawn_once_for_both_signs():
    saliency = WEIGHTS[face(WEIGHTS).places]
    _, found = measured(WEIGHTS, saliency)
    same, different = (found["effect", "random map", sign] for sign in SIGNS)
    assert same == pytest.approx(-different) and abs(same) < best(WEIGHTS, "same") / 2
    assert measured(WEIGHTS, saliency, seed=1)[1]["effect", "random map", "same"] != same


def test_cells_of_another_size():
    one, found = measured(WEIGHTS, WEIGHTS[face(WEIGHTS).places], cell_px=14)
    assert one.places.max() == 3 and one.passes == ORDERS * len(LEVELS) + 4
    quarters = WEIGHTS.reshape(2, 2, 2, 2).sum(axis=(1, 3)).ravel()
    assert found["effect", "greedy oracle", "same"] == pytest.approx(quarters.max())  # every level is one cell
