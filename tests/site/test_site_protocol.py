"""The page on a pair list: every number on it is in the table, and names are text."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest

import fabricate
from browsing import DESK, watched
from conftest import REPOSITORY
from html_pages import Page
from whyface.evaluation.check_words import CHECKS
from whyface.lists.findings import FAULT, NOTE, OK
from whyface.site.content.evaluation import load_evaluation
from whyface.site.views.home import home as home_page
from whyface.site.views.protocol import protocol_page, verdict_on_list
from whyface.site.views.shown import Shown
from whyface.site.words.numbers import count
from whyface.site.words.vocabulary import MAP_METHODS


def words_of(page):
    return " ".join(Page(page).text.split())


def written(row):
    """Every way in which the page may write what a row says."""
    numbers = [one for one in (row.value, row.n, row.fold) if not pd.isna(one)]
    texts = {f"{one:,.1f}".removesuffix(".0") for one in numbers}
    if not pd.isna(row.value):
        share = 100 * row.value
        texts |= {f"{share:.1f}", f"{share:.2f}", f"{min(share, 99.99):.2f}", f"{min(share, 99.9):.1f}"}
        texts |= {f"{row.value:.1f}"} | (
            {f"{math.floor(round(row.value, 6)):,}"} if row.check.endswith("_pairs_apart") else set()
        )
    return texts


def check_numbers(page, table):
    """Check that every number on a page, but those of its own prose, is in the table; returns how many there are."""
    html = page.read_text(encoding="utf-8")
    known = set().union(*(written(row) for row in table.itertuples()))
    cells = re.findall(r'<td class="number">([^<]*)(?:<small>([\d,]+) of them</small>)?', html)
    bold = re.findall(r"<b>(?:Fault|Note)\. [^:]*: (.*?)\.</b>", html)
    prose = re.findall(r"show ([\d,.]+) people, who could make ([\d,.]+) pairs", html)
    shown = [text for found in (*cells, *prose) for text in found] + bold
    numbers = [one for text in shown for one in re.findall(r"[\d,]+(?:\.\d+)?", text)]
    assert set(numbers) <= known, set(numbers) - known
    return len(numbers)


def check_findings(page, table):
    """Check that every fault and note of the table is on the page, and no other."""
    text = page.read_text(encoding="utf-8")
    for kind, status in {"Fault": FAULT, "Note": NOTE}.items():
        rows = table[(table["status"] == status) & table["check"].isin([*CHECKS])]
        few = (table["status"] == status) & table["check"].isin(["group_genuine", "group_impostor"])
        assert text.count(f"<b>{kind}. ") == len(rows) + few.any()
    told = table["detail"].ne("") & table["status"].ne(OK) & table["check"].isin([*CHECKS])
    assert len(re.findall(r'<bdi class="[a-z ]*examples">', text)) == told.sum()


@pytest.mark.parametrize("dataset", fabricate.DATASETS)
def test_numbers_and_findings_are_those_of_the_table(built, results, dataset):
    table = pd.read_parquet(results / f"tables/protocol/dataset={dataset}/protocol.parquet")
    page = built / f"protocol/{dataset}.html"
    assert check_numbers(page, table) > 50
    check_findings(page, table)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["synth-lfw", "synth-cfp-ff", "synth-cfp-fp", "synth-calfw", "synth-twins"])
def test_numbers_and_findings_of_the_default_run_are_those_of_its_tables(dataset):
    site = REPOSITORY / "results/site"
    if not (site / "index.html").exists():
        pytest.skip("results/site is absent: uv run snakemake --cores 8 makes it")
    table = pd.read_parquet(REPOSITORY / f"results/tables/protocol/dataset={dataset}/protocol.parquet")
    assert check_numbers(site / f"protocol/{dataset}.html", table) > 50
    check_findings(site / f"protocol/{dataset}.html", table)
    assert not (table["status"] == FAULT).any()


def test_reports_and_the_start_page_lead_to_it(built, results):
    table = pd.read_parquet(results / "tables/protocol/dataset=synth/protocol.parquet")
    faults = count(int((table["status"] == FAULT).sum()), "fault")
    assert f"Pair list. {faults}, " in words_of(built / "demo/synth/index.html")
    assert ("a", "../../protocol/synth.html") in Page(built / "demo/synth/index.html").links()
    assert ("a", "protocol/synth.html") in Page(built / "index.html").links()


def test_the_start_page_counts_the_faults_beside_the_link(built, results, shown):
    home = (built / "index.html").read_text(encoding="utf-8")
    for dataset in fabricate.DATASETS:
        table = pd.read_parquet(results / f"tables/protocol/dataset={dataset}/protocol.parquet")
        faults = count(int((table["status"] == FAULT).sum()), "fault")
        assert f'<a href="protocol/{dataset}.html">Pair list: <b>{faults}</b></a>' in home
    noted = replace(of_rows(shown, ("folds", 0.0, 9.0, NOTE)), scales=dict.fromkeys(MAP_METHODS, 1.0))
    assert home_page([noted])["rows"][0]["list_faults"] == "", "notes are not counted there"


def test_sizes_stand_in_the_table_fold_by_fold(built, results):
    pairs = pd.read_parquet(results / "tables/pairs/dataset=synth/pairs.parquet")
    text = (built / "protocol/synth.html").read_text(encoding="utf-8")
    for name, chosen in {"All pairs": pairs, "Fold 1": pairs[pairs["fold"] == 1]}.items():
        numbers = [len(chosen), int(chosen["is_genuine"].sum()), int((~chosen["is_genuine"]).sum())]
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        assert f'<th scope="row">{name}</th>{cells}' in text


@pytest.fixture(scope="module")
def shown(results):
    return Shown(load_evaluation(fabricate.config(), results, "demo", "synth"), fabricate.config(), {})


def of_rows(shown, *rows):
    """Replace the table by rows of check, value, n and status."""
    made = [
        {"check": check, "value": value, "n": n, "status": status, "detail": "x", "fold": None, "group": None}
        for check, value, n, status in rows
    ]
    sizes = [(name, 0) for name in ("pairs", "genuine", "impostor", "people", "images")]
    made += [{**made[0], "check": name, "value": value, "n": None, "status": OK} for name, value in sizes]
    return replace(shown, evaluation=replace(shown.evaluation, protocol=made))


def test_faults_come_first_and_are_counted(shown):
    one = of_rows(
        shown,
        ("near_duplicates", 1.0, 1200.0, NOTE),
        ("pairs_listed_twice", 3.0, 1200.0, FAULT),
        ("pairs_with_both_labels", 2.0, 1200.0, FAULT),
        ("duplicate_files", 0.0, 900.0, OK),
        ("fold_size_ratio", 3.25, 9.0, NOTE),
    )
    page = protocol_page([one])
    assert verdict_on_list(one) == page["verdict"] == "2 faults, 2 notes."
    assert [(fault["title"], fault["value"]) for fault in page["faults"]] == [
        ("Pairs listed as genuine and as impostor", "2 of 1,200"),
        ("Pairs that repeat another", "3 of 1,200"),
    ]
    assert [note["value"] for note in page["notes"]] == ["1 of 1,200", "3.2 times"]
    assert page["passed"] == ["Images whose file is there under another name too"]


def test_lists_with_nothing_wrong_say_so_and_unexamined_ones_nothing(shown):
    assert verdict_on_list(of_rows(shown, ("duplicate_files", 0.0, 9.0, OK))) == "No fault, no note."
    assert verdict_on_list(replace(shown, evaluation=replace(shown.evaluation, protocol=[]))) == ""


def test_small_groups_are_one_note_with_ten_of_them(shown):
    one = of_rows(shown, ("fmr_pairs_apart", 4.999999999999998, 12.0, NOTE))
    rows = [
        {**one.evaluation.protocol[0], "check": f"group_{label}", "value": 3.0, "group": f"age={place}", "detail": ""}
        for place in range(24)
        for label in ("genuine", "impostor")
    ]
    one = replace(one, evaluation=replace(one.evaluation, protocol=[*one.evaluation.protocol, *rows]))
    page = protocol_page([one])
    assert page["verdict"] == "No fault, 2 notes."
    assert page["scarce"]["title"] == "24 groups have fewer than 30 pairs of a class"
    assert page["scarce"]["detail"].endswith("; and 14 more") and page["scarce"]["detail"].count("age=") == 10
    assert [row["name"] for row in page["groups"]][8:11] == ["age=8", "age=9", "age=10"]
    assert page["notes"][0]["value"] == "5" and page["apart"]["fmr"]["value"] == "5"


def test_every_check_that_may_be_a_fault_or_a_note_has_words(results):
    checks = set().union(
        *(pd.read_parquet(results / f"tables/protocol/dataset={name}")["check"] for name in fabricate.DATASETS)
    )
    measured = re.compile(
        "group_genuine|group_impostor|pairs|genuine|impostor|people|images|lowest_.*|.*_width.*|.*_missing"
    )
    plain = {check for check in checks if measured.fullmatch(check) or re.search("_uses_mean|_top_", check)}
    assert checks - plain <= {*CHECKS}


@pytest.mark.browser
@pytest.mark.parametrize("options", [{}, {"viewport": DESK, "color_scheme": "dark"}], ids=["phone", "desk"])
def test_the_page_fits_its_window(built, browser, options):
    with watched(browser, **options) as page:
        page.goto((built / "protocol/photos.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.get_by_role("heading", name="What is wrong").is_visible()
