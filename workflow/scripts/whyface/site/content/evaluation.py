"""One model on one dataset: its tables, joined pair by pair."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from whyface.config import SITE_NAMES, alignment_id
from whyface.evaluation.groups import collect_groups
from whyface.faces.regions import box_landmarks
from whyface.site.content.agreement import Agreements
from whyface.site.content.covers import Covers
from whyface.site.content.fidelity import FidelityRows
from whyface.site.content.joined_pairs import join_pairs
from whyface.site.content.patches import PatchDistances
from whyface.site.content.people_groups import PeopleGroups, load_pair_groups, load_people_groups
from whyface.site.content.quality import Quality, load_quality
from whyface.site.content.rows import plain, read_rows, read_rows_of_models
from whyface.site.words.vocabulary import MAP_METHODS
from whyface.tables.parquet import read_table
from whyface.tables.schemas import (
    CLUSTERS,
    COMPARISONS,
    CONFIDENCE,
    COSTS,
    EXPLANATIONS,
    FACES,
    FIDELITY,
    FLIP_METRICS,
    FLIP_SETS,
    FLIPS,
    FUSIONS,
    IMAGES,
    LEAKAGE,
    LEAKING_PAIRS,
    METRICS,
    PAIRS,
    PROTOCOL,
    RANKING,
    REALISED,
    SCORES,
    SLICES,
    STRANGERS,
    SUSPECTS,
    TAILS,
    TRANSFER,
    TRUTH,
)

_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Evaluation:
    """One model on one dataset.

    Attributes
    ----------
    model, dataset, collection, alignment : str
        Names, all safe as parts of a path.
    pairs : pandas.DataFrame
        `pairs` and `scores` joined, in order of pair_id, null as None; and for either side (a, b) the face's row in
        the crops (`face_a`), its status (`status_a`) and what went wrong (`detail_a`).
    groups : pandas.DataFrame
        The group columns of `pairs`, row by row; see `whyface.evaluation.groups`.
    left_out : dict of str to str
        Columns that make no groups, and why.
    twin_kinds : dict of str to str
        By pair_id, the kinds of its pairs with a planted difference; see `whyface.fidelity.planted`.
    metrics, fits : pandas.DataFrame
        The tables `metrics` and `confidence`.
    landmarks : tuple of tuple of float or None
        Where five landmarks typically lie in its crops, as shares of their side; None if unknown.
    methods : dict of str to tuple of str
        Saliency methods by pair_id, for pairs that have maps; in the order of the config, so the default comes first.
    failed_maps : dict of str to str
        Why they failed, by pair_id, for pairs selected for maps that have none.
    explanations : Path
        The table `explanations`.
    curves : str
        The site's copy of the table `curves`, from the site's root; empty if there is none.
    transfer : list of dict
        The rows of its model's table `transfer`; empty if there is none.
    comparisons : list of dict
        The rows of its dataset's table `comparisons` that compare models of this run; empty if there is none.
    ranking, fusions : list of dict
        The rows of its dataset's tables `ranking` and `fusions`; empty if there are none, or of other models.
    costs : list of dict
        The rows of its model's table `costs`; empty if there is none.
    covers : Covers
        The table `covers`; empty if there is none.
    flip_metrics : list of dict
        The rows of the table `flip_metrics`; empty if there is none.
    flips : dict of str to dict
        Rows of the table `flips` by pair_id; empty if there is none.
    flip_sets : dict of str to dict
        Rows of the table `flip_sets` by pair_id; empty if there is none.
    patch_distances : PatchDistances
        The tables `patches` and `patch_distances`; empty if there are none.
    fidelity : FidelityRows
        The table `fidelity`; false if there is none.
    leakage : list of dict
        The rows of its dataset's table `leakage`; empty if there is none.
    leaking_pairs : pandas.DataFrame
        The dataset's table `leaking_pairs`, by pair_id; empty if there is none.
    protocol : list of dict
        The rows of its dataset's table `protocol`; empty if there is none.
    tails, strangers : list of dict
        The rows of its collection's tables `tails` and `strangers`; empty if there are none.
    realised : list of dict
        The rows of its model's table `realised`; empty if there is none.
    quality : Quality
        What it says about quality.
    people_groups : PeopleGroups
        Its collection's tables `group_rates` and `group_indices`; false if no column divides people.
    pair_groups : PeopleGroups
        Its own `pair_group_rates` and `pair_group_indices`; false if its pairs have no groups.
    slices, clusters, suspects : list of dict
        The rows of these tables; empty if there are none.
    """

    model: str
    dataset: str
    collection: str
    alignment: str
    pairs: pd.DataFrame
    groups: pd.DataFrame
    left_out: dict[str, str]
    twin_kinds: dict[str, str]
    metrics: pd.DataFrame
    fits: pd.DataFrame
    landmarks: tuple[tuple[float, ...], ...] | None
    methods: dict[str, tuple[str, ...]]
    failed_maps: dict[str, str]
    explanations: Path
    curves: str
    transfer: list[dict[Any, Any]]
    comparisons: list[dict[Any, Any]]
    ranking: list[dict[Any, Any]]
    fusions: list[dict[Any, Any]]
    costs: list[dict[Any, Any]]
    covers: Covers
    flip_metrics: list[dict[Any, Any]]
    flips: dict[str, dict[Any, Any]]
    flip_sets: dict[str, dict[Any, Any]]
    patch_distances: PatchDistances
    fidelity: FidelityRows
    leakage: list[dict[Any, Any]]
    leaking_pairs: pd.DataFrame
    protocol: list[dict[Any, Any]]
    tails: list[dict[Any, Any]]
    strangers: list[dict[Any, Any]]
    realised: list[dict[Any, Any]]
    people_groups: PeopleGroups
    pair_groups: PeopleGroups
    slices: list[dict[Any, Any]]
    clusters: list[dict[Any, Any]]
    suspects: list[dict[Any, Any]]
    quality: Quality

    @property
    def path(self) -> str:
        """Folder of its pages, below the site's root."""
        return f"{self.model}/{self.dataset}"

    @property
    def faces_path(self) -> str:
        """Folder of its faces, below the site's root."""
        return f"faces/{self.collection}/{self.alignment}"

    @cached_property
    def agreements(self) -> Agreements:
        """How well its maps agree with maps of all masks; false if they are exact."""
        return Agreements(self.explanations)

    @cached_property
    def map_methods(self) -> tuple[str, ...]:
        """The methods of its maps; empty without maps.

        Raises
        ------
        ValueError
            Pairs have maps of different methods, or maps are of pairs that are not in the table pairs.
        """
        kinds = set(self.methods.values())
        if len(kinds) > 1:
            raise ValueError(f"{self.explanations}: pairs have maps of different methods: {sorted(kinds)}; run again")
        unknown = self.methods.keys() - set(self.pairs.pair_id)
        if unknown:
            raise ValueError(f"{self.explanations}: pair {min(unknown)!r} is not in the table pairs; run again")
        return kinds.pop() if kinds else ()

    def pair_path(self, pair_id: str) -> str:
        """Folder of a pair's page, below the site's root; at most 1,000 pairs share a folder."""
        return f"{self.path}/p/{pair_id[:-3] or '0'}/{pair_id}"


