"""Measures time and memory of the whole report over many scored pairs: fits, metrics, curves, quality, slices, ranks.

    uv run python benchmarks/report.py --pairs 1000000 --json report.json

The pairs are fabricated: ten folds, ten pairs per person, and distances between people who are more or less alike.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from whyface.evaluation.conditions import find_conditions
from whyface.evaluation.curves import trace_curves
from whyface.evaluation.discards import judge_qualities
from whyface.evaluation.fusions import fuse_models
from whyface.evaluation.knowing_quality import condition
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.evaluation.ranking import rank_models
from whyface.evaluation.slices import find_slices
from whyface.evaluation.transfer import ScoredDataset, judge_transfer
from whyface.plots.curves import plot_curves
from whyface.plots.transfer import plot_transfer
from whyface.scores.confidence import fit_confidence
from whyface.scores.decisions import score_pairs

METHOD, BINS, FOLDS = "beta", 2000, 10


def fabricate(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fabricate tables pairs (with distances), images and faces: half of the pairs genuine, ten pairs per person."""
    rng = np.random.default_rng(seed)
    people = n // 10
    genuine = rng.random(n) < 0.5
    a = rng.integers(0, people, n)
    b = np.where(genuine, a, (a + rng.integers(1, people, n)) % people)
    own = rng.normal(0, 0.05, people)
    distance = np.where(genuine, rng.normal(0.45, 0.12, n) + own[a], rng.normal(0.95, 0.08, n) + (own[a] + own[b]) / 2)
    pairs = pd.DataFrame({"pair_id": np.char.zfill(np.arange(n).astype(str), 7), "is_genuine": genuine})
    pairs = pairs.assign(fold=np.arange(n) % FOLDS, cosine_distance=distance.clip(0, 2), known_label_error="")
    for side, who in (("a", a), ("b", b)):
        pairs[f"subject_{side}"] = np.char.add("p", who.astype(str))
        pairs[f"image_{side}"] = np.char.add(pairs[f"subject_{side}"].to_numpy(str), f"/{side}.jpg")
    pairs["age_gap"] = rng.choice(["0-19", "20-39", "40+"], n)
    names = pd.unique(pd.concat([pairs["image_a"], pairs["image_b"]]))
    images = pd.DataFrame({"image_id": names, "pose": rng.choice(["frontal", "profile"], len(names))})
    images["subject_id"] = images["image_id"].str.partition("/")[0]
    return pairs, images, pd.DataFrame({"image_id": names, "status": "ok", "landmarks": 0})


def fabricate_qualities(images: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Fabricate three qualities of every image."""
    values = np.random.default_rng(seed).normal(size=(len(images), 3))
    return pd.DataFrame(values, index=pd.Index(images["image_id"]), columns=["sharpness", "probability", "norm"])


def main() -> None:
    """Run every step once, and print its time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str):
        start = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - start, 2)
        _say(f"{name:20} {seconds[name]:7.2f} s   peak {_peak_mb():,.0f} MB")

    pairs, images, faces = fabricate(options.pairs, seed=0)
    _say(f"{len(pairs):,} pairs of {pairs['subject_a'].nunique():,} people; fabricated: peak {_peak_mb():,.0f} MB")
    measured = pairs[["pair_id", "is_genuine", "fold", "cosine_distance"]]
    pairs = pairs.drop(columns="cosine_distance")
    with timed("score_pairs"):
        decisions = score_pairs(measured, None, "big", BINS, METHOD)
    with timed("fit_confidence"):
        scores, confidence = fit_confidence(decisions, None, "big", METHOD, BINS)
    with timed("summarise"):
        metrics, weighted, band = evaluate_dataset(pairs, scores, faces, images, confidence, METHOD)
        curves = trace_curves(weighted, confidence, band)
    with timed("judge_transfer"):
        who = pairs[["pair_id", "image_a", "image_b", "subject_a", "subject_b"]]
        big = ScoredDataset("big", who.merge(scores, on="pair_id"), confidence)
        transfer = judge_transfer({"big": big}, METHOD, BINS)
    with timed("plot_curves"), tempfile.TemporaryDirectory() as folder:
        plot_curves(curves, float(confidence["threshold"].mean()), Path(folder), METHOD)
        plot_transfer(transfer, Path(folder))
    joined = pairs.merge(scores.drop(columns=["is_genuine", "fold"]), on="pair_id")
    qualities = fabricate_qualities(images, seed=1)
    with timed("judge_quality"):
        judge_qualities(joined, qualities)
    with timed("fit_conditional"):
        condition(pairs, scores, images, confidence, qualities, METHOD, "big")
    with timed("find_slices"):
        find_slices(joined, find_conditions(pairs, images, qualities))
    with timed("compare_models"):
        noise = np.random.default_rng(2).normal(0, 0.05, len(measured))
        again = measured.assign(cosine_distance=(measured["cosine_distance"] + noise).clip(0, 2))
        other, _ = fit_confidence(score_pairs(again, None, "big", BINS, METHOD), None, "big", METHOD, BINS)
        rank_models(pairs, {"one": scores, "other": other})
        fuse_models(pairs, {"one": scores, "other": other})
    report = sum(seconds[name] for name in ("summarise", "judge_transfer", "plot_curves"))
    found = {
        "pairs": options.pairs,
        "report_seconds": round(report, 2),
        "all_seconds": round(sum(seconds.values()), 2),
        "peak_rss_mb": round(_peak_mb()),
        "seconds": seconds,
    }
    _say(f"report {report:.1f} s; with scores and fits {found['all_seconds']:.1f} s; {len(metrics)} metrics")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
