"""A site of very many pairs: only those with maps have pages, and the explorer shows the others."""

import pandas as pd
import pytest

import browsing
import fabricate
from browsing import until
from conftest import REPOSITORY
from html_pages import Page, pages
from whyface.site import render_site
from whyface.tables import parquet as tables
from whyface.tables import schemas


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a run in which few pairs have maps."""
    folder = fabricate.results(tmp_path_factory.mktemp("run"), pairs=60)
    for path in folder.glob("tables/explanations/*/*/explanations.parquet"):
        about, table = tables.read_about(path), tables.read_table(path, schemas.EXPLANATIONS)
        about.pop("table")
        few = table[table.pair_id.isin(table.pair_id.unique()[:6])]
        tables.write_table(few, path, schemas.EXPLANATIONS, about)
    return folder


@pytest.fixture(scope="module")
def site(run):
    """Give its site, as if it had too many pairs."""
    pairs = sum(len(pd.read_parquet(path)) for path in run.glob("tables/scores/*/*/scores.parquet"))
    config = fabricate.config()
    config["site"]["pair_pages"] = pairs - 1
    render_site(config, run, run.parent / "site", REPOSITORY / "site_templates")
    return run.parent / "site"


def mapped(run, evaluation):
    model, dataset = evaluation.split("/")
    path = run / f"tables/explanations/model={model}/dataset={dataset}/explanations.parquet"
    table = pd.read_parquet(path, columns=["pair_id", "status"])
    return sorted(table.pair_id[table.status == "ok"].unique())


EVALUATIONS = [f"{model}/{dataset}" for model in fabricate.MODELS for dataset in fabricate.DATASETS]


def test_pairs_with_maps_have_pages_and_no_others(run, site):
    numbers = []
    for evaluation in EVALUATIONS:
        found = sorted(path.parent.name for path in site.glob(f"{evaluation}/p/*/*/index.html"))
        assert found == mapped(run, evaluation)
        numbers.append(len(found))
    assert min(numbers) > 0 and max(numbers) <= 6


def test_all_faces_are_there_but_scripts_only_of_those_on_pages(site):
    on_pages = set()
    for page in site.glob("*/*/p/*/*/index.html"):
        scripts = (attrs["data-script"] for _, attrs in Page(page).tags if "data-script" in attrs)
        on_pages |= {(page.parent / script).resolve() for script in scripts}
    assert {path.resolve() for path in site.glob("faces/**/*.js")} == on_pages
    assert len(on_pages) < len([*site.glob("faces/**/*.webp")])


def test_every_link_leads_somewhere(site):
    beyond = 0
    for page in pages(site):
        for link, path, fragment in Page(page).local_links():
            assert path.exists(), (page, link)
            beyond += path.name == "explore.html" and "text=" in fragment
    assert beyond  # some link leads to a pair without a page


def test_pages_lead_from_one_pair_with_maps_to_the_next(run, site):
    ids = mapped(run, "demo/photos")
    for place, pair_id in enumerate(ids):
        page = Page(site / f"demo/photos/p/{pair_id[:-3] or 0}/{pair_id}/index.html")
        links = {
            attrs["rel"]: attrs["href"].split("/")[-2]
            for tag, attrs in page.tags
            if attrs.get("rel") in ("prev", "next")
        }
        assert links == {
            **({"prev": ids[place - 1]} if place else {}),
            **({"next": ids[place + 1]} if place + 1 < len(ids) else {}),
        }
        assert f"{place + 1} of {len(ids)} with maps" in page.text


@pytest.mark.browser
def test_the_explorer_links_pairs_with_pages_and_shows_the_others(run, site, browser):
    with browsing.watched(browser, viewport=browsing.DESK) as desk:
        desk.goto(f"{site.as_uri()}/explore.html#model=demo&dataset=photos")
        desk.wait_for_selector("#explorer:not([hidden])")
        until(desk, "document.querySelectorAll('#pairs tbody tr').length === 25")
        rows = desk.locator("#pairs tbody tr").evaluate_all(
            "(rows) => rows.map((row) => [row.cells[0].textContent, Boolean(row.querySelector('th a'))])"
        )
        assert [has_page for _, has_page in rows] == [pair_id in mapped(run, "demo/photos") for pair_id, _ in rows]
        assert {has_page for _, has_page in rows} == {True, False}
        assert desk.get_by_text("Only pairs with maps have a page").is_visible()


@pytest.mark.browser
def test_a_link_to_a_pair_without_a_page_shows_its_row(run, site, browser):
    report = Page(site / "demo/photos/index.html")
    link = next(link for link, _, fragment in report.local_links() if "text=" in fragment)
    with browsing.watched(browser, viewport=browsing.DESK) as desk:
        desk.goto(f"{site.as_uri()}/demo/photos/{link}")
        until(desk, "document.querySelectorAll('#pairs tbody tr').length === 1")
        assert desk.locator("#pairs tbody th").inner_text() == link.rpartition("text=")[2]


def test_neighbours_in_a_selection_are_pairs_with_pages(run, site, browser):
    ids = mapped(run, "demo/photos")
    with browsing.watched(browser, viewport=browsing.DESK) as desk:
        first = f"{site.as_uri()}/demo/photos/p/{ids[0][:-3] or 0}/{ids[0]}/index.html"
        desk.goto(f"{first}#in=model%3Ddemo%26dataset%3Dphotos")
        until(desk, f"document.getElementById('neighbours').innerText.includes('1 of {len(ids)} in this selection')")
        desk.locator("#neighbours [rel=next]").click()
        until(desk, f"document.getElementById('neighbours').dataset.pair === '{ids[1]}'")
