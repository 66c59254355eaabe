"""Details of the fidelity table: order of equal cells, kind of interval, which face the published protocol covers."""

import numpy as np
import pandas as pd
import pytest
from known_models import SIDE, face

from whyface.fidelity.oracle import greedy_order
from whyface.fidelity.planted_scores import MARGIN, score_rows
from whyface.fidelity.published_protocol import published_distances
from whyface.fidelity.sample_scores import measure_sample

NOTHING = np.zeros(16)


def test_cells_that_do_the_same_come_in_the_order_of_the_seed():
    orders = [greedy_order(face(NOTHING), "same", 1, seed=seed).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2] and sorted(orders[2]) == list(range(16))


@pytest.mark.parametrize("score", ["auc", MARGIN])
def test_intervals_of_shares_end_at_1_and_those_of_margins_do_not(score):
    """The same values of the same people: all equal, and nearly 1."""
    n = 12
    scored = pd.DataFrame({"kind": "exchanged", "region": "nose", "subject_a": [f"p{i}" for i in range(n)]})
    scored = scored.assign(subject_b=scored["subject_a"], image_a="", image_b="")
    values = pd.DataFrame({(score, "right"): np.append(np.ones(n - 1), 0.8)})
    rows = list(score_rows(values, scored, "a"))
    assert {(row["score"], row["method"], row["side"], row["sign"]) for row in rows} == {
        (score, "right", "a", "different")
    }
    for row in rows:
        assert row["value"] == pytest.approx(1 - 0.2 / n) and row["ci_low"] < row["value"]
        assert (row["ci_high"] <= 1) == (score == "auc")


def test_the_published_protocol_covers_face_a_by_its_map_and_compares_with_face_b():
    crops = dict(zip("xy", np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8), strict=True))
    sample = pd.DataFrame({"pair_id": ["0"], "image_a": ["x"], "image_b": ["y"], "fill": ["black"]})
    maps = {side: np.random.default_rng(place).normal(size=(1, SIDE, SIDE)) for place, side in enumerate("ab")}

    def embed(shown):
        means = np.array([1, 2, 3]) + shown.reshape(len(shown), -1, 3).mean(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    _, _, published = measure_sample(sample, maps, crops.get, embed, 8, [lambda distances: -distances])
    expected = published_distances(embed, crops["x"], embed(crops["y"][None])[0], maps["a"][0])
    np.testing.assert_allclose(published[0], expected)
