"""Compares our maps with the paper's, with rivals and with controls, on real pairs of a finished run.

    uv run python benchmarks/fidelity.py --run FOLDER --configfile FILE --model M --dataset D D --out rows.jsonl
    uv run python benchmarks/fidelity.py --report rows.jsonl
    uv run python benchmarks/fidelity.py --run FOLDER --configfile FILE --model M --dataset D --sanity 20

Both faces of a pair are covered in the order of each map, for both signs and under every fill, as docs/fidelity.md
describes. Pairs are drawn by outcome and taken in turns, so that any number of them is balanced. Each is written as
one line as soon as it is done: a run can be stopped, and goes on where it was. `--part 1/2` and `--part 2/2` share the
work. RISE has 500 masks here, as many as CorrRISE.
"""

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "workflow/scripts"), str(PROJECT / "benchmarks")]

import fidelity_report  # noqa: E402
from explainers import ALL_METHODS, DEFAULT, SIDES, Explainers, Made, Photo, control_maps  # noqa: E402
from finished_run import Run  # noqa: E402

from whyface.fidelity.cells import cell_order  # noqa: E402
from whyface.fidelity.controls import CENTRE_PRIOR, RANDOM_MAP, centre_prior, random_maps  # noqa: E402
from whyface.fidelity.covering import Covering, covering_curve, effects  # noqa: E402
from whyface.fidelity.effects_of_maps import ORACLE, RANDOM_MAPS, SIGNS  # noqa: E402
from whyface.fidelity.oracle import one_round  # noqa: E402
from whyface.fidelity.published_protocol import published_distances  # noqa: E402
from whyface.fidelity.sample_scores import Ratio  # noqa: E402
from whyface.models.embedding import embed_covered  # noqa: E402

