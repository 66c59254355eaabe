"""What a fidelity table repeats from run to run: orders of cells that do the same, and the kind of each interval."""

import numpy as np
import pandas as pd
import pytest
from known_models import face

from whyface.fidelity.oracle import greedy_order
from whyface.fidelity.planted_scores import MARGIN, score_rows

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
