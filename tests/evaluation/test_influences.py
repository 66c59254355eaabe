"""Influences on figures of both classes, against leaving each pair out: signs matter where classes share people."""

import numpy as np
import pytest
from test_metrics import DISTANCES, GENUINE, simulate

from whyface.evaluation.operating_points import OperatingPoints


@pytest.mark.parametrize("pairs", [(DISTANCES, GENUINE), simulate(5, 80)], ids=["by hand", "ties"])
def test_the_area_moves_by_each_pairs_influence(pairs):
    distances, genuine = pairs
    area = OperatingPoints(distances, genuine).area()
    for part in area.parts:
        n = len(part.rows)
        for row, influence in zip(part.rows, part.influence, strict=True):
            kept = np.arange(len(distances)) != row
            without = OperatingPoints(distances[kept], genuine[kept]).area().value
            assert influence == pytest.approx((n - 1) / n * (area.value - without), abs=1e-12)


def test_a_threshold_at_an_fmr_rests_on_impostor_pairs_alone():
    distances, genuine = simulate(6, 80)
    (part,) = OperatingPoints(distances, genuine).threshold_at(0.1).parts
    assert part.rows.tolist() == np.flatnonzero(~genuine).tolist()
