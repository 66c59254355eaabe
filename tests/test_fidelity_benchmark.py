"""The benchmark of fidelity measures what the package measures, goes on where it was, and its tables add up."""

import json
import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest

import fabricate
from conftest import REPOSITORY
from networks import write_convolutions
from transcription import transcribe_maps
from whyface.fidelity.covering import Covering
from whyface.fidelity.effects_of_maps import SIGNS
from whyface.fidelity.effects_of_maps import face_effects as judge_one_map
from whyface.models.embedder import Embedder
from whyface.sources.receipts import Receipt, write_receipt
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import CONFIDENCE

sys.path.append(str(REPOSITORY / "benchmarks"))

import explainers
import fidelity_report
import finished_run
import rivals
import sanity

import fidelity

SIDE = 112
SLOPE = -20.0
ENTRY = {"kind": "onnx", "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 128.0, "alignment": "five-point"}
QUICK_FILL = ("--fills", "stranger")
CONTROLS = {"centre prior", "edges first", "random map", "greedy oracle", "blurred default map", "another pair's map"}


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    few = {"shape": "square", "patch_px": [28, 56], "stride_px": 28}
    layouts = tuple(layout._replace(masks=few) for layout in explainers.LAYOUTS)
    monkeypatch.setattr(explainers, "LAYOUTS", layouts)
    monkeypatch.setattr(sanity, "LAYOUTS", layouts)
    monkeypatch.setattr(explainers, "RISE_MASKS", 20)
    monkeypatch.setattr(rivals, "RISE_MASKS", rivals.RISE_MASKS)  # put back what the benchmark sets
    monkeypatch.setattr(rivals, "CORRRISE_MASKS", 20)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of a finished run: fabricated tables, a small network, fits that can be evaluated."""
    folder = tmp_path_factory.mktemp("run")
    fabricate.results(folder / "results", pairs=24)
    path = write_convolutions(folder / "net.onnx", SIDE)
    (folder / "results/weights").mkdir()
    write_receipt(Receipt(str(path), "", ""), folder / "results/weights/demo.json")
    for fits in (folder / "results/tables/confidence/model=demo").rglob("*.parquet"):
        parameters = json.dumps({"intercept": 12.0, "slope": SLOPE})
        write_table(read_table(fits, CONFIDENCE).assign(parameters=parameters), fits, CONFIDENCE)
    return folder


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    """Return a function that runs the benchmark on both datasets and returns the rows written."""

    def measure(*arguments, name="rows.jsonl"):
        out = tmp_path / name
        fidelity.main([*given(finished), "--out", str(out), *arguments])
        return fidelity_report.read_rows([out])

    config = fabricate.config()
    config["models"]["demo"] |= ENTRY
    config["run"]["device"] = "cpu"
    monkeypatch.setattr(finished_run, "read_config", lambda overlay: config)
    return measure


def given(folder):
    return ["--run", str(folder), "--model", "demo", "--dataset", *fabricate.DATASETS, "--per-outcome", "1"]


def test_every_method_is_judged_on_both_faces_under_every_fill(run):
    row, *_ = run("--part", "1/2", "--published")
    found = {tuple(one[name] for name in ("method", "side", "fill", "sign")) for one in row["effects"]}
    methods = {*explainers.ALL_METHODS, *CONTROLS}
    assert found == set(product(methods, "ab", ("linear", "stranger"), SIGNS))
    assert len(row["effects"]) == len(found)
    for one in row["effects"]:
        assert np.isfinite([one["effect"], one["effect_llr"]]).all()
        assert one["effect_llr"] == pytest.approx(-SLOPE / np.log(10) * one["effect"])
    assert (
        set(row["cost"])
        == set(row["published"])
        == {*explainers.ALL_METHODS, "blurred default map", "another pair's map"}
    )
    assert row["cost"]["pair-specific"]["passes"] == 2 * (1 + 4**2 + 3**2)
    assert row["cost"]["CorrRISE"]["passes"] == row["cost"]["RISE"]["passes"] == 2 * (1 + 20)


@pytest.mark.long
def test_a_killed_run_goes_on_where_it_was(run, tmp_path):
    first = run("--rival", "--part", "1/2", *QUICK_FILL)
    assert {one["method"] for one in first[0]["effects"]} == {"pair-specific", *CONTROLS}
    path = tmp_path / "rows.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + lines[-1][:100])
    again = run("--rival", "--part", "1/2", *QUICK_FILL)

    def measured(rows):
        return [{name: value for name, value in row.items() if name not in ("cost", "judging_seconds")} for row in rows]

    assert measured(again) == measured(first)
    assert path.read_text().startswith("".join(lines[:-1])), "what was done is kept"


def test_parts_share_a_balanced_sample(finished, run):
    arguments = fidelity._parse([*given(finished), "--per-outcome", "2"])
    sample = fidelity.Run(arguments).sample
    groups = list(zip(sample["dataset"], sample["outcome"], strict=True))
    different = len(set(groups))
    assert different > 4 and None not in set(sample["outcome"])
    assert len(set(groups[:different])) == different, "each outcome once before any comes again"
    assert max(groups.count(one) for one in set(groups)) == 2
    parts = [run("--rival", "--part", f"{i}/2", *QUICK_FILL, name=f"{i}.jsonl") for i in (1, 2)]
    pairs = [(row["dataset"], row["pair_id"]) for part in parts for row in part]
    assert len(set(pairs)) == len(pairs) == different


def test_a_fold_can_be_chosen(finished, run):
    sample = fidelity.Run(fidelity._parse([*given(finished), "--fold", "1"])).sample
    assert set(sample["fold"]) == {1}


def test_another_pairs_map_shows_nobody_of_the_pair(finished, run):
    arguments = fidelity._parse([*given(finished), "--per-outcome", "5", "--rival"])
    loaded = fidelity.Run(arguments)
    judge = fidelity.Judge(loaded, loaded.sample, arguments)
    for place, own in enumerate(loaded.sample.itertuples()):
        other = loaded.sample.iloc[judge._another(place)]
        assert not {own.subject_a, own.subject_b} & {other.subject_a, other.subject_b}


def test_effects_are_those_that_the_package_measures(finished):
    loaded = explainers.Explainers(Embedder("net", {**ENTRY, "input_px": SIDE}, finished / "net.onnx", "cpu"), [])
    rng = np.random.default_rng(0)
    crop, other = rng.integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)

    def embed(crops):
        return loaded.embedder.embed(crops, ["crop"] * len(crops))

    def ratio(distance):
        return 1 - np.asarray(distance)

    units = embed(np.stack([crop, other]))
    clean = float(1 - units[0] @ units[1])
    face = Covering(embed, crop, units[1], "mean")
    saliency = rng.normal(size=(SIDE, SIDE))
    wanted = judge_one_map(face, saliency, clean, ratio, rng)
    maps = {"pair-specific": saliency, "opposite": -saliency}
    found = {(one["method"], one["sign"]): one for one in fidelity.face_effects(face, maps, clean, ratio)}
    for sign, other_sign in zip(SIGNS, SIGNS[::-1], strict=True):
        for name, ours in (
            ("map", "pair-specific"),
            ("centre prior", "centre prior"),
            ("greedy oracle", "greedy oracle"),
        ):
            for score in ("effect", "effect_llr"):
                assert found[ours, sign][score] == pytest.approx(wanted[score, name, sign], abs=1e-6)
        assert found["opposite", sign]["effect"] == pytest.approx(
            -found["pair-specific", other_sign]["effect"], abs=1e-6
        )
        assert found["greedy oracle", sign]["effect"] > found["random map", sign]["effect"]


def test_published_maps_are_the_published_loops(finished):
    embedder = Embedder("net", {**ENTRY, "input_px": SIDE}, finished / "net.onnx", "cpu")
    occlusion = explainers.Occlusion(embedder, explainers.LAYOUTS[-1])
    crops = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    found = occlusion.explain([explainers.Photo(side, crop) for side, crop in zip("ab", crops, strict=True)])

    def embed(image):
        return embedder.embed(np.rint(image * 255)[None], ["image"])[0].astype(np.float64)

    for name, method in explainers.AS_PUBLISHED.items():
        wanted = transcribe_maps(embed, *(crops / 255), method, [28, 56], 28)
        for side, own in zip("ab", found[name].maps, strict=True):
            np.testing.assert_allclose(own, wanted[side], atol=1e-3 * np.abs(wanted[side]).max())


def write_rows(path, effects, kinds):
    """Write pairs of different people with given effects: {(method, fill): [an effect for each pair]}, sign same."""
    about = {"dataset": "d", "outcome": "true-match", "fold": 0, "threshold": 0.5}
    with path.open("w", encoding="utf-8") as file:
        for place, kind in enumerate(kinds):
            people = {f"{what}_{side}": f"{what} {place}" for what in ("subject", "image") for side in "ab"}
            measured = [
                {"method": method, "fill": fill, "side": side, "sign": "same", "effect": one[place], "effect_llr": None}
                for (method, fill), one in effects.items()
                for side in "ab"
                if one[place] is not None
            ]
            cost = {"pair-specific": {"seconds": place, "passes": 10}}
            row = {**about, **people, "pair_id": str(place), "kind": kind, "cost": cost, "effects": measured}
            file.write(json.dumps({**row, "published": {"pair-specific": [[0.1] * 6 + [1.0] * 5, [1.0] * 11]}}) + "\n")
    return path


@pytest.fixture
def measured(tmp_path):
    effects = {}
    for fill, scale in (("linear", 1.0), ("stranger", 3.0)):
        effects["greedy oracle", fill] = [1 * scale, 3 * scale]
        effects["random map", fill] = [0.0, 0.0]
        effects["pair-specific", fill] = [0.5 * scale, 2.5 * scale]
        effects["rival", fill] = [0.5 * scale, 0.5 * scale if fill == "linear" else 7.5]
        effects["rare", fill] = [None, 3 * scale]
    return write_rows(tmp_path / "rows.jsonl", effects, ["genuine", "genuine"])


def test_shares_and_differences_by_hand(measured):
    found = fidelity_report.gather([measured])
    effects = fidelity_report.effects_by_fill(found, found.pairs, "effect", "same")
    table = fidelity_report.fidelity_table(effects, found.pairs).set_index("method")
    assert table.index.tolist() == ["rare", "pair-specific", "rival"], "best first, without the ends of the scale"
    assert table["pairs"].to_dict() == {"rare": 1, "pair-specific": 2, "rival": 2}
    values = table.drop(columns="pairs").map(lambda text: float(text.split(" ")[0]))
    assert values.loc["pair-specific", "fidelity, linear"] == 0.75
    assert values.loc["rival", "fidelity, linear"] == 0.25
    assert values.loc["rival", "default less it, linear"] == 0.5
    assert values.loc["rival", "fidelity, stranger"] == 0.75
    assert values.loc["rival", "fidelity, all fills"] == pytest.approx((1 + 9) / (4 + 12), abs=0.006)
    assert values.loc["rare", "fidelity, all fills"] == 1
    assert values.loc["rare", "default less it, all fills"] == pytest.approx((2.5 - 3) / 3, abs=0.006)


def test_agreement_by_hand():
    """Three methods: under one fill, two pairs rank them alike; under the other, one pair ranks them the other way."""
    names = ["one", "two", "three", "random map", "greedy oracle"]
    first = pd.DataFrame([[1, 2, 3, 9, 0], [4, 5, 6, 9, 0]], columns=names)
    second = pd.DataFrame([[3, 2, 1, 0, 9], [None, 5, 6, 9, 0]], columns=names)
    table = fidelity_report.agreement_table({"black": first, "blur": second})
    assert table.to_numpy().tolist() == [
        ["pairs, black", "Krippendorff's alpha", "1.00"],
        ["pairs, blur", "Krippendorff's alpha", "nan"],
        ["black and blur", "Kendall's tau", "-1.00"],
    ]


def test_krippendorffs_alpha_by_hand():
    assert fidelity_report.krippendorff(np.array([[1, 2, 3], [1, 2, 3], [1, 2, 3]])) == 1
    # Two raters, two units, opposite: observed disagreement 1, expected 4 of 6 pairs of values.
    assert fidelity_report.krippendorff(np.array([[1, 2], [2, 1]])) == pytest.approx(1 - 1 / (4 / 6))
    assert np.isnan(fidelity_report.krippendorff(np.array([[1, 2]])))
    assert np.isnan(fidelity_report.krippendorff(np.array([[1.5, 1.5], [1.5, 1.5]])))


def test_the_report_has_every_table(measured, capsys):
    fidelity.main(["--report", str(measured)])
    text = capsys.readouterr().out
    assert "| pair-specific | 10 | 0.5 |" in text
    assert "## all datasets, genuine, evidence for same, in distance" in text
    assert "## d, genuine, evidence for same, in distance" in text
    assert "likelihood ratio" not in text, "nothing of it was measured"
    # Deletion: right up to 50 %, wrong from 60 % on; insertion: always wrong.
    assert "| pair-specific | 2 | 0.55 (too few people) | 0.00 (too few people) |" in text


def test_a_run_can_be_reported(run, tmp_path, capsys):
    run("--rival", "CorrRISE", *QUICK_FILL)
    fidelity.main(["--report", str(tmp_path / "rows.jsonl")])
    text = capsys.readouterr().out
    for kind, sign in product(("genuine", "impostor"), SIGNS):
        assert f"## synth, {kind}, evidence for {sign}, in log10 likelihood ratio" in text


@pytest.mark.long
def test_sanity_checks_every_method(finished, run, capsys):
    fidelity.main([*given(finished), "--sanity", "1", "--rival", "pair-specific", "clean-to-all, as published"])
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    checks = {f"crop shifted {axis} by {pixels} px" for axis in ("down", "right") for pixels in (1, 2)}
    checks |= {f"weights randomised: {depth}" for depth in ("last layer", "last third", "all layers")}
    assert {(line[0], line[1]) for line in lines} == set(product(("pair-specific", *explainers.AS_PUBLISHED), checks))
    assert {line[2] for line in lines} == {"2"}
