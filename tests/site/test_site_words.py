"""Every sentence about a pair, taken apart: each of its words and numbers is in a row of a table."""

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from conftest import REPOSITORY

NUMBER = r"(?:[<>] )?[\d.]+ %"
SUMMARY = re.compile(
    rf"The model says “(?P<decision>same|different)”(?: \((?P<yet>yet )?(?P<p_same>{NUMBER}) likely the same person\))?"
    r"(?P<leans>, leaning (?:on no single region|most on the (?P<region>.+?)(?: of face (?P<face>[AB]))?"
    r"(?:: with (?:it|them) covered(?P<shared> in both faces)? it would (?P<still>still )?say “(?P<without>same|"
    r"different)”"
    rf"(?: \((?P<p_without>{NUMBER})\))?)?))?"
    r"(?:; (?:one patch of (?P<patch>\d+) x (?P=patch) px over face (?P<side>[AB]) turns the decision"
    r"|(?:no single patch|none of (?P<tried>[\d,]+) single patches) of up to (?P<largest>\d+) px turns the decision"
    r"))?\."
)
CARRIED = re.compile(
    r"The (?P<region>.+?)(?: of face (?P<face>[AB]))? carr(?:y|ies) (?:more bans than the pairs behind the fit can tell"
    r"|(?P<size>[\d.]+) bans for “(?P<side>same|different)”; the pair has (?P<whole>[\d.]+)"
    r"(?: for “(?P<other>same|different)”)?)\."
)
AGAINST = re.compile(
    r" ?Most against “(?P<side>same|different)” speaks? the (?P<region>.+?)(?: of face (?P<face>[AB]))?\."
)
MOVED = re.compile(
    r"The patch that turns the decision moves the distance from (?P<before>[\d.]+) to (?P<after>[\d.]+); "
    r"(?:(?P<turning>[\d,]+) of (?P<patches>[\d,]+) single patches turn it|no other patch turns it"
    r"|none of the other (?P<others>[\d,]+) single patches turns it)\."
)


def sentence_of(page: str, name: str) -> str:
    found = re.search(rf'<p class="{name}">(.*?)</p>', page, re.DOTALL)
    return unescape(found[1]).replace("\u00a0", " ") if found else ""


def agrees(shown: str, value: float, behind: int) -> bool:
    """Whether a percentage says what the value is; one at the bound of its pairs says only that."""
    number = shown.strip("<> %")
    digits = len(number.partition(".")[2])
    if shown[0] == "<":
        return value < 1 / (behind + 1) and abs(float(number) - 100 / (behind + 1)) < 10**-digits
    if shown[0] == ">":
        return value > 1 - 1 / (behind + 1) and abs(100 - float(number) - 100 / (behind + 1)) < 10**-digits
    return abs(float(number) - 100 * value) <= 0.5 * 10**-digits + 1e-9 or (
        value > 0.99 and float(number) < 100 * value
    )


