"""Scores against a known difference agree with Quantus, where it is installed.

`uv run --group quantus pytest tests/fidelity/test_quantus.py` installs it.
"""

import numpy as np
import pytest

from whyface.fidelity.truth_scores import near, score_against_truth

quantus = pytest.importorskip("quantus")

RNG = np.random.default_rng(0)
MAPS = RNG.standard_normal((40, 28, 28)) + 0.3  # no ties: Quantus breaks them by position
TRUTH = np.zeros(MAPS.shape, bool)
for one, (top, left), size in zip(TRUTH, RNG.integers(0, 20, (40, 2)), RNG.integers(1, 9, 40), strict=True):
    one[top : top + size, left : left + size + 2] = True
MAPS[::2] -= 1.5 * TRUTH[::2]
OURS = score_against_truth(MAPS, TRUTH)


def theirs(metric, maps, truth=TRUTH):
    """Score with Quantus, for which what is highest matters most."""
    judge = getattr(quantus, metric)(abs=False, normalise=False, disable_warnings=True)
    inputs = np.zeros((len(maps), 1, *maps.shape[1:]))
    labels = np.zeros(len(maps), int)
    scores = judge(None, inputs, labels, a_batch=maps[:, None], s_batch=truth[:, None].astype(int), channel_first=True)
    return np.array(scores, float)


@pytest.mark.parametrize(
    ("score", "metric", "maps", "truth"),
    [
        ("hit", "PointingGame", -MAPS, near(TRUTH)),
        ("mass", "RelevanceMassAccuracy", np.maximum(-MAPS, 0), TRUTH),
        ("rank", "RelevanceRankAccuracy", -MAPS, TRUTH),
        ("auc", "AUC", -MAPS, TRUTH),
    ],
)
def test_scores_agree(score, metric, maps, truth):
    np.testing.assert_allclose(OURS[score], theirs(metric, maps, truth), atol=1e-6)
    assert len(set(OURS[score])) > 1


def test_auc_agrees_under_ties():
    coarse = np.round(MAPS)
    np.testing.assert_allclose(score_against_truth(coarse, TRUTH)["auc"], theirs("AUC", -coarse), atol=1e-6)
