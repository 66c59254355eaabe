"""Pairs whose maps failed are counted, say why, and leave the other maps as they are."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from test_site_pages import snippet

import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.maps import iter_maps, read_pair_maps
from whyface.tables import parquet
from whyface.tables.schemas import EXPLANATIONS

DETAIL = "image b: no embedding under 3 of 25 masks"


def explanations(run, dataset):
    return run / f"tables/explanations/model=demo/dataset={dataset}/explanations.parquet"


def fail(path, which):
    """Let the maps of some pairs fail."""
    about, frame = parquet.read_about(path), parquet.read_table(path, EXPLANATIONS)
    own = frame["pair_id"].isin(frame["pair_id"].unique()[which])
    frame.loc[own, ["status", "detail"]] = "failed", DETAIL
    kind = pd.ArrowDtype(pq.read_schema(path).field("map").type)
    frame["map"] = pd.array([None] * len(frame), kind) if own.all() else frame["map"].mask(own, None)
    parquet.write_table(frame, path, EXPLANATIONS, about)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run whose maps failed: of three pairs of synth, the first and the last among them, and all of photos."""
    run = fabricate.results(tmp_path_factory.mktemp("failed") / "results")
    fail(explanations(run, "synth"), [0, 4, -1])
    fail(explanations(run, "photos"), slice(None))
    return run


@pytest.fixture(scope="module")
def site(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("failed-site") / "site"
    render_site(fabricate.config(), run, folder, REPOSITORY / "site_templates")
    return folder


def text(page):
    return " ".join(Page(page).text.split())


def test_the_maps_that_exist_are_read_with_their_pairs(run):
    one = load_evaluation(fabricate.config(), run, "demo", "synth")
    frame = parquet.read_table(explanations(run, "synth"), EXPLANATIONS)
    known = frame[frame["status"] == "ok"]
    assert list(one.failed_maps) == sorted(frame.loc[frame["status"] != "ok", "pair_id"].unique())
    assert set(one.failed_maps.values()) == {DETAIL} and not set(one.failed_maps) & set(one.methods)
    names = [name for batch, _ in iter_maps(one) for name in batch]
    assert names == sorted(known["pair_id"].unique()) == sorted(one.methods)
    by_key = known.set_index(["pair_id", "method", "side"])["map"]
    for maps in read_pair_maps(one, names):
        for method, values in zip(one.map_methods, maps.values, strict=True):
            for side, own in zip("ab", values, strict=True):
                np.testing.assert_array_equal(own.ravel(), by_key[maps.pair_id, method, side].astype(np.float32))


def test_pages_say_which_maps_failed_and_how_many(run, site):
    one = load_evaluation(fabricate.config(), run, "demo", "synth")
    selected = len(one.failed_maps) + len(one.methods)
    sentence = f"3 of {selected} selected pairs have no map: under some masks, the model gives no embedding."
    for page in ("index.html", "regions.html"):
        assert sentence in text(site / "demo/synth" / page)
    for pair_id in one.pairs.pair_id:
        said = text(site / one.pair_path(pair_id) / "index.html")
        assert (f"No maps, although this pair was selected: {DETAIL}." in said) == (pair_id in one.failed_maps)
        assert (site / one.pair_path(pair_id) / "maps.js").exists() == (pair_id in one.methods)
    assert "selected pairs have no map" not in text(site / f"{fabricate.MODELS[1]}/synth/index.html")


def test_a_set_in_which_all_maps_failed_has_no_maps(run, site):
    pairs = parquet.read_table(explanations(run, "photos"), EXPLANATIONS)["pair_id"].nunique()
    assert f"{pairs} of {pairs} selected pairs have no map: under some masks" in text(site / "demo/photos/index.html")
    assert not (site / "demo/photos/regions.html").exists()


def test_the_snippet_for_maps_takes_one_that_exists(site, monkeypatch, capsys):
    monkeypatch.chdir(site)
    exec(snippet(site, "map"), {})
    assert "[[" in capsys.readouterr().out
