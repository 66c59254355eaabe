"""The scores table beside a slow transcription of its definitions, on uneven sets."""

import json
from math import log

import numpy as np
import pandas as pd
import pytest

import plain_metrics as plain
from uneven_sets import BINS, fabricate
from whyface.scores.calibrators import CALIBRATORS, PaperScore
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import cosine_distance


@pytest.fixture(params=CALIBRATORS)
def case(request):
    made = fabricate(4)
    decisions = made["scores"].drop(columns=["p_same", "llr", "confidence", "paper_score"])
    return request.param, *fit_confidence(decisions, None, "d", request.param, BINS)


def test_every_column_of_the_scores_table(case):
    method, scores, confidence = case
    rows = {(fold_of(row), row.method): row for row in confidence.itertuples()}
    fits = {fold: plain.fit_of_row(row) for (fold, name), row in rows.items() if name == method}
    published = {fold: json.loads(row.parameters) for (fold, name), row in rows.items() if name == "paper"}
    for pair in scores.itertuples():
        if np.isnan(pair.cosine_distance):
            assert np.isnan([pair.llr, pair.p_same, pair.confidence, pair.paper_score]).all()
            continue
        ratio = fits[fold_of(pair)](pair.cosine_distance)
        p_same = plain.probability(ratio)
        expected = (ratio / log(10), p_same, p_same if pair.decision == "same" else 1 - p_same)
        assert (pair.llr, pair.p_same, pair.confidence) == pytest.approx(expected, abs=1e-5)
        published_score = plain.published_score(published[fold_of(pair)], pair.cosine_distance)
        assert pair.paper_score == pytest.approx(published_score, abs=1e-9)


def test_every_row_of_the_confidence_table(case):
    _, scores, confidence = case
    known = scores[scores["is_genuine"].notna() & scores["cosine_distance"].notna() & scores["fold"].notna()]
    for row in confidence.itertuples():
        own = scores[scores["fold"].isna() if fold_of(row) is None else scores["fold"] == row.fold]
        assert (own["threshold"] == row.threshold).all() and row.fitted_on == "d"
        assert row.n_fit == len(known) - len(known[known["fold"] == row.fold])
    assert len(confidence) == 5 * len(CALIBRATORS)


def fold_of(row):
    return None if pd.isna(row.fold) else row.fold


def test_the_published_score_turns_beyond_the_threshold_not_at_it():
    fit = {"a": 1.0, "x0": 0.8, "k": -10.0, "b": 0.0, "threshold": 0.7}
    beside = [0.7 - 1e-9, 0.7, 0.7 + 1e-9]
    found = PaperScore(**fit).score(np.array(beside))
    assert found[0] == pytest.approx(found[1]) and found[1] > 0.7 and found[2] == 0.5
    assert found.tolist() == pytest.approx([plain.published_score(fit, d) for d in beside])


def test_a_distance_stays_within_0_and_2_whatever_is_rounded():
    ends = cosine_distance(np.array([[1.0000001, 0], [-1.0000001, 0]]), np.array([[1.0, 0], [1.0, 0]]))
    assert ends.tolist() == [0, 2]
