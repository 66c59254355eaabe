"""Pairs that differ in one known place: where it lies in either crop, and how well their maps point at it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from whyface.site.content.evaluation import Evaluation
from whyface.site.content.maps import map_side, read_pair_maps
from whyface.tables.parquet import read_table
from whyface.tables.schemas import FACES, TRUTH


@dataclass(frozen=True)
class Twins:
    """A pair with a known difference.

    Attributes
    ----------
    pair_id, kind, region : str
        The pair, how its faces differ, and where.
    truth : numpy.ndarray
        2 x side x side, bool: the difference in the crops of face a and of face b.
    auc : float
        AUC of its default maps against the truth, mean of both faces.
    """

    pair_id: str
    kind: str
    region: str
    truth: np.ndarray
    auc: float


def read_twins(one: Evaluation, results: Path, side_px: int) -> list[Twins]:
    """Read the pairs that have maps, and a known difference that moves the model and shows in both crops.

    Parameters
    ----------
    one : Evaluation
        Whose pairs; its crops are aligned by five points.
    results : Path
        The run's `results`.
    side_px : int
        Side of the crops.

    Returns
    -------
    list of Twins
        In order; empty where the truth or its masks are gone.
    """
    from whyface.fidelity.placed_masks import place_masks  # here and below: only these pages need OpenCV and SciPy
    from whyface.fidelity.truth_scores import score_against_truth

    planted, folder = _planted(one, results), results / "collections" / one.collection
    if planted.empty or not all((folder / path).exists() for side in "ab" for path in planted[f"mask_{side}"]):
        return []
    where = f"collection={one.collection}/alignment={one.alignment}"
    faces = read_table(results / f"tables/faces/{where}/faces.parquet", FACES)
    on_maps, visible = place_masks(planted, faces, folder, side_px, map_side(one))
    on_crops, _ = place_masks(planted, faces, folder, side_px, side_px)
    truth, shown = (np.stack([masks[side] for side in "ab"], axis=1) for masks in (on_maps, on_crops))
    maps = read_pair_maps(one, planted.pair_id.tolist())
    return [
        Twins(
            pair.pair_id, pair.kind, pair.region, crops, float(score_against_truth(own.values[0], known)["auc"].mean())
        )
        for pair, own, known, crops, seen in zip(planted.itertuples(), maps, truth, shown, visible, strict=True)
        if seen
    ]


def _planted(one: Evaluation, results: Path) -> pd.DataFrame:
    """List the pairs with maps whose planted difference moves the model, in order."""
    from whyface.fidelity.planted_scores import planted_pairs

    path = results / f"tables/truth/collection={one.collection}/truth.parquet"
    if not path.exists():
        return pd.DataFrame()
    planted = planted_pairs(one.pairs.astype({"cosine_distance": float}), read_table(path, TRUTH))
    shown = planted.moves & planted.pair_id.isin(list(one.methods))
    return planted[shown].sort_values("pair_id", ignore_index=True)
