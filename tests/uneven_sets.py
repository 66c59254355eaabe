"""Fabricated sets that real ones resemble at their worst: unequal classes and folds, ties, faces and images missing."""

import numpy as np
import pandas as pd

from whyface.scores.confidence import fit_confidence, log_odds
from whyface.scores.decisions import score_pairs

GENUINE, IMPOSTORS, UNLABELLED = 37, 211, 9
PEOPLE, IMAGES_EACH = 24, 6
METHOD, BINS = "beta", 200


def fabricate(seed, genuine=GENUINE, impostors=IMPOSTORS, decimals=2, failed=0.03):
    """Make the tables that `evaluate_dataset` takes, by name."""
    rng = np.random.default_rng(seed)
    images = _images(rng)
    pairs = _pairs(rng, [1] * genuine + [0] * impostors + [None] * UNLABELLED)
    faces = pd.DataFrame({"image_id": images["image_id"]}).sample(frac=1, random_state=seed)
    faces["landmarks"] = [np.zeros(10)] * len(faces)
    faces["status"] = rng.choice(["ok", "centre-crop", "failed"], len(faces), p=[0.93 - failed, 0.07, failed])
    measured = pairs[["pair_id", "is_genuine", "fold"]].assign(cosine_distance=_distances(rng, pairs, decimals))
    unreadable = faces["image_id"][faces["status"] == "failed"]
    lost = pairs["image_a"].isin(unreadable) | pairs["image_b"].isin(unreadable)
    decisions = score_pairs(
        measured.assign(cosine_distance=measured["cosine_distance"].mask(lost)), None, "d", BINS, METHOD
    )
    scores, confidence = fit_confidence(decisions, None, "d", METHOD, BINS)
    return {"pairs": pairs, "scores": scores, "faces": faces, "images": images, "confidence": confidence}


def as_plain(made):
    """Turn the labelled pairs into what `plain_metrics` takes."""
    pairs, scores = made["pairs"], made["scores"]
    ok = set(made["faces"]["image_id"][made["faces"]["status"] == "ok"])
    pose = made["images"].set_index("image_id")["pose"]
    ratios = {name: log_odds(scores, made["confidence"], name) for name in made["confidence"]["method"].unique()}
    return [
        {
            "distance": _none(score.cosine_distance),
            "threshold": score.threshold,
            "genuine": bool(score.is_genuine),
            "same": score.decision == "same",
            "found": pair.image_a in ok and pair.image_b in ok,
            "fold": _none(score.fold),
            "subjects": {pair.subject_a or pair.image_a, pair.subject_b or pair.image_b},
            "groups": {
                "camera": _none(pair.camera),
                "gap": None if np.isnan(pair.gap) else f"{pair.gap:g}",
                "pose": _both(pose[pair.image_a], pose[pair.image_b]),
                "known label error": "yes" if pair.known_label_error else "no",
                "faces found": "in both images" if {pair.image_a, pair.image_b} <= ok else "in one image or none",
            },
            "ratios": {name: float(values[row]) for name, values in ratios.items()},
        }
        for row, (pair, score) in enumerate(zip(pairs.itertuples(), scores.itertuples(), strict=True))
        if score.is_genuine is not None
    ]


def _none(value):
    return None if pd.isna(value) else value


def _both(a, b):
    return None if pd.isna(a) or pd.isna(b) else " + ".join(sorted([a, b]))


def _images(rng):
    names = [f"p{person:02d}/{number}" for person in range(PEOPLE) for number in range(IMAGES_EACH)]
    pose = rng.choice(["front", "side", None], len(names), p=[0.6, 0.3, 0.1])
    fixed = {"subject_id": "", "path": "", "width_px": 1, "height_px": 1, "sha256": ""}
    return pd.DataFrame({"image_id": names, **fixed, "pose": pose})


def _pairs(rng, labels):
    rows = []
    for label in labels:
        a, b = rng.choice(PEOPLE, 2, replace=False)
        first, second = rng.choice(IMAGES_EACH, 2, replace=False)
        rows.append((f"p{a:02d}/{first}", f"p{a if label else b:02d}/{second}", label))
    pairs = pd.DataFrame(rows, columns=["image_a", "image_b", "is_genuine"])
    n = len(pairs)
    for side in "ab":
        pairs[f"subject_{side}"] = pairs[f"image_{side}"].str[:3]
    pairs.loc[pairs["image_b"].str.startswith("p23") & pairs["is_genuine"].eq(0), "subject_b"] = ""
    pairs["is_genuine"] = pairs["is_genuine"].map({1: True, 0: False}).astype(object).where(lambda x: x.notna(), None)
    pairs["fold"] = rng.choice([0, 1, 2, 5, np.nan], n, p=[0.3, 0.1, 0.25, 0.2, 0.15])
    camera = rng.choice(["old", "new", None], n, p=[0.3, 0.5, 0.2])
    # A value that only impostor pairs have.
    pairs["camera"] = np.where(pairs["is_genuine"].eq(False) & (rng.random(n) < 0.1), "rare", camera)
    pairs["gap"] = rng.choice([1.0, 2.5, np.nan], n)
    pairs["known_label_error"] = rng.choice(["", "twins"], n, p=[0.93, 0.07])
    pairs = pairs.sample(frac=1, random_state=int(rng.integers(1000)), ignore_index=True)
    return pairs.assign(pair_id=[f"{i:05d}" for i in range(n)])


def _distances(rng, pairs, decimals):
    """Many ties, but none on the edge of a histogram's bar."""
    same = pairs["image_a"].str[:3] == pairs["image_b"].str[:3]
    return (
        np.where(same, rng.normal(0.55, 0.2, len(pairs)), rng.normal(0.95, 0.18, len(pairs)))
        .clip(0, 1.9)
        .round(decimals)
        + 0.003
    )