def load_evaluation(config: Mapping, results: Path, model: str, dataset: str) -> Evaluation:
    """Read and join the tables of one model on one dataset.

    Raises
    ------
    ValueError
        A name or pair_id cannot be part of a path, or the tables do not belong together.
    """
    collection = config["datasets"][dataset]["collection"]
    alignment = alignment_id(config["models"][model])
    for name in (model, dataset, collection, alignment):
        _check_name(name)
    tables, both = results / "tables", f"model={model}/dataset={dataset}"
    pairs = read_table(tables / f"pairs/dataset={dataset}/pairs.parquet", PAIRS)
    scores = read_table(tables / f"scores/{both}/scores.parquet", SCORES)
    images = read_table(tables / f"images/collection={collection}/images.parquet", IMAGES)
    faces = read_table(tables / f"faces/collection={collection}/alignment={alignment}/faces.parquet", FACES)
    groups, left_out = collect_groups(pairs, images)  # tables are in order of their key, and so is the join below
    explanations = tables / f"explanations/{both}/explanations.parquet"
    methods, failed_maps = _methods(explanations, config["occlusion"]["methods"])
    curves = f"curves/{both}/curves.parquet"
    comparisons = read_rows(tables / f"comparisons/dataset={dataset}/comparisons.parquet", COMPARISONS)
    return Evaluation(
        model=model,
        dataset=dataset,
        collection=collection,
        alignment=alignment,
        pairs=join_pairs(pairs, scores, faces, dataset),
        groups=groups,
        left_out=left_out,
        twin_kinds=_twin_kinds(tables / f"truth/collection={collection}/truth.parquet", pairs),
        metrics=plain(read_table(tables / f"metrics/{both}/metrics.parquet", METRICS)),
        fits=plain(read_table(tables / f"confidence/{both}/confidence.parquet", CONFIDENCE)),
        landmarks=box_landmarks(faces, config["models"][model]),
        methods=methods,
        failed_maps=failed_maps,
        explanations=explanations,
        curves=f"data/{curves}" if (tables / curves).exists() else "",
        transfer=read_rows(tables / f"transfer/model={model}/transfer.parquet", TRANSFER),
        comparisons=[row for row in comparisons if {row["model_a"], row["model_b"]} <= {*config["run"]["models"]}],
        ranking=read_rows_of_models(tables / f"ranking/dataset={dataset}/ranking.parquet", RANKING, config),
        fusions=read_rows_of_models(tables / f"fusions/dataset={dataset}/fusions.parquet", FUSIONS, config),
        costs=read_rows(tables / f"costs/model={model}/costs.parquet", COSTS),
        covers=Covers(tables / f"covers/{both}/covers.parquet"),
        flip_metrics=read_rows(tables / f"flip_metrics/{both}/flip_metrics.parquet", FLIP_METRICS),
        flips={row["pair_id"]: row for row in read_rows(tables / f"flips/{both}/flips.parquet", FLIPS)},
        flip_sets={row["pair_id"]: row for row in read_rows(tables / f"flip_sets/{both}/flip_sets.parquet", FLIP_SETS)},
        patch_distances=PatchDistances(
            tables / f"patches/{both}/patches.parquet", tables / f"patch_distances/{both}/patch_distances.parquet"
        ),
        fidelity=FidelityRows(read_rows(tables / f"fidelity/{both}/fidelity.parquet", FIDELITY)),
        leakage=read_rows(tables / f"leakage/dataset={dataset}/leakage.parquet", LEAKAGE),
        leaking_pairs=_leaking_pairs(tables / f"leaking_pairs/dataset={dataset}/leaking_pairs.parquet"),
        protocol=read_rows(tables / f"protocol/dataset={dataset}/protocol.parquet", PROTOCOL),
        tails=read_rows(tables / f"tails/model={model}/collection={collection}/tails.parquet", TAILS),
        quality=load_quality(tables, both),
        people_groups=load_people_groups(tables, model, collection, images),
        pair_groups=load_pair_groups(tables, both),
        realised=read_rows(tables / f"realised/model={model}/realised.parquet", REALISED),
        slices=read_rows(tables / f"slices/{both}/slices.parquet", SLICES),
        clusters=read_rows(tables / f"clusters/{both}/clusters.parquet", CLUSTERS),
        suspects=read_rows(tables / f"suspects/dataset={dataset}/suspects.parquet", SUSPECTS),
        strangers=read_rows(tables / f"strangers/model={model}/collection={collection}/strangers.parquet", STRANGERS),
    )


