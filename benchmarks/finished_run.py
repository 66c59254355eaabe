"""The pairs and faces of a finished run, for benchmarks/fidelity.py."""

import argparse

import numpy as np
import pandas as pd
from explainers import Photo
from occlusion import read_config

from whyface.config import alignment_id
from whyface.fidelity.judged_maps import JudgedMaps
from whyface.fidelity.sample import draw_sample
from whyface.fidelity.sample_scores import likelihood_ratios
from whyface.models.embedder import Embedder
from whyface.sources.receipts import read_receipt
from whyface.tables.parquet import read_table
from whyface.tables.schemas import CONFIDENCE, FACES, PAIRS, SCORES

SEED = 0


class Run:
    """A finished run: its model, and the faces of some of its datasets."""

    def __init__(self, arguments: argparse.Namespace):
        config = read_config(arguments.configfile)
        self.folder, self.model = arguments.run / "results", arguments.model
        self.entry = config["models"][self.model]
        self.method = config["confidence"]["method"]
        self.device = arguments.device or config["run"]["device"]
        self.judged = {name: self._open(name, config["datasets"][name]["collection"]) for name in arguments.dataset}
        self.sample = self._draw(arguments.per_outcome, arguments.fold)

    def embedder(self) -> Embedder:
        """Open the model."""
        weights = self.folder.parent / read_receipt(self.folder / f"weights/{self.model}.json").path
        return Embedder(self.model, self.entry, weights, self.device)

    def photos(self, pair) -> tuple[Photo, Photo]:
        """Read both faces of a pair of the sample."""
        crop = self.judged[pair.dataset].crop
        return Photo(pair.image_a, crop(pair.image_a)), Photo(pair.image_b, crop(pair.image_b))

    def _open(self, dataset: str, collection: str) -> JudgedMaps:
        tables, alignment = self.folder / "tables", alignment_id(self.entry)
        explanations, scores = (
            tables / f"{name}/model={self.model}/dataset={dataset}/{name}.parquet"
            for name in ("explanations", "scores")
        )
        pairs = tables / f"pairs/dataset={dataset}/pairs.parquet"
        faces = tables / f"faces/collection={collection}/alignment={alignment}/faces.parquet"
        crops = np.load(self.folder / f"aligned/{collection}/{alignment}/crops.npy", mmap_mode="r", allow_pickle=False)
        found = (read_table(pairs, PAIRS), read_table(scores, SCORES), read_table(faces, FACES))
        return JudgedMaps(explanations, (), *found, crops)

    def _draw(self, per_outcome: int, fold: int | None) -> pd.DataFrame:
        """Draw pairs of every outcome of every dataset, in turns; with strangers, and fits of likelihood ratios."""
        parts = []
        for dataset, judged in self.judged.items():
            shuffled = draw_sample(judged.measured, len(judged.measured), "")
            shuffled = shuffled.merge(judged.scores[["pair_id", "outcome"]], on="pair_id", validate="one_to_one")
            if fold is not None:
                shuffled = shuffled[shuffled["fold"] == fold]
            turn = shuffled.groupby("outcome").cumcount()
            parts.append(shuffled.assign(dataset=dataset, turn=turn)[turn < per_outcome])
        drawn = pd.concat(parts, ignore_index=True)
        drawn = drawn.iloc[np.random.default_rng(SEED).permutation(len(drawn))].sort_values("turn", kind="stable")
        drawn = drawn.reset_index(drop=True)
        return drawn.assign(ratio=self._ratios(drawn))

    def _ratios(self, drawn: pd.DataFrame) -> pd.Series:
        ratios = pd.Series([None] * len(drawn), dtype=object)
        for dataset, own in drawn.groupby("dataset"):
            folder = self.folder / f"tables/confidence/model={self.model}/dataset={dataset}"
            confidence = read_table(folder / "confidence.parquet", CONFIDENCE)
            for row, ratio in zip(own.index, likelihood_ratios(own, confidence, self.method), strict=True):
                ratios[row] = ratio
        return ratios
