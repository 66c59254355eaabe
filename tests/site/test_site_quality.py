"""The report says how errors go with quality, and whether ratios that know the image are used."""

import shutil

import pandas as pd
import pytest

import fabricate
from html_pages import Page
from whyface.site import render_site
from whyface.site.views.quality import DISCARDED, NAMES
from whyface.site.words.numbers import fixed, percent

WHERE = "model={}/dataset=synth"


def read(results, name, model="demo"):
    return pd.read_parquet(results / f"tables/{name}/{WHERE.format(model)}/{name}.parquet")


def text_of(page):
    return " ".join(Page(page).text.split())


@pytest.fixture(scope="module")
def report(built):
    return text_of(built / "demo/synth/index.html")


def test_areas_and_rates_are_those_of_the_tables(report, results, built):
    areas, curves = (read(results, name).query("error == 'fnmr'") for name in ("discard_areas", "discards"))
    section = report.split("which images make it err?")[1].split("As files:")[0]
    assert len(areas) > 3
    for row in areas.itertuples():
        rates = curves[curves["quality"] == row.quality].set_index("discarded")["rate"]
        shown = [percent(rates.iloc[at], 2) for at in DISCARDED]
        assert "".join([NAMES[row.quality], *shown, fixed(row.area, 2)]) in section
    for name in ("discards", "discard_areas"):
        assert (built / f"data/{name}/{WHERE.format('demo')}/{name}.parquet").is_file()


def test_ratios_that_know_the_image_stand_beside_the_plain_ones_only_where_they_are_used(report, results, built):
    says = "its Cllr is 0.121 instead of 0.130 (difference −0.009, 95 % interval −0.015 to −0.003). So pages"
    assert f"If the method also knows the qualities of the images, {says}" in report
    assert "knows the qualities" not in text_of(built / "mobile/synth/index.html"), "nothing could be compared"
    pair = read(results, "conditional").dropna().iloc[0].pair_id
    assert "Knowing the images" in text_of(built / f"demo/synth/p/000/{pair}/index.html")
    assert "Knowing the images" not in text_of(built / f"mobile/synth/p/000/{pair}/index.html")


def test_without_the_tables_there_is_neither(few, tmp_path):
    folder = shutil.copytree(few, tmp_path / "results")
    for name in ("discards", "discard_areas", "conditional", "conditional_choice"):
        shutil.rmtree(folder / "tables" / name)
    render_site(fabricate.config(), folder, tmp_path / "site")
    report = text_of(tmp_path / "site/demo/synth/index.html")
    assert "which images make it err?" not in report and "knows the qualities" not in report
