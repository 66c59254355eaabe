"""The site: complete, safe with hostile names, equal to its tables, and usable in a real browser."""

import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd

import fabricate
from html_pages import Page, pages
from whyface.site import render_site
from whyface.site.content.maps import display_scale
from whyface.site.drawing import histogram
from whyface.site.drawing.colours import lookup, palette_places
from whyface.site.views import comparison
from whyface.site.words import chances, numbers, vocabulary
from whyface.tables import parquet as tables
from whyface.tables import schemas

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATES = REPOSITORY / "site_templates"
PAIRS = 60


def scores(results: Path, model: str, dataset: str) -> pd.DataFrame:
    return pd.read_parquet(results / f"tables/scores/model={model}/dataset={dataset}/scores.parquet")


def test_every_pair_has_a_page(built):
    for model in ("demo", "mobile"):
        for dataset in ("synth", "photos"):
            assert len(list((built / model / dataset / "p").glob("*/*/index.html"))) == PAIRS


def test_pair_pages_say_what_the_tables_say(built, results):
    table = scores(results, "demo", "photos").set_index("pair_id")
    for pair_id, row in table.iterrows():
        text = Page(built / f"demo/photos/p/{pair_id[:-3]}/{pair_id}/index.html").text
        assert (
            f"{row.cosine_distance:.4f}" if pd.notna(row.cosine_distance) else "No decision: image unreadable"
        ) in text
        assert ("No label" in text) == (pd.isna(row.is_genuine) and pd.notna(row.decision))


def test_pairs_without_maps_say_so(built):
    page = built / "demo/synth/p/000/000004/index.html"
    assert "not selected for maps" in Page(page).text
    assert [attrs for tag, attrs in Page(page).tags if tag == "img"]
    assert not list(page.parent.glob("*.png"))


def test_alt_texts_state_distance_and_decision(built):
    images = [attrs for tag, attrs in Page(built / "demo/synth/p/000/000000/index.html").tags if tag == "img"]
    faces = [attrs["alt"] for attrs in images if "map" not in attrs.get("class", "")]
    assert faces == [f"Face {side} of pair 000000: decision different at distance 0.810" for side in "AB"]


def test_synthetic_faces_are_called_so_and_photos_are_not(built):
    for path, synthetic in (("demo/synth", True), ("demo/photos", False)):
        for page in pages(built / path):
            assert ("These people do not exist" in Page(page).text) == synthetic


def test_unreadable_images_have_no_face(built, results):
    faces = pd.read_parquet(next((results / "tables/faces/collection=photos").rglob("*.parquet")))
    failed = int(faces.index[faces.status == "failed"][0])
    assert not (built / f"faces/photos/five-point-112px/0/{failed}.webp").exists()


def test_a_run_without_maps_has_a_site(few, tmp_path):
    copy = shutil.copytree(few, tmp_path / "results", ignore=shutil.ignore_patterns("site", "explanations"))
    render_site(fabricate.config(), copy, copy / "site", TEMPLATES)
    assert "not selected for maps" in Page(copy / "site/demo/synth/p/000/000000/index.html").text
    assert "striking" not in (copy / "site/index.html").read_text(encoding="utf-8")


def test_positive_is_green_negative_is_pink_and_zero_is_grey():
    pink, grey, green = lookup()[[0, 128, 255]].astype(int)
    assert pink[0] > pink[1] and green[1] > green[0] and np.ptp(grey) <= 2
    assert palette_places(np.array([-9.0, -1, 0, 1, 9, np.nan]), 1.0).tolist() == [0, 0, 128, 255, 255, 128]


def test_display_scale_is_the_99th_percentile_of_the_peaks():
    assert display_scale(np.arange(1, 102)) == 100
    assert display_scale([0.0, 0.0]) == 1


def test_the_method_page_states_the_run_s_own_settings(built):
    text = (built / "method.html").read_text(encoding="utf-8")
    settings = fabricate.config()
    assert "1,500 bins" in text and settings["confidence"]["bins"] == 1500
    patches = ", ".join(map(str, settings["occlusion"]["patch_px"]))
    assert f"{patches} pixels in steps of {settings['occlusion']['stride_px']}" in " ".join(text.split())


def href_targets(page: Path) -> dict[str, list[str]]:
    """Text of every link of a page, by where it leads."""
    found: dict[str, list[str]] = {}
    text = page.read_text(encoding="utf-8")
    for href, inner in re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', text, re.DOTALL):
        found.setdefault(unescape(href), []).append(unescape(re.sub("<[^>]+>", "", inner)).strip())
    return found