class Run:
    """The tables behind the pages of an evaluation."""

    def __init__(self, results: Path, model: str, dataset: str):
        def table(name):
            path = results / f"tables/{name}/model={model}/dataset={dataset}/{name}.parquet"
            return pd.read_parquet(path).set_index("pair_id", drop=False) if path.exists() else pd.DataFrame()

        self.scores, self.flips, self.covers = table("scores"), table("flips"), table("covers")
        patches = results / f"tables/patches/model={model}/dataset={dataset}/patches.parquet"
        self.is_fast = patches.exists() and not pd.read_parquet(patches)["measured"].all()
        fits = pd.read_parquet(results / f"tables/confidence/model={model}/dataset={dataset}/confidence.parquet")
        self.behind = {fit.fold: (fit.n_genuine, fit.n_impostor) for fit in fits.fillna({"fold": -1}).itertuples()}

    def _is_shown(self, shown: str, value: float, pair_id: str) -> bool:
        fold = self.scores.loc[pair_id, "fold"]
        genuine, impostor = self.behind[-1 if pd.isna(fold) else fold]
        return agrees(shown, value, genuine if shown[0] == "<" else impostor)

    def _cover(self, pair_id: str, region: str, face: str | None) -> pd.Series:
        rows = self.covers.loc[[pair_id]]
        own = rows[
            (rows["region"] == region) & (rows["side"] == (face or "both").lower()) & (rows["covered"] == "region")
        ]
        assert len(own) == 1
        return own.iloc[0]

    def _check_summary(self, pair_id: str, said: str) -> str:
        found = SUMMARY.fullmatch(said)
        assert found, said
        score = self.scores.loc[pair_id]
        assert found["decision"] == score["decision"]
        assert (found["p_same"] is None) == pd.isna(score["p_same"])
        if found["p_same"]:
            assert self._is_shown(found["p_same"], score["p_same"], pair_id), (said, score["p_same"])
            assert bool(found["yet"]) == ((score["p_same"] > 0.5) != (score["decision"] == "same"))
        if found["region"]:
            self._check_cover(pair_id, found)
        self._check_flip(pair_id, found)
        return found["region"] or ""

    def _check_cover(self, pair_id: str, found: re.Match) -> None:
        cover = self._cover(pair_id, found["region"], found["face"])
        assert bool(found["face"]) != bool(found["shared"])
        assert found["without"] == cover["decision"]
        assert bool(found["still"]) == (cover["decision"] == found["decision"])
        if found["p_without"]:
            assert self._is_shown(found["p_without"], cover["p_same"], pair_id), (found[0], cover["p_same"])
        towards = 1 if found["decision"] == "same" else -1
        same_side = self.covers[(self.covers["covered"] == "region") & (self.covers["side"] == cover["side"])]
        typical = same_side.loc[same_side["region"] == cover["region"], "evidence"].abs().median()
        assert towards * cover["evidence"] > max(0.3, typical), "no region is named whose evidence is not unusual"
        assert towards * cover["evidence"] == (towards * same_side.loc[[pair_id], "evidence"]).max() or found["face"]

    def _check_flip(self, pair_id: str, found: re.Match) -> None:
        flip = self.flips.loc[pair_id] if pair_id in self.flips.index else None
        if flip is None or pd.isna(flip["flipped"]):
            assert not found["patch"] and not found["largest"]
        elif flip["flipped"]:
            assert (found["patch"], found["side"].lower()) == (str(int(flip["patch_px"])), flip["side"])
        else:
            assert found["largest"]
            assert (found["tried"] is not None) == self.is_fast
            assert not found["tried"] or int(found["tried"].replace(",", "")) == flip["patches"]

    def _check_against(self, pair_id: str, found: re.Match) -> None:
        assert found["side"] == self.scores.loc[pair_id, "decision"]
        cover = self._cover(pair_id, found["region"], found["face"])
        assert cover["evidence"] * (1 if found["side"] == "different" else -1) > 0.3

    def _check_carried(self, pair_id: str, said: str, named: str) -> None:
        if opposed := AGAINST.search(said):
            self._check_against(pair_id, opposed)
            said = said[: opposed.start()]
        if said.startswith("No region stands out"):
            assert not named
            return
        found = CARRIED.fullmatch(said)
        assert found and found["region"] == named, said
        cover = self._cover(pair_id, named, found["face"])
        assert (found["size"] is not None) == bool(cover["within"])
        if found["size"]:
            assert f"{abs(cover['evidence']):.1f}" == found["size"]
            whole = cover["llr"] + cover["evidence"]
            assert f"{abs(whole):.1f}" == found["whole"]
            assert found["side"] == ("same" if cover["evidence"] > 0 else "different")
            assert found["other"] in (None, "same" if whole > 0 else "different")

    def _check_moved(self, pair_id: str, said: str) -> None:
        flip = self.flips.loc[pair_id] if pair_id in self.flips.index else None
        turned = flip is not None and not pd.isna(flip["flipped"]) and bool(flip["flipped"])
        assert bool(said) == turned
        if turned:
            found = MOVED.fullmatch(said)
            assert found, said
            before, after = self.scores.loc[pair_id, "cosine_distance"], flip["cosine_distance"]
            assert (found["before"], found["after"]) == (f"{before:.3f}", f"{after:.3f}")
            if found["turning"]:
                counts = tuple(int(found[name].replace(",", "")) for name in ("turning", "patches"))
                assert counts == (flip["turning"], flip["patches"])
            else:
                assert flip["turning"] == 1 and (found["others"] is not None) == self.is_fast
                assert not found["others"] or int(found["others"].replace(",", "")) == flip["patches"] - 1


def check_pages(results: Path, site: Path, model: str, dataset: str) -> int:
    """Check every page of an evaluation; returns how many have such sentences."""
    run, checked = Run(results, model, dataset), 0
    for page in sorted((site / f"{model}/{dataset}/p").rglob("index.html")):
        text, pair_id = page.read_text(encoding="utf-8"), page.parent.name
        if 'id="evidence"' not in text:
            continue
        checked += 1
        named = run._check_summary(pair_id, sentence_of(text, "said"))
        if carried := sentence_of(text, "carried"):
            run._check_carried(pair_id, carried, named)
        run._check_moved(pair_id, sentence_of(text, "small moved"))
    return checked


@pytest.mark.parametrize(("model", "dataset"), [("demo", "synth"), ("demo", "photos"), ("mobile", "synth")])
def test_sentences_of_a_fabricated_run_say_what_its_tables_say(built, results, model, dataset):
    assert check_pages(results, built, model, dataset) > 5


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["synth-lfw", "synth-cfp-ff", "synth-cfp-fp", "synth-calfw", "synth-twins"])
def test_sentences_of_the_default_run_say_what_its_tables_say(dataset):
    site = REPOSITORY / "results/site"
    if not (site / "index.html").exists():
        pytest.skip("results/site is absent: uv run snakemake --cores 8 makes it")
    assert check_pages(REPOSITORY / "results", site, "demo", dataset) > 40


@pytest.mark.parametrize(
    ("shown", "value", "behind", "right"),
    [
        *[("31 %", 0.314, 0, True), ("31 %", 0.316, 0, False), ("0.5 %", 0.0051, 0, True), ("99 %", 0.9899, 0, True)],
        *[("> 99.3 %", 0.9999, 150, True), ("> 99.3 %", 0.9, 150, False), ("< 0.3 %", 1e-6, 300, True)],
    ],
)
def test_the_check_itself(shown, value, behind, right):
    assert agrees(shown, value, behind) == right


@pytest.mark.slow
def test_the_readme_quotes_a_sentence_of_the_default_run():
    site = REPOSITORY / "results/site/demo/synth-lfw/p"
    if not site.exists():
        pytest.skip("results/site is absent: uv run snakemake --cores 8 makes it")
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    quoted = re.search(r"\*(The model says .*?)\*", readme, re.DOTALL)[1]
    said = {sentence_of(page.read_text(encoding="utf-8"), "said") for page in site.rglob("index.html")}
    assert " ".join(quoted.split()) in {re.sub("[“”]", '"', one) for one in said}
