"""Users' columns from their lists to the pages: parsed, evaluated and shown, whatever WhyFace calls its own columns."""

import csv
import json
import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest

import browsing
import fabricate
import judge_flips
from conftest import REPOSITORY
from html_pages import Page
from whyface.evaluation.metrics_table import evaluate_dataset
from whyface.lists.images_csv import add_columns
from whyface.lists.protocols import list_pairs
from whyface.site import render_site
from whyface.site.words import numbers
from whyface.tables import parquet as tables
from whyface.tables import schemas

PLACE = "model=demo/dataset=synth"
N = 60
HALVES = ["left" if i % 4 < 2 else "right" for i in range(N)]
# Names that WhyFace itself gave to something, that break sloppy scripts, or that need quoting; and odd values.
OF_PAIRS = {
    **dict.fromkeys(("label", "faces", "found", "kind", "region", "all", "constructor"), HALVES),
    'the "yaw" <b>; &amp;': HALVES,
    "group.x#page": HALVES,
    "same (years)": ["a=b", "1", "1.0", "nan", "None", ""] * 10,
    "note": [f"no. {i}" for i in range(N)],
    "camera": ["one"] * N,
    "essay": ["x" * 10_000, "y"] * 30,
}
LEFT_OUT = {"note": "60 values", "camera": "one value", "essay": "a value of 10,000 characters"}
RANGES = {"age, difference": "more than 20 numbers: a range in the explorer"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a run whose pairs and images come from lists with further columns, and whose metrics are computed."""
    folder = fabricate.results(tmp_path_factory.mktemp("run"), pairs=N)
    of = {name: folder / f"tables/{name}" for name in ("images", "pairs", "faces", "scores", "confidence", "metrics")}
    path = of["images"] / "collection=synth/images.parquet"
    images = tables.read_table(path, schemas.IMAGES)
    lines = [("image_id", "light", "age")]
    lines += [(name, "dim" if i % 3 else "day", i**2 / 4) for i, name in enumerate(images.image_id)]
    images = add_columns(images, write_csv(folder / "images.csv", lines).parent)
    tables.write_table(images, path, schemas.IMAGES)
    path = of["pairs"] / "dataset=synth/pairs.parquet"
    listed = tables.read_table(path, schemas.PAIRS)
    lines = [("image_a", "image_b", "is_genuine", *OF_PAIRS)]
    lines += zip(listed.image_a, listed.image_b, listed.is_genuine.astype(int), *OF_PAIRS.values(), strict=True)
    pairs = list_pairs("pairs-csv", write_csv(folder / "pairs.csv", lines), folder, images, "synth")
    pairs = pairs.assign(pair_id=listed.pair_id, known_label_error=listed.known_label_error)
    tables.write_table(pairs, path, schemas.PAIRS)
    metrics, *_ = evaluate_dataset(
        pairs=pairs,
        scores=tables.read_table(of["scores"] / PLACE / "scores.parquet", schemas.SCORES),
        faces=tables.read_table(next(of["faces"].glob("collection=synth/*/faces.parquet")), schemas.FACES),
        images=images,
        confidence=tables.read_table(of["confidence"] / PLACE / "confidence.parquet", schemas.CONFIDENCE).iloc[:0],
        method="logistic",
    )
    tables.write_table(metrics, of["metrics"] / PLACE / "metrics.parquet", schemas.METRICS)
    judge(folder)
    return folder


def judge(folder):
    """Run the rule judge_flips."""
    kinds = ("pairs", "scores", "flips", "images", "faces")
    files = {
        name: next((folder / "tables" / name).rglob("*demo/*synth/*" if name in kinds[1:3] else "*=synth/**/*.parquet"))
        for name in kinds
    }
    output = SimpleNamespace(metrics=folder / f"tables/flip_metrics/{PLACE}/flip_metrics.parquet")
    judge_flips.main(SimpleNamespace(log=[folder / "judge.log"], input=SimpleNamespace(**files), output=output))


def write_csv(path, lines):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return path


@pytest.fixture(scope="module")
def site(run, tmp_path_factory):
    """Give its site."""
    folder = tmp_path_factory.mktemp("grouped") / "site"
    render_site(fabricate.config(), run, folder, REPOSITORY / "site_templates")
    return folder


def expected_groups():
    """Count the pairs of every group that users' columns of pairs make."""
    kept = {name: pd.Series(values) for name, values in OF_PAIRS.items() if name not in LEFT_OUT}
    return {name: values[values != ""].value_counts().to_dict() for name, values in kept.items()}


def test_every_column_has_its_own_rows_in_the_metrics(run):
    metrics = tables.read_table(run / f"tables/metrics/{PLACE}/metrics.parquet", schemas.METRICS)
    counts = metrics[metrics.metric == "accuracy"].set_index("group").n
    expected = expected_groups()
    assert len(expected) == 10
    for name, groups in expected.items():
        assert {value: counts[f"{name}={value}"] for value in groups} == groups, name
        assert sum(group.startswith(f"{name}=") for group in counts.index) == len(groups), name
    assert {group.partition("=")[2] for group in counts.index if group.startswith("light=")} <= LIGHTS
    assert counts["known label error=yes"] == 1 and counts["known label error=no"] == N - 1


LIGHTS = {"day + day", "day + dim", "dim + dim"}


def test_report_and_explorer_know_the_groups_of_the_metrics(run, site):
    groups = set(tables.read_table(run / f"tables/metrics/{PLACE}/metrics.parquet", schemas.METRICS).group) - {"all"}
    page = Page(site / "demo/synth/index.html")
    queries = [parse_qs(link.partition("#")[2], keep_blank_values=True) for _, link in page.links()]
    linked = {(key[6:], value) for query in queries for key, (value,) in query.items() if key.startswith("group.")}
    assert {f"{name}={value}" for name, value in linked} == {
        g for g in groups if not g.startswith("known label error=")
    }
    text = (site / "demo/synth/pairs-0.js").read_text(encoding="utf-8")
    columns = json.loads("[" + text[text.index("(") + 1 : text.rindex(")")] + "]")[2]["groups"]
    assert {*columns} == {name for name, _ in linked} | {*RANGES}


def group_tables(page):
    """Read the report's tables of groups: for each, its column, its head, and its rows as texts of cells by group."""
    for text in re.findall(
        r'<table class="wide-table groups">(.*?)</table>', page.read_text(encoding="utf-8"), re.DOTALL
    ):
        column, *lines = [
            [
                " ".join(unescape(re.sub("<[^>]+>", " ", cell)).split())
                for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)
            ]
            for row in ["<td>" + re.search("<bdi>(.*?)</bdi>", text)[1] + "</td>", *text.split("</tr>")[:-1]]
        ]
        yield column[0], lines[0], {name: cells for name, *cells in lines[1:]}


