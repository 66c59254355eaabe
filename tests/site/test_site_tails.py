"""The report's section on every two images says what its tables say, with hostile names as text."""

import shutil

import pandas as pd
import pytest

import fabricate
from html_pages import Page
from whyface.site import render_site
from whyface.site.words.numbers import count, fixed, percent

WHERE = "model=demo/collection=photos"


@pytest.fixture(scope="module")
def section(built):
    return Page(built / "demo/photos/index.html").text


def read(results, name):
    return pd.read_parquet(results / f"tables/{name}/{WHERE}/{name}.parquet")


def test_thresholds_are_those_of_the_table_in_three_measures(section, results):
    rows = read(results, "tails")
    assert len(rows) == 2
    for row in rows.itertuples():
        for value in (row.threshold, 1 - row.threshold, 2 * row.threshold):
            assert fixed(value, 4) in section
        assert count(row.false_matches, "pair") in section and count(row.impostors, "impostor pair") in section


def test_the_closest_strangers_are_named_and_lead_to_their_pages(built, results):
    html = (built / "demo/photos/index.html").read_text(encoding="utf-8")
    first = read(results, "strangers").iloc[0]
    assert fixed(first["cosine_distance"], 3) in html
    assert fabricate.HOSTILE not in html.replace("&lt;", "<a").split("The closest strangers")[1].split("</ol>")[0]
    assert (built / f"data/strangers/{WHERE}/strangers.parquet").is_file()
    assert (built / f"data/deep_det/{WHERE}/deep_det.parquet").is_file()


def test_thresholds_elsewhere_are_those_of_the_table(built, results):
    text = " ".join(Page(built / "demo/transfer.html").text.split())
    rows = pd.read_parquet(results / "tables/realised/model=demo/realised.parquet")
    elsewhere = rows[rows["set_on"] != rows["realised_on"]]
    assert len(elsewhere) == 4 and (rows["set_on"] == rows["realised_on"]).any()
    for row in elsewhere.itertuples():
        for word in (fixed(row.threshold, 4), percent(row.fnmr, 2), f"{row.fmr / row.fmr_target:.2g} times"):
            assert word in text
    assert "realised.parquet" in text


def test_without_the_table_there_is_no_section(few, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(few, folder)
    for name in ("tails", "strangers"):
        shutil.rmtree(folder / "tables" / name)
    render_site(fabricate.config(), folder, tmp_path / "site")
    html = (tmp_path / "site/demo/photos/index.html").read_text(encoding="utf-8")
    assert "Every two images" not in html