def _check_name(name: str) -> None:
    if not _SAFE_NAME.fullmatch(name) or name in SITE_NAMES:
        raise ValueError(
            f"{name!r} cannot name a folder of the site: wanted {_SAFE_NAME.pattern}, none of {SITE_NAMES}"
        )


def _twin_kinds(truth: Path, pairs: pd.DataFrame) -> dict[str, str]:
    if not truth.exists():
        return {}
    from whyface.fidelity.planted import planted_masks  # only drawn collections need OpenCV

    return planted_masks(pairs, read_table(truth, TRUTH)).set_index("pair_id")["kind"].to_dict()


def _leaking_pairs(path: Path) -> pd.DataFrame:
    """Read which pairs leak; up to several rows for every pair, so they stay a frame."""
    found = read_table(path, LEAKING_PAIRS) if path.exists() else pd.DataFrame(columns=LEAKING_PAIRS.schema.names)
    return found.set_index("pair_id")


def _methods(explanations: Path, preferred: Iterable[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """List the methods of the pairs that have maps, and why the maps of others failed, by pair_id."""
    if not explanations.exists():
        return {}, {}
    keys = read_table(explanations, EXPLANATIONS, columns=["pair_id", "method", "side", "status", "detail"])
    if not keys.method.isin(list(MAP_METHODS)).all() or not keys.side.isin(["a", "b"]).all():
        raise ValueError(f"{explanations}: unknown method or side; wanted {list(MAP_METHODS)} and a, b")
    failed = keys[keys.status != "ok"]
    found = keys[keys.status == "ok"].groupby("pair_id").method.unique()
    order = dict.fromkeys([*preferred, *MAP_METHODS])
    methods = {str(pair_id): tuple(m for m in order if m in set(names)) for pair_id, names in found.items()}
    return methods, dict(zip(failed.pair_id, failed.detail, strict=True))
