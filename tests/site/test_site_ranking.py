"""The page that compares models says what the tables ranking, fusions and costs say, on phones and desks."""

import shutil

import pandas as pd
import pytest

import browsing
import fabricate
from html_pages import Page
from whyface.site import render_site
from whyface.site.drawing.dots import place_dots
from whyface.site.views.ranking import _alike, _verdict
from whyface.site.words.numbers import ordinals, size_words
from whyface.site.words.vocabulary import metric_value
from whyface.tables import parquet as tables
from whyface.tables import schemas

AXE = {"resultTypes": ["violations"], "preload": False}


def read(results, name, part="dataset=synth"):
    return pd.read_parquet(results / f"tables/{name}/{part}/{name}.parquet")


def text_of(site, dataset="synth"):
    return " ".join(Page(site / f"compare/{dataset}/index.html").text.split())


def test_ranks_values_and_intervals_are_those_of_the_table(built, results):
    text, rows = text_of(built), read(results, "ranking")
    known = rows[rows["value"].notna()]
    assert {"accuracy", "eer", "cllr"} <= set(known["metric"])
    for row in known.itertuples():
        assert metric_value(row.metric, row.value) in text and ordinals(int(row.rank_low), int(row.rank_high)) in text
        assert pd.isna(row.ci_low) or metric_value(row.metric, row.ci_high) in text
    assert f"{rows['n'].iloc[0]} labelled pairs" in text
    assert text.count("set too small to claim") == 2  # no FNMR at FMR 1 % of so few pairs
    assert (built / "data/ranking/dataset=synth/ranking.parquet").is_file()


def test_fusions_and_costs_are_those_of_the_tables(built, results):
    text = text_of(built)
    assert "helps" in text
    for row in read(results, "fusions").itertuples():
        for metric in ("cllr", "eer", "accuracy"):
            assert metric_value(metric, getattr(row, metric)) in text
            assert f"{metric_value(metric, getattr(row, 'single_' + metric))} alone" in text
    costs = read(results, "costs", "model=demo").iloc[0]
    for word in (f"{costs['milliseconds']:.3g} ms", size_words(costs["weights_bytes"]), costs["device"]):
        assert word in text


def test_alike_by_hand():
    counts = {"both_right": 90, "only_a_right": 5, "only_b_right": 3, "both_wrong": 2}
    assert _alike(counts) == {"alike": "92.00 %", "errors": "20 % of errors shared, 2 of 10"}
    none = dict.fromkeys(counts, 0)
    assert _alike({**none, "both_right": 4}) == {"alike": "100.00 %", "errors": "no errors"}
    assert _alike(none)["alike"] == "–" and _alike(None) is None


@pytest.mark.parametrize(
    ("ends", "helps", "words"),
    [((-0.2, -0.1), True, "helps"), ((-0.2, 0.1), False, "no more than chance"), ((0.1, 0.2), False, "makes it worse")],
)
def test_a_fusion_helps_only_if_its_interval_says_so(ends, helps, words):
    assert _verdict({"ci_low": ends[0], "ci_high": ends[1], "helps": helps}) == words
    assert _verdict({"ci_low": None, "ci_high": None, "helps": False}) == "too few people"


def test_ranks_in_words():
    assert [ordinals(n, n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th")
    ]
    assert ordinals(1, 3) == "1st to 3rd"


def test_dots_lie_on_one_scale():
    first, second, third, fourth = place_dots([(0.5, 0.0, 1.0), (1.0, None, None), (None, None, None), (0.0, 0.0, 0.5)])
    assert (first.x, second.x, third, fourth.x) == (80, 154, None, 6)
    assert first.line.startswith("M6.0 7H154.0") and second.line == ""
    assert place_dots([(0.3, 0.3, 0.3)])[0].x == 80


def test_without_the_tables_or_with_those_of_other_models_there_are_no_ranks(few, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(few, folder)
    for name in ("ranking", "costs", "fusions"):
        shutil.rmtree(folder / "tables" / name / ("model=demo" if name == "costs" else "dataset=synth"))
    path = folder / "tables/ranking/dataset=photos/ranking.parquet"
    ranking = tables.read_table(path, schemas.RANKING)
    tables.write_table(ranking.replace({"model": {"mobile": "gone"}}), path, schemas.RANKING)
    render_site(fabricate.config(), folder, tmp_path / "site")
    for dataset in ("synth", "photos"):
        html = (tmp_path / f"site/compare/{dataset}/index.html").read_text(encoding="utf-8")
        assert 'id="ranking"' not in html and 'id="alike"' in html
        assert 'id="fusions"' not in html, "none on synth, and on photos folds do not allow any"


@pytest.mark.browser
@pytest.mark.parametrize(("size", "scheme"), [(browsing.PHONE, "dark"), (browsing.DESK, "light")])
def test_the_page_has_no_violation_and_stays_within_the_screen(built, browser, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=size, color_scheme=scheme) as page:
        page.goto((built / "compare/synth/index.html").as_uri())
        assert page.locator("#ranking svg.dots circle").count() == 6
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        found = axe.run(page, options=AXE).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
