"""Scores of maps on pairs with a planted difference, beside controls that know less than a right map must."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whyface.faces.regions import Regions, face_regions
from whyface.fidelity.controls import CENTRE_PRIOR, control_maps
from whyface.fidelity.judged_maps import JudgedMaps
from whyface.fidelity.normalisation import ratios_of_means
from whyface.fidelity.placed_masks import place_masks
from whyface.fidelity.planted import COLUMNS, POSED, planted_masks
from whyface.fidelity.rows import make_rows
from whyface.fidelity.truth_scores import named_region, score_against_truth

logger = logging.getLogger("whyface")

LEAST_MOVE = 0.1  # of distance: a planted difference that does less does not move the model
# The names that `faces.regions` has for each planted region.
NAMES = {
    "brows": ("left brow", "right brow"),
    "eyes": ("left eye", "right eye"),
    "nose": ("nose",),
    "mouth": ("mouth",),
    "chin": ("chin and jaw",),
    "forehead": ("forehead",),
    "hair": ("hair and background", "forehead"),
}
MARGIN = "auc_over_centre"


def judge_planted(judged: JudgedMaps, truth: pd.DataFrame, folder: Path) -> Iterator[dict[str, Any]]:
    """Judge the maps of all methods, and controls made from those of the default one.

    Parameters
    ----------
    judged : JudgedMaps
        The maps, of five-point crops.
    truth : pandas.DataFrame
        The truth table of their collection.
    folder : path
        The collection's folder, which holds the masks.

    Yields
    ------
    dict
        Rows of the table fidelity; none without planted differences.
    """
    planted = planted_pairs(judged.measured, truth)
    if planted.empty:
        return
    yield from moved_rows(planted)
    with_maps = planted[planted["moves"] & planted["pair_id"].isin(judged.with_maps["pair_id"])]
    masks, visible = place_masks(with_maps, judged.faces, folder, judged.side_px, judged.map_px)
    scored = with_maps[visible].reset_index(drop=True)
    logger.info(
        "%d pairs with a planted difference, %d move the model; %d of these have maps, and %d show it in both crops",
        *(len(planted), planted["moves"].sum(), len(with_maps), len(scored)),
    )
    if len(scored):
        for side in "ab":
            yield from score_rows(score_side(judged, scored, masks[side][visible], side), scored, side)


def planted_pairs(pairs: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Find the pairs with a planted difference, and whether it moves the model.

    A difference moves the model if the pair's distance is larger by `LEAST_MOVE` than without the difference. That is
    0 for two photos of one shot, and for another shot (kind posed) the distance between the same person's photos.

    Parameters
    ----------
    pairs : pandas.DataFrame
        A pairs table with cosine_distance.
    truth : pandas.DataFrame
        The truth table of the same collection.

    Returns
    -------
    pandas.DataFrame
        The pairs, with columns region, kind, mask_a and mask_b as `planted_masks` gives them, and moves.
    """
    masks = planted_masks(pairs, truth)
    planted = pairs.drop(columns=COLUMNS[1:], errors="ignore").merge(masks, on="pair_id")
    other_shots = planted["image_b"].map(truth.set_index("image_id")["twin_of"])
    distances = pairs.groupby(["image_a", "image_b"])["cosine_distance"].first()
    repeated = distances.reindex(pd.MultiIndex.from_arrays([planted["image_a"], other_shots])).to_numpy()
    unmoved = np.where(planted["kind"] == POSED, repeated, 0.0)
    return planted.assign(moves=planted["cosine_distance"] - unmoved > LEAST_MOVE)


def moved_rows(planted: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Say which share of each kind of pair moves the model."""
    for about, own in _subsets(planted):
        people = _drawn_people(planted[own])
        moves = planted.loc[own, ["moves"]].to_numpy(np.float64)
        shares = ratios_of_means(moves, np.ones_like(moves), people, True)
        yield from make_rows([{"score": "moved", **about}], shares, people)


def score_side(judged: JudgedMaps, scored: pd.DataFrame, truth: np.ndarray, side: str) -> pd.DataFrame:
    """Score the maps of every method and control on one face of every pair; pairs x (score, method)."""
    regions = face_regions("five-point", truth.shape[-1])
    places = Regions(regions).places
    known = [[name for part in region.split(" and ") for name in NAMES[part]] for region in scored["region"]]
    planted = np.array([[name in names for name in regions] for names in known])
    found: dict[tuple[str, str], np.ndarray] = {}
    for method, maps in _judged_maps(judged, scored, side):
        scores = score_against_truth(maps, truth)
        scores["named"] = planted[np.arange(len(maps)), named_region(maps, places)].astype(np.float64)
        found |= {(score, method): values for score, values in scores.items()}
    centre = found["auc", CENTRE_PRIOR]
    margins = {(MARGIN, method): auc - centre for (score, method), auc in found.items() if score == "auc"}
    return pd.DataFrame({**found, **margins}).drop(columns=[(MARGIN, CENTRE_PRIOR)])


def score_rows(values: pd.DataFrame, scored: pd.DataFrame, side: str) -> Iterator[dict[str, Any]]:
    """Average scores over the pairs of each kind, and of each of its regions."""
    are_shares = values.columns.get_level_values(0) != MARGIN
    shared = {"side": side, "sign": "different"}
    keys = [{"score": score, "method": method, **shared} for score, method in values.columns]
    for about, own in _subsets(scored):
        people = _drawn_people(scored[own])
        part = values[own].to_numpy()
        estimates = ratios_of_means(part, np.ones_like(part), people, are_shares)
        yield from make_rows(({**key, **about} for key in keys), estimates, people)


def _judged_maps(judged: JudgedMaps, scored: pd.DataFrame, side: str) -> Iterator[tuple[str, np.ndarray]]:
    pair_ids = scored["pair_id"].tolist()
    of_method = {method: judged.maps(pair_ids, method)[side] for method in judged.methods}
    yield from of_method.items()
    crops = [np.stack([judged.crop(image) for image in scored[f"image_{one}"]]) for one in "ab"]
    yield from control_maps(of_method[judged.methods[0]], scored["subject_a"].to_numpy(), *crops).items()


def _subsets(planted: pd.DataFrame) -> Iterator[tuple[dict[str, str], np.ndarray]]:
    """Yield every kind, with all its regions and with each, and the mask of its pairs."""
    for kind, pairs in planted.groupby("kind"):
        for region in ("", *sorted(pairs["region"].unique())):
            own = (planted["kind"] == kind) & ((region == "") | (planted["region"] == region))
            yield {"kind": str(kind), "region": region}, own.to_numpy()


def _drawn_people(planted: pd.DataFrame) -> pd.DataFrame:
    """Give both photos to the person of the first: a twin with another part is no second person to draw from."""
    return planted.assign(subject_b=planted["subject_a"], image_b=planted["image_a"])
