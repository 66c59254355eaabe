"""The metrics table and the curves beside a slow transcription of their definitions, on uneven sets."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import plain_metrics as plain
from uneven_sets import METHOD, as_plain, fabricate
from whyface.evaluation.curves import trace_curves
from whyface.evaluation.intervals import share_interval
from whyface.evaluation.metrics_table import _band, evaluate_dataset
from whyface.evaluation.people import Spread

COUNTED = ("fta_rate", "llr_low", "llr_high")  # of images and of fits


@pytest.fixture(scope="module", params=[0, 1, 2], ids="seed-{}".format)
def made(request):
    return fabricate(request.param)


def evaluate(made):
    """Make the metrics table and the curves table, in each test anew: `make mutate` asks which test runs what."""
    metrics, computed, band = evaluate_dataset(**made, method=METHOD)
    return metrics, trace_curves(computed, made["confidence"], band)


def test_the_sets_are_uneven(made):
    pairs = as_plain(made)
    judged = plain.decided(pairs)
    assert (len(pairs), len(plain.genuine(pairs))) == (248, 37) and len(judged) < 248
    assert len({pair["distance"] for pair in judged}) in range(50, 150), "more than 16 distances, and ties"
    assert max(Counter(name for pair in pairs for name in pair["subjects"]).values()) > 20
    folds = plain.by_fold(judged)
    assert folds.keys() == {-1, 0, 1, 2, 5} and len({len(fold) for fold in folds.values()}) > 3
    rare = [pair for pair in judged if pair["groups"]["camera"] == "rare"]
    assert rare and not plain.genuine(rare)
    lost = [pair for pair in plain.genuine(judged) if not pair["found"]]
    assert plain.share(lost, plain.is_wrong) != plain.share(plain.genuine(judged), plain.is_wrong)


def test_every_row_of_the_metrics_table(made):
    metrics, _ = evaluate(made)
    expected = plain.all_rows(as_plain(made), METHOD)
    found = metrics[~metrics["metric"].isin(COUNTED)].set_index(["metric", "method", "group"])
    assert set(found.index) == expected.keys() and found.index.is_unique
    for key, (value, counted, shown) in expected.items():
        row = found.loc[key]
        assert row["value"] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), key
        assert (row["n"], row["people"]) == (len(counted), plain.people(shown)), key


def test_rows_of_images_and_of_fits(made):
    metrics, _ = evaluate(made)
    used = {*made["pairs"]["image_a"], *made["pairs"]["image_b"]}
    status = made["faces"].set_index("image_id")["status"]
    row = metrics.set_index("metric").loc["fta_rate"]
    assert row["value"] == pytest.approx(sum(status[name] != "ok" for name in used) / len(used))
    assert row["n"] == len(used) < len(status)
    for name, fits in made["confidence"].groupby("method"):
        for bound in ("llr_low", "llr_high"):
            row = metrics[(metrics["metric"] == bound) & (metrics["method"] == name)].iloc[0]
            assert row["value"] == pytest.approx(sum(fits[bound]) / 5, nan_ok=True)
            assert row["n"] == sum(fits["n_fit"]) // 5


def test_intervals_hold_their_values(made):
    metrics, curves = evaluate(made)
    for table, value, low, high in ((metrics, "value", "ci_low", "ci_high"), (curves, "y", "y_low", "y_high")):
        known = table.dropna(subset=[low, high])
        assert len(known) > 30 and (known[low] <= known[value]).all() and (known[value] <= known[high]).all()
        assert (table[low].isna() == table[high].isna()).all()


def test_every_curve(made):
    _, curves = evaluate(made)
    expected = plain.all_curves(as_plain(made), METHOD, made["confidence"])
    found = dict(list(curves.groupby("curve")))
    assert found.keys() == expected.keys() | {"det-band"}
    for name, points in expected.items():
        columns = ["x", "y", "n"][: len(points[0])]
        tolerance = 1e-5 if "beta" in name else 1e-9  # the transcription finds the turn on a grid
        np.testing.assert_allclose(found[name][columns], points, rtol=tolerance, atol=tolerance, err_msg=name)
        assert found[name]["point"].tolist() == list(range(len(points)))
        assert found[name]["n"].isna().all() == (len(columns) == 2), name


def test_the_band_of_the_det(made):
    _, curves = evaluate(made)
    band = curves[curves["curve"] == "det-band"]
    np.testing.assert_allclose(band[["x", "y"]], plain.band(plain.decided(as_plain(made))), atol=1e-12)
    for end in ("y_low", "y_high"):
        assert (band[end].diff().dropna() <= 0).all(), "FNMR falls with FMR, and so do its bounds"


def test_intervals_of_curves_of_as_many_people_as_pairs(made):
    """Wilson's (1927) at least; the rule of three where no pair, or every pair, is right or genuine."""
    numbers = np.arange(len(made["pairs"])).astype(str)
    sides = {"subject_a": "a", "subject_b": np.where(made["pairs"]["is_genuine"].eq(True), "a", "b")}
    own = {side: np.char.add(letters, numbers) for side, letters in sides.items()}
    _, curves = evaluate({**made, "pairs": made["pairs"].assign(**own)})
    shares = curves[curves["n"].notna()]
    assert {name.split("-")[0] for name in shares["curve"]} == {"fold", "reliability"} and len(shares) > 50
    for row in shares.itertuples():
        if row.y in (0, 1):
            assert (row.y_low, row.y_high) == pytest.approx((max(0, row.y - 3 / row.n), min(1, row.y + 3 / row.n)))
        else:
            low, high = wilson(row.y, row.n)
            assert 0 < row.y_low <= low + 1e-9 and high - 1e-9 <= row.y_high < 1
            # One pair that differs from all others tells little of how people differ: Student's t is wide there.
            assert row.y_high - row.y_low < 1.3 * (high - low) or not 0.2 < row.y < 0.8


