"""InsightFace's figures: against a slow transcription of its test, and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import interp1d
from sklearn.model_selection import KFold
from sklearn.preprocessing import normalize

from whyface.evaluation.insightface import insightface_figures, insightface_rows


def transcribe(embeddings1, embeddings2, actual_issame):
    """Do as InsightFace's verification.py does, threshold by threshold; raw sums of image and mirror."""
    embeddings1, embeddings2 = normalize(embeddings1), normalize(embeddings2)
    dist = np.sum(np.square(np.subtract(embeddings1, embeddings2)), 1)
    folds = [*KFold(n_splits=10, shuffle=False).split(np.arange(len(dist)))]
    accuracy, val, far = [], [], []
    for train, test in folds:
        right = [np.mean(np.less(dist[train], t) == actual_issame[train]) for t in np.arange(0, 4, 0.01)]
        t = np.arange(0, 4, 0.01)[np.argmax(right)]
        accuracy.append(np.mean(np.less(dist[test], t) == actual_issame[test]))
        fine = np.arange(0, 4, 0.001)
        far_train = [np.less(dist[train], t)[~actual_issame[train]].mean() for t in fine]
        t = interp1d(far_train, fine, kind="linear")(0.001) if max(far_train) >= 0.001 else 0.0
        val.append(np.less(dist[test], t)[actual_issame[test]].mean())
        far.append(np.less(dist[test], t)[~actual_issame[test]].mean())
    sums = {"accuracy": np.mean(accuracy), "accuracy_sd": np.std(accuracy), "val": np.mean(val)}
    return {**sums, "val_sd": np.std(val), "far": np.mean(far)}


def draw(pairs, seed, width=16, noise=0.9):
    """Raw embeddings of pairs in ten folds, genuine ones first in each, in which the two classes overlap."""
    rng = np.random.default_rng(seed)
    genuine = np.arange(pairs) * 20 // pairs % 2 == 0
    a, b = rng.normal(size=(2, pairs, width))
    b[genuine] = a[genuine] + noise * rng.normal(size=(genuine.sum(), width))
    return a * rng.uniform(1, 9, (pairs, 1)), b, genuine


def tables(a, b, genuine):
    n = len(a)
    names = [[f"{side}{i}" for i in range(n)] for side in "ab"]
    pairs = pd.DataFrame({"image_a": names[0], "image_b": names[1], "is_genuine": genuine})
    vectors = [*normalize(np.concatenate([a, b])).astype(np.float32)]
    return pairs, pd.DataFrame({"image_id": names[0] + names[1], "with_mirror": pd.Series(vectors, dtype=object)})


@pytest.mark.parametrize("pairs", [600, 2400, 603])
@pytest.mark.parametrize("noise", [0.3, 0.9, 2.0])
def test_figures_equal_a_transcription(pairs, noise):
    a, b, genuine = draw(pairs, seed=pairs, noise=noise)
    rows = insightface_rows(*tables(a, b, genuine)).set_index("metric")["value"]
    for name, value in transcribe(a, b, genuine).items():
        assert rows[f"insightface_{name}"] == pytest.approx(value, abs=1e-5), name


def test_figures_by_hand():
    # Each fold: genuine at 0.5 and 1.5, impostor at 1 and 3. The first best threshold of the grid is the first above
    # 0.5, at 3 of 4 right. From threshold 1 to 1.001, FAR rises from 0 to 0.5; 0.001 is reached just above 1.
    distances, genuine = np.tile([0.5, 1.5, 1.0, 3.0], 10), np.tile([True, True, False, False], 10)
    figures = insightface_figures(distances, genuine)
    assert figures == {"accuracy": 0.75, "accuracy_sd": 0, "val": 0.5, "val_sd": 0, "far": 0.5}


def test_a_distance_on_a_threshold_is_not_below_it():
    distances, genuine = np.tile([0.0, 0.0], 10), np.tile([True, False], 10)
    figures = insightface_figures(distances, genuine)
    assert figures["accuracy"] == 0.5


def test_there_are_no_figures_where_the_test_has_none(caplog):
    a, b, genuine = draw(600, seed=1)
    pairs, embeddings = tables(a, b, genuine)
    embeddings.loc[3, "with_mirror"] = None
    assert insightface_rows(pairs, embeddings).empty
    pairs, embeddings = tables(a, b, np.sort(genuine))
    assert insightface_rows(pairs, embeddings).empty
    assert caplog.text.count("InsightFace's figures are left out") == 2
