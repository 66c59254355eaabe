"""What the page of regions contrasts: wrong decisions and right ones on the same kind of pair."""

import numpy as np
import pytest
from test_site_pages import averaged_pairs, evaluation, maps_of

import fabricate
from whyface.faces.regions import face_regions
from whyface.site.content.averages import average_maps


@pytest.mark.parametrize("dataset", ["synth", "photos"])
def test_a_difference_is_the_mean_over_wrong_decisions_less_that_over_right_ones(results, dataset):
    found = average_maps(evaluation(results, dataset), "five-point")
    chosen, maps = averaged_pairs(results, dataset), maps_of(results, dataset)
    regions = face_regions("five-point", fabricate.MAP_SIDE).values()

    def means(method, outcome):
        """Mean of every region over the pairs of an outcome, each the mean of its two faces."""
        of_faces = [maps[method, name, side] for name in chosen.pair_id[chosen.outcome == outcome] for side in "ab"]
        return [np.mean([one.astype(float)[region.ravel()].mean() for one in of_faces]) for region in regions]

    outcomes = set(chosen.outcome)
    both = (("false-match", "true-non-match"), ("false-non-match", "true-match"))
    expected = [(wrong, right) for wrong, right in both if {wrong, right} <= outcomes]
    named = [(found.groups[wrong].value, found.groups[right].value) for wrong, right in found.contrasts]
    assert expected and named == expected
    for method, averaged in found.methods.items():
        for place, (wrong, right) in enumerate(expected):
            difference = np.subtract(means(method, wrong), means(method, right))
            np.testing.assert_allclose(averaged.differences[place], difference, atol=1e-9)
            assert np.abs(difference).max() > 1e-4