def table_rows(path: Path, name: str) -> list[list[str]]:
    """Text of the cells of a page's table of the given class."""
    text = path.read_text(encoding="utf-8")
    inside = re.search(rf'<table class="{name}">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)[1]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in inside.split("</tr>")[:-1]]
    return [[unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in row] for row in rows]


def table(results: Path, name: str, model: str, dataset: str) -> pd.DataFrame:
    return pd.read_parquet(results / f"tables/{name}/model={model}/dataset={dataset}/{name}.parquet")


def test_rows_page_holds_the_metrics_table_in_full_precision(built, results):
    frame = table(results, "metrics", "demo", "photos")
    shown = table_rows(built / "demo/photos/rows.html", "rows")
    assert len(shown) == len(frame)
    found = {(metric, method, group): rest for metric, method, *rest, group in shown}
    for row in frame.itertuples():
        value, low, high, n, people = found[row.metric, row.method, row.group]
        expected = ["null" if pd.isna(v) else repr(float(v)) for v in (row.value, row.ci_low, row.ci_high)]
        assert [value, low, high, n] == [*expected, str(row.n)]
        assert people == ("null" if pd.isna(row.people) else str(int(row.people)))


def test_ids_of_rows_are_safe_whatever_a_group_is_called(built):
    ids = [a["id"] for tag, a in Page(built / "demo/photos/rows.html").tags if tag == "tr" and "id" in a]
    assert ids and all(re.fullmatch("r[0-9]+", one) for one in ids)


def test_report_numbers_lead_to_the_rows_that_they_come_from(built, results):
    page = built / "demo/photos/index.html"
    text = (built / "demo/photos/rows.html").read_text(encoding="utf-8")
    ids = re.findall(r'<tr id="(r[0-9]+)">', text)
    rows = dict(zip(ids, table_rows(built / "demo/photos/rows.html", "rows"), strict=True))
    links = {href: names for href, names in href_targets(page).items() if "rows.html#" in href}
    reached = set()
    for href, names in links.items():
        metric, method, value, *_, group = rows[href.split("#")[1]]
        reached.add((metric, method, group))
        for name in names:
            if value == "null":
                assert name.startswith(("set too small", "too small", "no impostor pairs", "no statements")), (
                    metric,
                    name,
                )
            elif metric.startswith("llr"):
                assert name == chances.ratio(float(value))
            else:
                assert name == ("0" if float(value) == 0 else vocabulary.metric_value(metric, float(value)))
    frame = table(results, "metrics", "demo", "photos")
    known = frame[~(frame.metric.str.startswith("llr") & frame.value.isna())]
    assert reached == set(zip(known.metric, known.method, known.group, strict=True))


def test_report_refuses_what_the_set_cannot_support(built):
    text = " ".join(Page(built / "demo/synth/index.html").text.split())
    assert "too small: 30 impostor pairs say nothing below FMR 10 %" in text
    assert "0 (below 12 % at 95 %)" in text
    assert "no impostor pairs" in text and "of 0 impostor pairs" not in text


def test_report_marks_the_method_behind_the_confidence(built):
    for method in fabricate.CALIBRATORS:
        marked = f"{method}behind the confidence" in Page(built / "demo/synth/index.html").text
        assert marked == (method == "logistic")


def test_report_figures_come_in_the_order_of_the_argument(built):
    found = [link for tag, link in Page(built / "demo/synth/index.html").links() if "figures/" in link]
    assert found == ["figures/histogram.svg", "figures/det.svg", "figures/zebra.svg"]


def test_report_without_metrics_has_no_empty_tables(few, tmp_path):
    copy = shutil.copytree(few, tmp_path / "results", ignore=shutil.ignore_patterns("site", "transfer", "curves"))
    for path in (copy / "tables/metrics").rglob("*.parquet"):
        tables.write_table(pd.read_parquet(path).iloc[:0], path, schemas.METRICS)
    render_site(fabricate.config(), copy, copy / "site", TEMPLATES)
    text = (copy / "site/demo/synth/index.html").read_text(encoding="utf-8")
    for name in ("accuracy", "calibration", "groups"):
        assert f'id="{name}"' not in text
    assert not list((copy / "site").rglob("transfer.html")) and "curves.parquet" not in text


def test_groups_are_in_order_of_their_numbers(built):
    text = Page(built / "demo/synth/index.html").text
    assert text.index("\n9\n") < text.index("\n10\n")


def test_comparison_counts_are_those_of_the_scores(built, results):
    for dataset in ("synth", "photos"):
        both = scores(results, "demo", dataset).merge(scores(results, "mobile", dataset), on="pair_id")
        both = both.dropna(subset=["outcome_x", "outcome_y"])
        right = [both[f"outcome_{side}"].str.startswith("true-") for side in "xy"]
        page = built / f"compare/{dataset}/index.html"
        shown = [int(re.match(r"[0-9,]+", cell)[0]) for row in table_rows(page, "fourfold") for cell in row[1:]]
        expected = [(right[0] & right[1]), (right[0] & ~right[1]), (~right[0] & right[1]), (~right[0] & ~right[1])]
        assert shown == [one.sum() for one in expected]
        links = [href for href in href_targets(page) if "/p/" in href]
        assert len(links) == 2 * (expected[1].sum() + expected[2].sum())
        pairs = {href.split("/")[-2] for href in links}
        assert pairs == set(both.pair_id[right[0] != right[1]])


def test_comparison_lists_disagreements_up_to_a_limit_and_states_how_many(few, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "LISTED", 1)
    render_site(fabricate.config(), few, tmp_path / "site", TEMPLATES)
    for dataset in ("synth", "photos"):
        page = tmp_path / f"site/compare/{dataset}/index.html"
        cells = [cell for row in table_rows(page, "fourfold") for cell in row[1:]][1:3]
        totals = [int(re.match("[0-9]+", cell)[0]) for cell in cells]
        text = Page(page).text
        assert len([href for href in href_targets(page) if "/p/" in href]) == 2 * sum(min(n, 1) for n in totals)
        assert text.count("of which 1 are shown") == sum(n > 1 for n in totals)


def test_a_run_with_one_model_compares_nothing(few, tmp_path):
    config = fabricate.config()
    config["run"]["models"] = ["demo"]
    render_site(config, few, tmp_path / "site", TEMPLATES)
    assert not (tmp_path / "site/compare").exists()
    for page in ("index.html", "demo/synth/index.html", "demo/synth/p/000/000001/index.html"):
        assert "compare/" not in (tmp_path / "site" / page).read_text(encoding="utf-8")


def test_transfer_shows_every_row_of_its_table(built, results):
    frame = pd.read_parquet(results / "tables/transfer/model=demo/transfer.parquet")
    matrix = table_rows(built / "demo/transfer.html", "wide-table matrix")
    assert [row[0] for row in matrix] == ["Synthetic benchmark", "photos", "all"]
    by_place = frame.set_index(["fitted_on", "judged_on"]).cllr
    for shown, fitted in zip(matrix, ("synth", "photos", "all"), strict=True):
        for cell, judged in zip(shown[1:], ("synth", "photos"), strict=True):
            value = by_place[fitted, judged]
            assert cell.startswith("–" if pd.isna(value) else f"{value:.3f}")
            assert ("out of fold" in cell) == (fitted == judged)
    rows = table_rows(built / "demo/transfer.html", "rows")
    assert len(rows) == len(frame)
    for row in rows:
        value = by_place[row[0], row[1]]
        assert row[2] == ("null" if pd.isna(value) else repr(float(value)))
    assert (built / "demo/transfer.svg").exists() and not (built / "mobile/transfer.svg").exists()


def test_home_shows_accuracy_and_cllr_of_the_configured_method(built, results):
    frame = table(results, "metrics", "demo", "synth").set_index(["metric", "method", "group"]).value
    row = next(
        row for row in table_rows(built / "index.html", "results") if row[:2] == ["Synthetic benchmark", "Demo network"]
    )
    assert row[2].startswith(numbers.percent(frame["accuracy", "", "all"]))
    assert row[4].startswith(f"{frame['cllr', 'logistic', 'all']:.3f}")
    faults = int(pd.read_parquet(results / "tables/protocol/dataset=synth")["status"].eq("fault").sum())
    assert " ".join(row[-1].split()) == f"Report All pairs Regions Pair list: {faults} faults Compare Transfer"


def test_pairs_at_the_bound_of_the_likelihood_ratio_say_so(built, results):
    frame = scores(results, "demo", "synth").set_index("pair_id")
    assert frame.llr.abs().eq(fabricate.LLR_BOUND).any()
    for pair_id, row in frame.iterrows():
        text = Page(built / f"demo/synth/p/{pair_id[:-3]}/{pair_id}/index.html").text
        assert ("at the bound: the pairs support no more" in text) == (abs(row.llr) == fabricate.LLR_BOUND)
        assert "support likelihood ratios from 1/320 to 320" in text


def test_new_tables_are_described_and_offered(built):
    page = Page(built / "data.html")
    assert {"transfer", "comparisons", "curves"} <= {a["id"] for tag, a in page.tags if tag == "article" and "id" in a}
    assert (built / "data/comparisons/dataset=synth/comparisons.parquet").exists()


def test_likelihood_ratios_and_frequencies_in_words():
    assert chances.ratio(-2.845) == "1/700" and chances.ratio(3.176) == "1,500" and chances.ratio(0) == "1"
    assert chances.ratio(-0.5) == "1/3.2" and chances.ratio(None) == "–"
    assert chances.frequency(0.0031) == "3 of 1,000 cases" and chances.frequency(0.42) == "42 of 100 cases"
    assert chances.frequency(1.0) == "practically every case" and chances.frequency(1e-9).startswith("fewer than 1")


def test_confidence_in_words():
    many, few = chances.Support(3000, 3000), chances.Support(300, 300)
    assert chances.sureness(0.986, "same", many) == ("Sure", "Of 1,000 such decisions about 14 are wrong.")
    assert chances.sureness(0.9993, "same", many)[1] == "Of 10,000 such decisions about 7 are wrong."
    assert (
        chances.sureness(1.0, "same", few)[1]
        == "Of 300 such decisions fewer than 1 is wrong; 300 impostor pairs support no finer claim."
    )
    assert chances.sureness(0.3, "same", few)[0] == "Probably wrong"
    assert chances.sureness(None, "same", few)[0] == "No confidence"


def test_probabilities_are_no_surer_than_their_pairs_can_support():
    # 600 pairs, 300 of each kind: 1 in 300 is the rarest event they can tell from none.
    even = chances.Support(300, 300)
    assert chances.probability(1.0, even) == "> 99.67 %"
    assert chances.probability(1e-9, even, 1) == "< 0.3 %"
    assert chances.probability(0.5, even) == "50.00 %"
    assert chances.likelihood(25.2, even).startswith("such a distance is over 300 times as frequent among genuine")
    assert chances.likelihood(-1, even).startswith("such a distance is about 10 times as frequent among impostor")


def test_the_class_that_could_contradict_a_claim_is_the_one_that_limits_it():
    # 10 genuine and 990 impostor pairs: a distance that no impostor has is rarer than 1 in 990 among impostors; one
    # that no genuine pair has may still be that of 1 genuine pair in 10.
    support = chances.Support(genuine=10, impostor=990)
    assert chances.likelihood(3.2, support) == (
        "such a distance is over 990 times as frequent among genuine as among impostor pairs; "
        "990 impostor pairs support no finer claim"
    )
    assert chances.likelihood(2.7, support).startswith("such a distance is about 500 times as frequent among genuine")
    assert chances.likelihood(-2.7, support) == (
        "such a distance is over 10 times as frequent among impostor as among genuine pairs; "
        "10 genuine pairs support no finer claim"
    )
    assert chances.probability(0.99999, support) == "> 99.90 %"  # 990 to 1
    assert chances.probability(0.00001, support) == "< 9.09 %"  # 1 to 10
    assert chances.confidence(0.99999, "same", support) == "> 99.90 %"
    assert chances.confidence(0.99999, "different", support) == "> 90.91 %"
    assert chances.confidence(0.00001, "different", support) == "< 0.10 %"
    assert chances.sureness(0.99999, "different", support)[1] == (
        "Of 10 such decisions fewer than 1 is wrong; 10 genuine pairs support no finer claim."
    )
    assert "990 impostor pairs support" in chances.sureness(0.99999, "same", support)[1]
    assert chances.likelihood(2, chances.Support(1, 1)).endswith("1 impostor pair supports no finer claim")


def test_a_share_below_one_is_never_called_100_percent():
    assert numbers.percent(0.99999999) == "99.99 %"
    assert numbers.percent(1.0) == "100.00 %"
    assert numbers.percent(float("nan")) == numbers.percent(None) == "–"


def test_histogram_marks_stay_on_the_axis():
    frame = pd.DataFrame(
        {"cosine_distance": [0.1, 0.2, None], "threshold": [0.6] * 3, "is_genuine": [True, False, None]}
    )
    drawn = histogram.distance_histogram(frame)
    assert [series.kind for series in drawn.series] == ["genuine", "impostor"]
    assert drawn.low < 0.1 and drawn.high > 0.6
    assert drawn.place(-5) == histogram.MARGIN
    assert histogram.distance_histogram(frame.assign(cosine_distance=None)) is None
