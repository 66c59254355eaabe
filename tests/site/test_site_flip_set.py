"""A set of cells that turns a decision, on the page of its pair: the sentence, and the button that outlines it."""

from html import unescape

import pandas as pd
import pytest

import browsing
from whyface.site.views.flip_set import pair_flip_set
from whyface.site.words.flip_sets import flip_set

CELLS = ".stack .flip-set-cells"
FOUND = {"turned": True, "side": "a", "cells": [9, 10, 11, 18, 26], "cells_per_side": 8}


def page_of(pair_id):
    return f"demo/synth/p/000/{pair_id}/index.html"


@pytest.fixture(scope="module")
def table(results):
    return pd.read_parquet(results / "tables/flip_sets/model=demo/dataset=synth/flip_sets.parquet")


@pytest.fixture
def turned(table):
    """Return a row of the table with a set in face b."""
    return next(row for row in table.itertuples() if row.turned and row.side == "b")


def test_words_by_hand():
    assert flip_set({**FOUND, "holds": "mean blur black"}) == (
        "Covering 5 of the 64 cells of face A (8\u00a0% of it) turns the decision: "
        "with its mean colour, a blur or black; not with noise."
    )
    assert flip_set({**FOUND, "holds": "mean"}).endswith(": with its mean colour; not with a blur, noise or black.")
    assert flip_set({**FOUND, "holds": "mean blur noise black"}).endswith(
        ": with its mean colour, a blur, noise or black."
    )
    assert flip_set({"turned": False}) == (
        "No set of cells that turns the decision was found in either face, up to half of it."
    )
    assert flip_set({"turned": None}) == flip_set(None) == ""


def test_views_of_nothing_are_empty_and_of_no_set_have_no_cells():
    assert pair_flip_set(None) == pair_flip_set({"turned": None}) == {}
    assert pair_flip_set({"turned": False})["cells"] == ""
    view = pair_flip_set({**FOUND, "holds": "mean"})
    assert (view["cells"], view["side"], view["per_side"]) == ("9 10 11 18 26", "a", 8)


def test_pages_say_what_the_table_says(built, table):
    for row in table.to_dict("records"):
        page = unescape((built / page_of(row["pair_id"])).read_text(encoding="utf-8"))
        assert flip_set(row) in page and ('id="flip-set"' in page) == row["turned"]
    assert set(table["turned"]) == {True, False}


def test_pages_of_a_run_without_the_table_say_nothing(built):
    pages = list((built / "mobile/synth/p").rglob("index.html"))
    assert pages and not any("flip-set" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("gesture", ["mouse", "touch", "keyboard"])
def test_the_button_outlines_the_cells_and_takes_the_outline_away(site_url, browser, turned, gesture):
    with browsing.watched(browser, has_touch=gesture == "touch") as tab:
        tab.goto(site_url + page_of(turned.pair_id))
        button = tab.get_by_role("button", name="Show these cells")
        assert (
            tab.locator(CELLS).count() == 0 and min(button.bounding_box()[side] for side in ("width", "height")) >= 24
        )
        act = {"mouse": button.click, "touch": button.tap, "keyboard": lambda: button.press("Enter")}[gesture]
        act()
        assert button.get_attribute("aria-pressed") == "true"
        assert tab.locator(CELLS).count() == 1
        face = tab.locator("#faces figure").nth(1)
        assert face.locator(".flip-set-cells").count() == 1
        top, height = (face.locator(".stack").bounding_box()[name] for name in ("y", "height"))
        assert top >= 0 and top + height <= browsing.PHONE["height"] + 0.5, "on a phone, the face comes into view"
        act()
        assert button.get_attribute("aria-pressed") == "false" and tab.locator(CELLS).count() == 0


def test_the_outline_surrounds_the_cells(site_url, tab, turned):
    """Its box is that of the cells, and it draws only edges that lie between the set and the rest."""
    tab.goto(site_url + page_of(turned.pair_id))
    tab.get_by_role("button", name="Show these cells").click()
    box = tab.locator(".flip-set-cells .over").evaluate(
        "path => { const b = path.getBBox(); return [b.x, b.y, b.width, b.height]; }"
    )
    rows, columns = [cell // 8 for cell in turned.cells], [cell % 8 for cell in turned.cells]
    expected = [min(columns), min(rows), max(columns) - min(columns) + 1, max(rows) - min(rows) + 1]
    assert box == expected
    inside = {(cell % 8, cell // 8) for cell in turned.cells}
    borders = sum((x + dx, y + dy) not in inside for x, y in inside for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)))
    assert tab.locator(".flip-set-cells .over").get_attribute("d").count("M") == borders
    face, layer = (
        tab.locator(f"#faces figure:nth-child(2) .{name}").bounding_box() for name in ("stack", "flip-set-cells")
    )
    assert layer == pytest.approx(face, abs=0.5)


def test_in_print_and_without_scripts_the_sentence_stands_alone(built, browser, turned):
    with browsing.watched(browser, java_script_enabled=False) as page:
        page.goto((built / page_of(turned.pair_id)).as_uri())
        assert page.locator(".flip-set p").is_visible() and not page.locator("#flip-set").is_visible()
    with browsing.watched(browser) as page:
        page.goto((built / page_of(turned.pair_id)).as_uri())
        page.locator("#flip-set").click()
        page.emulate_media(media="print")
        assert page.locator(".flip-set p").is_visible()
        assert not page.locator("#flip-set").is_visible() and not page.locator(CELLS).is_visible()