EDGES_FIRST = "edges first"
REMEMBERED = 32  # pairs whose default maps wait to be another pair's


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, or print what was measured."""
    arguments = _parse(argv)
    if arguments.report:
        sys.stdout.write(fidelity_report.report(arguments.report))
    elif arguments.sanity:
        import sanity

        sys.stdout.write(sanity.report(Run(arguments), arguments.sanity, arguments.rival))
    else:
        measure(Run(arguments), arguments)


def measure(run: Run, arguments: argparse.Namespace) -> None:
    """Measure pair after pair, and append each to the file."""
    part, parts = map(int, arguments.part.split("/"))
    sample = run.sample.iloc[part - 1 :: parts].reset_index(drop=True)
    _drop_unfinished_line(arguments.out)
    done = {(row["dataset"], row["pair_id"]) for row in fidelity_report.read_rows([arguments.out])}
    judge = Judge(run, sample, arguments)
    for place, pair in enumerate(sample.itertuples()):
        if (pair.dataset, pair.pair_id) in done:
            continue
        start = time.perf_counter()
        row = judge.judge(place)
        with arguments.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        seconds = time.perf_counter() - start
        sys.stderr.write(f"{place + 1} of {len(sample)}: {pair.dataset} {pair.pair_id} {seconds:.0f} s\n")


def _drop_unfinished_line(path: Path) -> None:
    """Take off what a killed run left unfinished."""
    if path.exists():
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")


class Judge:
    """Judges all methods on the pairs of a sample."""

    def __init__(self, run: Run, sample: pd.DataFrame, arguments: argparse.Namespace):
        self.run, self.sample, self.fills, self.published = run, sample, arguments.fills, arguments.published
        embedder = run.embedder()
        self.embed = partial(embed_covered, embedder)
        self.explainers = Explainers(embedder, arguments.rival)
        self.default = lru_cache(REMEMBERED)(lambda place: self.explainers.default(run.photos(self._pair(place))))

    def judge(self, place: int) -> dict[str, Any]:
        """Make all maps of a pair, and measure what covering in their order does."""
        pair = self._pair(place)
        photos = self.run.photos(pair)
        made = dict(self.explainers.others(photos, pair.threshold)) | self.default(place)
        made |= control_maps(made[DEFAULT], self.default(self._another(place))[DEFAULT])
        units = self.embed(np.stack([photo.crop for photo in photos]))
        clean, start, found = float(1 - units[0] @ units[1]), time.perf_counter(), []
        for index, (side, photo) in enumerate(zip(SIDES, photos, strict=True)):
            maps = {name: one.maps[index] for name, one in made.items()}
            for fill in self.fills:
                stranger = self.run.judged[pair.dataset].crop(pair.stranger) if fill == "stranger" else None
                face = Covering(self.embed, photo.crop, units[1 - index], fill, photo.image_id, stranger)
                about = {"side": side, "fill": fill}
                found += [row | about for row in face_effects(face, maps, clean, pair.ratio)]
        about = {name: getattr(pair, name) for name in fidelity_report.ABOUT_PAIRS}
        cost = {name: {"seconds": round(one.seconds, 3), "passes": one.passes} for name, one in made.items()}
        judging = round(time.perf_counter() - start, 1)
        row = {**about, "clean": clean, "judging_seconds": judging, "cost": cost, "effects": found}
        return row | ({"published": self._published(photos[0], units[1], made)} if self.published else {})

    def _pair(self, place: int):
        return next(self.sample.iloc[[place]].itertuples())

    def _another(self, place: int) -> int:
        """Find the last pair before this one that shares nobody with it; of its dataset and kind, if there is any."""
        own, order = self._pair(place), np.roll(np.arange(len(self.sample))[::-1], place)
        pairs = {other: self._pair(other) for other in order[order != place].tolist()}
        apart = [
            i
            for i, pair in pairs.items()
            if {pair.subject_a, pair.subject_b}.isdisjoint((own.subject_a, own.subject_b))
        ]
        alike = [i for i in apart if (pairs[i].dataset, pairs[i].kind) == (own.dataset, own.kind)]
        if not apart:
            raise ValueError(f"pair {own.pair_id}: every other pair shows one of its people; draw more")
        return [*alike, *apart][0]

    def _published(self, probe: Photo, partner: np.ndarray, made: dict[str, Made]) -> dict[str, Any]:
        return {
            name: [curve.tolist() for curve in published_distances(self.embed, probe.crop, partner, one.maps[0])]
            for name, one in made.items()
        }


def face_effects(face: Covering, maps: dict[str, np.ndarray], clean: float, ratio: Ratio) -> Iterator[dict[str, Any]]:
    """Cover a face in the order of every map, of both signs, in one call of the model; the oracle takes another."""
    orders = list(_orders(face, maps))
    curves = covering_curve(face, np.stack([order for *_, order in orders]))
    for name in dict.fromkeys(name for name, *_ in orders):
        for sign in SIGNS:
            own = curves[[what == name and speaks_for in ("", sign) for what, speaks_for, _ in orders]]
            effect = [float(effects(own, clean, sign, llr).mean()) for llr in (None, ratio)]
            known = [None if np.isnan(one) else one for one in effect]
            yield {"method": name, "sign": sign, "effect": known[0], "effect_llr": known[1]}


def _orders(face: Covering, maps: dict[str, np.ndarray]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield what orders the cells, the sign that the order is for (empty: both), and the order."""
    places, best = face.places, one_round(face)
    for name, saliency in maps.items():
        for sign in SIGNS:
            yield name, sign, cell_order(saliency, places, sign)
    for sign in SIGNS:
        yield ORACLE, sign, best[sign]
    yield CENTRE_PRIOR, "", cell_order(centre_prior(len(places)), places, "different")  # lowest in the middle
    yield EDGES_FIRST, "", cell_order(centre_prior(len(places)), places, "same")
    like = np.repeat(maps[DEFAULT][None], RANDOM_MAPS, axis=0)
    for drawn in random_maps(like, np.random.default_rng(zlib.crc32(f"{face.label} {face.fill}".encode()))):
        yield RANDOM_MAP, "", cell_order(drawn, places, "same")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a finished run")
    parser.add_argument("--configfile", type=Path, help="overlay on config.yaml")
    parser.add_argument("--model")
    parser.add_argument("--dataset", nargs="+")
    parser.add_argument("--device", help="cpu, cuda or auto; default: the config's")
    parser.add_argument("--fold", type=int, help="only pairs of this fold")
    parser.add_argument("--per-outcome", type=int, default=100, help="pairs of each outcome of each dataset")
    parser.add_argument("--fills", nargs="+", default=["linear", "stranger"])
    parser.add_argument("--rival", nargs="*", default=ALL_METHODS, choices=ALL_METHODS, help="methods beside ours")
    parser.add_argument("--published", action="store_true", help="the published protocol as well")
    parser.add_argument("--part", default="1/1", help="i/n: only every n-th pair, from the i-th on")
    parser.add_argument("--out", type=Path, help="a file to append to, a line for each pair")
    parser.add_argument("--report", type=Path, nargs="+", help="print tables of such files")
    parser.add_argument("--sanity", type=int, metavar="N", help="check N pairs' maps for sanity instead")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
