"""Every method on models that an audit is for: constant, reversed, wrongly scaled, perfect. No fit ends a run."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

from useless_models import USELESS, apart, spread
from whyface.scores.bounds import fit_bounded
from whyface.scores.calibrators import CALIBRATORS, to_json
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs
from whyface.scores.plausibility import implausible

pytestmark = pytest.mark.filterwarnings("error")
GRID = np.linspace(0, 2, 2001)
ROUNDING = 1e-5  # of natural log odds


@pytest.mark.parametrize("method", CALIBRATORS)
@pytest.mark.parametrize("model", USELESS)
def test_a_fit_is_finite_and_never_rises_or_is_none_and_says_why(model, method, caplog):
    distances, genuine = USELESS[model]
    fit = fit_bounded(method, distances, genuine, 2000)
    if fit.calibrator is None:
        assert method == "paper" and "paper_score stays empty" in caplog.text
        return
    at = np.union1d(GRID, distances)
    for ratios in (fit.calibrator.log_odds(at), fit.log_odds(at)):
        assert np.isfinite(ratios).all() and np.diff(ratios).max() <= ROUNDING
    json.loads(to_json(fit.calibrator), parse_constant=pytest.fail)  # no NaN, no Infinity


@pytest.mark.parametrize("method", [m for m in CALIBRATORS if m != "paper"])
@pytest.mark.parametrize("model", [m for m in USELESS if m.startswith(("all", "equal", "2 and 0")) or "reversed" in m])
def test_who_tells_nobody_apart_gets_ratios_of_one(model, method):
    distances, genuine = USELESS[model]
    np.testing.assert_allclose(fit_bounded(method, distances, genuine, 2000).log_odds(distances), 0, atol=0.05)


def test_published_scores_that_rise_with_the_distance_stay_empty(caplog):
    assert fit_bounded("paper", *USELESS["two distances, reversed"], 200).calibrator is None
    assert "rises with the distance" in caplog.text


def test_a_ratio_of_densities_that_would_rise_is_pooled():
    # Far away, the wider genuine density is the higher one: kernels alone would call the furthest pairs the same.
    rng = np.random.default_rng(3)
    distances, genuine = np.append(rng.normal(0.5, 0.2, 300), rng.normal(1.0, 0.05, 300)), np.arange(600) < 300
    fit = CALIBRATORS["kde"].fit(distances, genuine, 2000)
    g, h = fit.densities(np.array([1.0, 1.4]))
    assert g[0] < h[0] and g[1] > h[1]
    ratios = fit.log_odds(np.array([1.0, 1.4, 2.0]))
    assert ratios[0] < -1 and ratios[1] == ratios[2] <= ratios[0] + ROUNDING


def frame(distances, genuine):
    ids = [f"{i:05d}" for i in range(len(distances))]
    fold = np.arange(len(distances)) // 2 % 2
    return pd.DataFrame({"pair_id": ids, "is_genuine": genuine, "fold": fold, "cosine_distance": distances})


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (spread(0.0003, 0, 0.002), "within 0.01 of one another"),
        (apart(0.7, 0.7), "All 60 distances are 0.7: are pixel_mean"),
        (spread(0.1, -3), "no closer than impostor pairs"),
        (spread(0.1, 3), None),
    ],
)
def test_distances_that_no_sound_model_gives_are_said(model, said, caplog):
    decisions = score_pairs(frame(*model), None, "d", 200, "beta")
    with caplog.at_level(logging.WARNING, "whyface"):
        fit_confidence(decisions, None, "d", "beta", 200, "m")
    told = " ".join(implausible(decisions))
    assert (said in told and f"m on d: {implausible(decisions)[0]}" in caplog.text) if said else not told


def test_what_is_said_of_distances_by_hand():
    assert implausible(frame([0.0019, 0.0024, 0.0021], [True, False, None]).astype({"is_genuine": object})) == [
        "All 3 distances lie between 0.0019 and 0.0024, within 0.01 of one another: "
        "are pixel_mean and pixel_std those that the model was trained with, and do the weights fit this network?"
    ]
    assert implausible(frame([0.9, 0.7, 0.5, 0.7], [True, True, False, False])) == [
        "Genuine pairs lie no closer than impostor pairs (mean distances 0.8 and 0.6): "
        "the model does not tell these people apart."
    ]
    assert implausible(frame([np.nan, np.nan], [True, False])) == []
    assert implausible(frame([0.5], [True])) == []