def wilson(share, n, z=1.96):
    centre, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)


def test_bounds_of_the_band_hold_at_other_rates_too():
    errors = ((0.1, 0.02), (0.2, 0.3), (0.3, 0.05), (0.5, 0.2))
    points = [(x, 1 - x, Spread(error, *[50] * (len(Spread._fields) - 1))) for x, error in errors]
    found = _band(SimpleNamespace(genuine=np.ones(100, bool), band=lambda: iter(points)))
    lows, highs = zip(*(share_interval(y, spread) for _, y, spread in points), strict=True)
    for place in range(4):
        assert found["y_high"][place] == min(highs[: place + 1]), "an upper bound holds at every larger FMR"
        assert found["y_low"][place] == max(lows[place:]), "a lower bound holds at every smaller FMR"
    assert list(highs) != sorted(highs, reverse=True) and list(lows) != sorted(lows, reverse=True)


def test_many_points_are_thinned_and_stay_on_the_curve():
    made = fabricate(3, 600, 1500, decimals=9)
    curves = dict(list(evaluate(made)[1].groupby("curve")))
    pairs = plain.decided(as_plain(made))
    for name, whole in (
        ("det", plain.det(pairs)),
        ("tippett-genuine", plain.tippett(plain.genuine(pairs), METHOD)),
        ("tippett-impostor", plain.tippett(plain.impostors(pairs), METHOD)),
    ):
        points = curves[name][["x", "y"]].to_numpy()
        nearest = [np.abs(np.array(whole) - point).max(axis=1).min() for point in points]
        assert len(whole) > len(points) > 200 and max(nearest) < 1e-9, name
        np.testing.assert_allclose(points[[0, -1]], [whole[0], whole[-1]], atol=1e-9)
    np.testing.assert_allclose(curves["det"][["x", "y"]][:20], plain.det(pairs)[:20], atol=1e-12)


def test_the_order_of_pairs_and_faces_does_not_matter(made):
    metrics, _ = evaluate(made)
    shuffled = {name: made[name].sample(frac=1, random_state=1, ignore_index=True) for name in made}
    again, _, _ = evaluate_dataset(**shuffled, method=METHOD)
    keys = ["metric", "method", "group"]
    both = [one[one["metric"] != "ece"].sort_values(keys, ignore_index=True) for one in (metrics, again)]
    pd.testing.assert_frame_equal(*both, rtol=1e-9)