def test_shares_of_turned_decisions_stand_beside_the_error_rates_of_every_group(run, site):
    flips = tables.read_table(run / f"tables/flips/{PLACE}/flips.parquet", schemas.FLIPS).set_index("pair_id")[
        "flipped"
    ]
    pairs = tables.read_table(run / "tables/pairs/dataset=synth/pairs.parquet", schemas.PAIRS).set_index("pair_id")
    seen = 0
    for column, head, rows in group_tables(site / "demo/synth/index.html"):
        assert head == ["Group", "Accuracy", "FMR", "FNMR", "Turned by one patch", "Cllr"]
        for value, cells in rows.items():
            if column in pairs and value != "all pairs":
                own = flips[flips.index.isin(pairs.index[pairs[column] == value])].astype(float)
                share = "0" if not own.any() else numbers.percent(own.mean())
                assert re.fullmatch(rf"{share} .* of {len(own)} mapped pairs of [0-9]+ people", cells[3]), (
                    column,
                    cells,
                )
                seen += 1
    assert seen == sum(map(len, expected_groups().values()))
    turned = tables.read_table(run / f"tables/flip_metrics/{PLACE}/flip_metrics.parquet", schemas.FLIP_METRICS)
    assert turned["group"].str.startswith("known label error=").sum() == 2


def test_a_model_without_flips_has_no_such_column(site):
    said = [
        Page(site / f"{model}/synth/index.html").text.count("shares turned by one patch")
        for model in ("demo", "mobile")
    ]
    assert said == [2, 0], "with the shares over all, and with those of groups; one pair has no maps"
    heads = [head for _, head, _ in group_tables(site / "mobile/synth/index.html")]
    assert heads and all(head == ["Group", "Accuracy", "FMR", "FNMR", "Cllr"] for head in heads)


def test_the_report_says_which_columns_make_no_groups_and_why(site):
    text = " ".join(Page(site / "demo/synth/index.html").text.split())
    (said,) = re.findall(
        r"Columns without groups, which need 2 to 20 values of at most 100 characters: (.*?)\)\.", text
    )
    assert dict(one.split(" (", 1) for one in said.split("), ")) == LEFT_OUT | RANGES


@pytest.mark.browser
def test_each_group_of_the_report_leads_to_its_pairs(site, browser):
    expected = expected_groups()
    with browsing.watched(browser, viewport=browsing.DESK) as desk:
        desk.goto((site / "demo/synth/index.html").as_uri())
        links = desk.locator("#groups th a").evaluate_all("(all) => all.map((link) => link.href)")
        seen = 0
        for link in links:
            for key, (value,) in parse_qs(link.partition("#")[2]).items():
                if key.startswith("group.") and key[6:] in expected:
                    desk.goto(link)
                    desk.wait_for_selector("#count[data-loaded='60']", state="attached")
                    assert int(desk.get_attribute("#count", "data-selected")) == expected[key[6:]][value], link
                    seen += 1
    assert seen == sum(map(len, expected.values()))


def test_halves_differ_only_by_name(run):
    """Equal columns have equal rows: no column of WhyFace's own stands in for one of the user's."""
    metrics = tables.read_table(run / f"tables/metrics/{PLACE}/metrics.parquet", schemas.METRICS)
    values = [metrics[metrics.group == f"{name}=left"].value for name, v in OF_PAIRS.items() if v is HALVES]
    assert len(values) == 9
    for one in values:
        np.testing.assert_array_equal(one, values[0])
