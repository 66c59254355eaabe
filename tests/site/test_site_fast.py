"""Fast maps: pages say what was measured, how well maps agree with full ones, and where a patch is predicted."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from test_site_cover import PAIR, opened, pair_of, place_of, point, unpacked
from test_site_words import check_pages

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page, pages
from whyface.site import render_site
from whyface.site.content.evaluation import load_evaluation
from whyface.site.drawing.patch_script import patches_script
from whyface.site.views.agreement import agreement_fact, fast_maps, pair_agreement
from whyface.site.views.shown import Shown
from whyface.tables.parquet import read_about

EXPLANATIONS = "tables/explanations/model=demo/dataset=synth/explanations.parquet"
METHODS = fabricate.METHODS
NUMBER = r"([0-9.]+)"
SENTENCE = re.compile(
    rf"These maps were measured under at least ([\d,]+) of ([\d,]+) masks of each face and predicted under the others; "
    rf"their rank correlation with full maps is about {NUMBER} \(at least {NUMBER} in about 19 of 20 cases\)\. "
    r"Fast maps"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run whose maps are fast; of pairs 0 and 5, all masks were measured."""
    folder = fabricate.results(tmp_path_factory.mktemp("fast") / "results")
    fabricate.make_fast(folder)
    return folder


@pytest.fixture(scope="module")
def site(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fast-site") / "site"
    config = fabricate.config()
    config["occlusion"]["exactness"] = "fast"
    render_site(config, run, folder, REPOSITORY / "site_templates")
    return folder


@pytest.fixture(scope="module")
def evaluation(run):
    return load_evaluation(fabricate.config(), run, "demo", "synth")


def sentences(page) -> dict[str, str]:
    """Read what a page says of the maps of each method."""
    found = re.findall(r'<p class="small agreement" data-method="(.*?)"(.*?)>(.*?)</p>', page.read_text(), re.DOTALL)
    assert [method for method, *_ in found] == list(METHODS) and [" hidden" in more for _, more, _ in found] == [
        0,
        1,
        1,
    ]
    return {method: re.sub("<.*?>", "", text) for method, _, text in found}


def test_the_sentence_holds_the_lower_numbers_of_both_faces_rounded_down(run, site, evaluation):
    about = read_about(run / EXPLANATIONS)
    lowest = pd.read_parquet(run / EXPLANATIONS).groupby(["pair_id", "method"])[["agreement", "agreement_low"]].min()
    assert 0 < int(about["measured"]) < int(about["masks"]) and len(evaluation.methods) > 8
    for pair_id in evaluation.methods:
        for method, said in sentences(site / evaluation.pair_path(pair_id) / "index.html").items():
            row = lowest.loc[(pair_id, method)]
            if int(pair_id) % 5 == 0:
                assert (
                    said == f"These maps were measured under all {int(about['masks']):,} masks of both faces. Fast maps"
                )
                continue
            measured, masks, estimate, least = SENTENCE.fullmatch(said).groups()
            assert [int(one.replace(",", "")) for one in (measured, masks)] == [
                int(about["measured"]),
                int(about["masks"]),
            ]
            for shown, value in ((estimate, row["agreement"]), (least, row["agreement_low"])):
                assert 0 <= value - float(shown) < 0.001 and len(shown) == 5


def test_an_unknown_correlation_is_called_so(evaluation, monkeypatch):
    monkeypatch.setattr(evaluation.agreements, "lowest", {("7", METHODS[0]): (np.nan, np.nan)}, raising=False)
    monkeypatch.setitem(evaluation.methods, "7", METHODS[:1])
    (said,) = pair_agreement(Shown(evaluation, fabricate.config(), {}), "7")
    assert said["sentence"].endswith("their rank correlation with full maps is unknown.")


def test_exact_runs_say_nothing_of_it(built):
    for page in pages(built):
        text = page.read_text(encoding="utf-8")
        assert "agreement" not in text or page.name == "data.html", page
        assert 'id="fast"' not in text and "Fast maps" not in text and "predicted at" not in text, page
    assert "measured" not in unpacked((built / PAIR.format(7)).with_name("patches.js").read_text())["sizes"][0]


def test_the_method_page_and_the_sheet_sum_up_the_predicted_maps(run, site, evaluation):
    maps = pd.read_parquet(run / EXPLANATIONS)
    own = maps.loc[maps["method"] == METHODS[0], "agreement"]
    (found,) = fast_maps([Shown(evaluation, fabricate.config(), {})])
    assert found["maps"] == f"{(own < 1).sum()} of {len(own)}" and 0 < (own < 1).sum() < len(own)
    for name, share in (("median", 0.5), ("low", 0.05)):
        assert 0 <= np.quantile(own[own < 1], share) - float(found[name]) < 0.001
    method, sheet = (" ".join(Page(site / page).text.split()) for page in ("method.html", "demo/synth/sheet.html"))
    row = re.search(r"Lowest twentieth Synthetic benchmark ?Demo network ?(.*?)Synthetic", method)[1]
    assert row.replace(" ", "") == "".join(found[name] for name in ("measured", "maps", "median", "low")).replace(
        " ", ""
    )
    assert f"{found['measured']} masks measured of each face at least" in sheet
    assert f"median {found['median']}, lowest twentieth {found['low']}" in sheet


def test_a_run_that_measured_everything_has_no_estimates(run, evaluation, monkeypatch):
    monkeypatch.setattr(type(evaluation.agreements), "of_maps", lambda *_: np.ones(4))
    one = Shown(evaluation, fabricate.config(), {})
    (found,) = fast_maps([one])
    assert (found["maps"], found["median"], found["low"]) == ("0 of 4", "–", "–") and agreement_fact(one) == ""


def test_scripts_and_notes_tell_measured_patches_from_predicted_ones(run, site):
    patches = pd.read_parquet(run / "tables/patches/model=demo/dataset=synth/patches.parquet").sort_values("place")
    held = unpacked((site / PAIR.format(7)).with_name("patches.js").read_text())
    assert "".join(size["measured"] for size in held["sizes"]) == "".join(str(int(one)) for one in patches["measured"])
    note = (
        f"{patches['measured'].sum()} of {len(patches):,} positions, predicted at the others, interpolated between the"
    )
    assert f"{note} positions;" in (site / PAIR.format(7)).read_text()
    both = (site / PAIR.format(5)).read_text()
    assert "predicted at the others" not in both and "interpolated between the positions measured;" in both
    assert not any(
        "measured" in size for size in unpacked((site / PAIR.format(5)).with_name("patches.js").read_text())["sizes"]
    )


def test_patches_that_were_all_measured_take_no_space():
    packed = [
        unpacked(patches_script(pair_of([[0.5] * 4] * 2, measured=measured), 22, "square"))["sizes"][0]
        for measured in ((True,) * 4, (True, False, True, True))
    ]
    assert "measured" not in packed[0] and packed[1].pop("measured") == "1011"
    assert json.dumps(packed[0]) == json.dumps(packed[1])


def test_sentences_on_flips_count_the_patches_that_were_measured(run, site):
    assert check_pages(run, site, "demo", "synth") > 5
    assert "none of " in (site / PAIR.format(1)).read_text() + (site / PAIR.format(2)).read_text()
    report = " ".join(Page(site / "demo/synth/index.html").text.split())
    assert "Patches whose effect is only predicted do not count." in report


def test_links_of_fast_pages_lead_somewhere(site):
    ids = {page: {attrs.get("id") for _, attrs in Page(page).tags} for page in pages(site)}
    for page in (site / PAIR.format(7), site / "method.html"):
        for link, target, anchor in Page(page).local_links():
            assert target.is_file() and (not anchor or target.name == "explore.html" or anchor in ids[target]), link


# --- in a browser ---


@pytest.mark.browser
def test_the_sentence_follows_the_map_that_is_shown(site, tab):
    said = sentences(site / PAIR.format(7))
    opened(tab, (site / PAIR.format(7)).as_uri())
    for method in (METHODS[2], METHODS[0], METHODS[1]):
        tab.check(f"[name=method][value='{method}']", force=True)
        assert [one.inner_text() for one in tab.locator(".agreement").all() if one.is_visible()] == [said[method]]


@pytest.mark.browser
def test_the_readout_says_where_a_value_is_predicted(run, site, tab):
    patches = pd.read_parquet(run / "tables/patches/model=demo/dataset=synth/patches.parquet")
    own = patches[patches["patch_px"] == 28].set_index(["x_px", "y_px"])["measured"]
    starts = sorted({x for x, _ in own.index})
    opened(tab, (site / PAIR.format(7)).as_uri() + "#patch=28")
    tab.locator("#faces .stack").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".patch")
    seen = set()
    for _ in range(8):
        tab.keyboard.press("ArrowRight")
        _, x, y = place_of(tab)
        is_measured = own[(round(x), round(y))]
        assert f"{'Measured' if is_measured else 'Predicted'} here, with fill " in tab.inner_text("#covered")
        seen.add(bool(is_measured))
    assert seen == {True, False}
    for at in (20, 41, 63, 80):
        point(tab, 0, at + 0.5, at + 3.25)
        browsing.until(tab, "document.querySelector('#covered').innerText.includes('Between')")
        _, *corner = place_of(tab)
        around = [[start for start in starts if abs(start - one) < 5 - 1e-3] for one in corner]
        predicted = sum(not own[(x, y)] for x in around[0] for y in around[1])
        some = f", {predicted} of {len(around[0]) * len(around[1])} predicted." if predicted else "."
        text = tab.inner_text("#covered")
        assert text.endswith(f"y {' and '.join(map(str, around[1]))} px{some}"), (text, predicted)


@pytest.mark.browser
def test_the_words_of_fast_pages_keep_their_height(site, tab):
    for width in (360, 700, 1000, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        opened(tab, (site / PAIR.format(7)).as_uri() + "#patch=28")
        heights = set()
        for at in (3, 31, 55, 76, 109):
            heights.add(tab.evaluate("document.querySelector('.readouts').offsetHeight"))
            point(tab, 1, at, 110 - at)
            tab.wait_for_selector(".patch")
        assert len(heights) == 1, (width, heights)
