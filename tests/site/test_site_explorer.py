"""The explorer: its index equals the tables; in a real browser it selects and sorts as pandas does."""

import json
import re
import shutil
from urllib.parse import parse_qs, unquote, urlencode

import numpy as np
import pandas as pd
import pytest

import browsing
import fabricate
from conftest import REPOSITORY
from whyface.evaluation.groups import collect_groups
from whyface.site import render_site
from whyface.site.views import explorer, pair_index
from whyface.tables import parquet as tables
from whyface.tables import schemas

TEMPLATES = REPOSITORY / "site_templates"
ERRORS = ("false-match", "false-non-match")
FLIP = ["flipped", "patch_px", "side", "margin"]
SURE = ["confidence", "margin"]  # ties in confidence are sorted by distance from the threshold


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a run whose pairs and images have group columns: hostile names, numbers, nulls."""
    folder = fabricate.results(tmp_path_factory.mktemp("run"), pairs=60)
    for dataset in fabricate.DATASETS:
        path = folder / f"tables/pairs/dataset={dataset}/pairs.parquet"
        pairs = pd.read_parquet(path)
        pairs["pose"] = [[fabricate.HOSTILE_GROUP, "frontal", None][i % 3] for i in range(len(pairs))]
        if dataset == "photos":
            pairs[f'yaw "{fabricate.HOSTILE}'] = np.where(np.arange(60) % 7, np.arange(60) - 29.5, np.nan)
        tables.write_table(pairs.drop(columns="dataset", errors="ignore"), path, schemas.PAIRS)
    path = folder / "tables/images/collection=photos/images.parquet"
    images = pd.read_parquet(path).drop(columns="collection", errors="ignore")
    images["camera"] = np.where(np.arange(len(images)) % 3, "phone", "still")
    tables.write_table(images, path, schemas.IMAGES)
    return folder


@pytest.fixture(scope="module")
def site(run, tmp_path_factory):
    """Give its site, the pairs of a model and dataset in three chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_index, "PER_CHUNK", 25)
        render_site(fabricate.config(), run, tmp_path_factory.mktemp("explored") / "site", TEMPLATES)
    return next(tmp_path_factory.getbasetemp().glob("explored*/site"))


@pytest.fixture(scope="module", params=browsing.ONE_OR_BOTH)
def root(request, site):
    """Give the address of the site's root, ending in a slash."""
    if request.param == "disk":
        yield site.as_uri() + "/"
    else:
        with browsing.served(site) as address:
            yield address


@pytest.fixture
def desk(browser):
    with browsing.watched(browser, viewport=browsing.DESK) as page:
        yield page


@pytest.fixture(scope="module")
def frame(run):
    """Give all pairs of all models and datasets in the order of the index."""
    return pd.concat(
        [evaluation(run, model, dataset) for dataset in fabricate.DATASETS for model in fabricate.MODELS],
        ignore_index=True,
    )


def evaluation(run, model, dataset):
    place = f"model={model}/dataset={dataset}"
    scores = pd.read_parquet(run / f"tables/scores/{place}/scores.parquet")
    pairs = pd.read_parquet(run / f"tables/pairs/dataset={dataset}/pairs.parquet")
    images = pd.read_parquet(run / f"tables/images/collection={dataset}/images.parquet")
    maps = pd.read_parquet(run / f"tables/explanations/{place}/explanations.parquet", columns=["pair_id"])
    flips = run / f"tables/flips/{place}/flips.parquet"
    flips = pd.read_parquet(flips) if flips.exists() else pd.DataFrame(columns=schemas.FLIPS.schema.names)
    scores = scores.round({"cosine_distance": 9, "confidence": 9})  # 1 - p of one pair and p of another differ by 1e-16
    joined = scores.assign(model=model, dataset=dataset, margin=(scores.cosine_distance - scores.threshold).abs())
    joined["has_maps"] = scores.pair_id.isin(maps.pair_id)
    joined = joined.join(pairs[["image_a", "image_b", "known_label_error"]])
    joined = joined.join(flips.set_index("pair_id")[FLIP].add_prefix("flip "), on="pair_id")
    return joined.join(collect_groups(pairs, images)[0].add_prefix("group "))


def script_arguments(text):
    """Read what a script of the index hands over."""
    return json.loads("[" + text[text.index("(") + 1 : text.rindex(")")] + "]")


def until(page, expression):
    """Wait for something to hold; Playwright's own way evaluates strings in the page, which its policy forbids."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {expression}")


def settle(page):
    """Wait until the page has drawn its state with all that belongs to it."""
    page.wait_for_selector("#explorer:not([hidden])")
    until(page, "document.getElementById('count').dataset.loaded > 0")
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50))")
    until(page, "(({ loaded, all }) => loaded === all)(document.getElementById('count').dataset)")


def visit(tab, root, **state):
    tab.goto(f"{root}explore.html#{urlencode(state)}")
    settle(tab)


def state_of(page):
    return {key: values[0] for key, values in parse_qs(page.url.partition("#")[2]).items()}


def selected(page):
    return int(page.get_attribute("#count", "data-selected"))


def shown(page):
    """List the pairs of the table's page: model, dataset, pair_id."""
    links = page.locator("#pairs tbody th a").evaluate_all("(all) => all.map((link) => link.getAttribute('href'))")
    return [(model, dataset, pair_id) for model, dataset, _, _, pair_id, _ in (link.split("/")[:6] for link in links)]


def keys(frame):
    return list(frame[["model", "dataset", "pair_id"]].itertuples(index=False, name=None))


# A state of the explorer, and what pandas makes of it.
FILTERS = {
    "nothing": ({}, lambda f: f.pair_id.notna()),
    "model": ({"model": "demo"}, lambda f: f.model == "demo"),
    "dataset": ({"dataset": "photos"}, lambda f: f.dataset == "photos"),
    "model and dataset": (
        {"model": "mobile", "dataset": "synth"},
        lambda f: (f.model == "mobile") & (f.dataset == "synth"),
    ),
    "outcome": ({"outcome": "true-match"}, lambda f: f.outcome == "true-match"),
    "errors": ({"outcome": "errors"}, lambda f: f.outcome.isin(ERRORS)),
    "unlabelled": ({"outcome": "unlabelled"}, lambda f: f.outcome.isna() & f.decision.notna()),
    "no decision": ({"outcome": "no-decision"}, lambda f: f.decision.isna()),
    "fold": ({"fold": "1"}, lambda f: f.fold == 1),
    "confidence": (
        {"confidence_min": "60", "confidence_max": "97.5"},
        lambda f: f.confidence.between(0.6, 0.975),
    ),
    "distance": (
        {"distance_min": "0.4", "distance_max": "0.81"},
        lambda f: (f.cosine_distance >= 0.4) & (f.cosine_distance < 0.81),
    ),
    "decided": ({"distance_max": "0.6"}, lambda f: f.decision == "same"),
    "maps": ({"maps": "1"}, lambda f: f.has_maps),
    "turned by one patch": ({"turned": "1"}, lambda f: f["flip flipped"].eq(True)),
    "turned errors of one model": (
        {"turned": "1", "outcome": "errors", "dataset": "photos"},
        lambda f: f["flip flipped"].eq(True) & f.outcome.isin(ERRORS) & (f.dataset == "photos"),
    ),
    "known label errors": ({"known": "1"}, lambda f: f.known_label_error != ""),
    "text of a pair": ({"text": "00003"}, lambda f: f.pair_id.str.contains("00003") | named(f, "00003")),
    "text of an image": ({"text": "<SCRIPT>"}, lambda f: named(f, "<script>")),
    "text of a label error": ({"text": "two names"}, lambda f: f.known_label_error.str.contains("two names")),
    "group": ({"group.pose": "frontal"}, lambda f: f["group pose"] == "frontal"),
    "hostile group": ({"group.pose": fabricate.HOSTILE_GROUP}, lambda f: f["group pose"] == fabricate.HOSTILE_GROUP),
    "group of images": ({"group.camera": "phone + still"}, lambda f: f["group camera"] == "phone + still"),
    "range of a group": (
        {f'from.yaw "{fabricate.HOSTILE}': "-5", f'to.yaw "{fabricate.HOSTILE}': "10.5"},
        lambda f: f[f'group yaw "{fabricate.HOSTILE}'].astype(float).between(-5, 10.5),
    ),
    "all at once": (
        {
            "dataset": "photos",
            "outcome": "errors",
            "fold": "0",
            "distance_min": "0.5",
            "group.pose": fabricate.HOSTILE_GROUP,
        },
        lambda f: (
            (f.dataset == "photos")
            & f.outcome.isin(ERRORS)
            & (f.fold == 0)
            & (f.cosine_distance >= 0.5)
            & (f["group pose"] == fabricate.HOSTILE_GROUP)
        ),
    ),
    "confident and mapped": (
        {"model": "demo", "maps": "1", "confidence_min": "90", "text": "person0"},
        lambda f: (f.model == "demo") & f.has_maps & (f.confidence >= 0.9) & named(f, "person0"),
    ),
}


def named(frame, text):
    a, b = (frame[f"image_{side}"].str.lower().str.contains(text, regex=False) for side in "ab")
    return a | b


SORTS = {
    "pair_id": ["pair_id"],
    "distance": ["cosine_distance"],
    "confidence": SURE,
    "fold": ["fold"],
    "patch": ["flip margin"],
    "decision": ["decision"],
    "model": ["model title"],
    "dataset": ["dataset title"],
    "outcome": ["outcome name"],
}


def in_order(frame, sort):
    """Sort as the explorer should."""
    titled = frame.assign(
        **{
            "model title": frame.model.map({"demo": "Demo network", "mobile": "mobile"}),
            "dataset title": frame.dataset.map({"synth": "Synthetic benchmark", "photos": "photos"}),
            "outcome name": frame.outcome.fillna("unlabelled").mask(frame.decision.isna(), "no-decision"),
        }
    )
    by = SORTS[sort.removeprefix("-")]
    return titled.sort_values(by, ascending=not sort.startswith("-"), kind="stable", na_position="last")


def test_index_and_chunks_hold_what_the_tables_hold(site, frame):
    text = (site / "index.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("window.WHYFACE_INDEX = ").rstrip(";\n"))
    assert [(one["model"], one["dataset"]) for one in index["evaluations"]] == list(
        dict.fromkeys(zip(frame.model, frame.dataset, strict=True))
    )
    start, names = 0, set()
    for one in index["evaluations"]:
        assert one["chunks"] == 3 and one["pairs"] == 60
        for number in range(one["chunks"]):
            text = (site / f"{one['path']}/pairs-{number}.js").read_text(encoding="utf-8")
            assert not set("<>&\u2028\u2029") & set(text)
            names |= set(script_arguments(text)[2]["images"])
            path, found, columns = script_arguments(text)
            expected = frame[start : start + 25 if number < 2 else start + 10]
            start += len(expected)
            assert (path, found) == (one["path"], number)
            check_columns(columns, expected)
    assert start == len(frame) and fabricate.HOSTILE in names


def check_columns(columns, expected):
    def decoded(column):
        return [column["values"][code] for code in column["codes"]]

    assert columns["pair_id"].split(" ") == expected.pair_id.tolist()
    for side in "ab":
        assert [columns["images"][i] for i in columns[side]] == expected[f"image_{side}"].tolist()
    for name, source in (("distance", "cosine_distance"), ("confidence", "confidence")):
        np.testing.assert_allclose(np.array(columns[name], float), expected[source], atol=1e-9)
    outcomes = expected.outcome.fillna("unlabelled").mask(expected.decision.isna(), "no-decision")
    assert decoded(columns["outcome"]) == outcomes.tolist()
    assert decoded(columns["known_label_error"]) == expected.known_label_error.tolist()
    assert decoded(columns["maps"]) == expected.has_maps.tolist()
    flipped = [None if pd.isna(one) else one for one in expected["flip flipped"]]
    assert decoded(columns["turned"]) == flipped and decoded(columns["patch"]) == [
        *map(patch_words, *flip_of(expected))
    ]
    np.testing.assert_allclose(
        np.array(decoded(columns["flip_margin"]), float), expected["flip margin"].astype(float), atol=1e-9
    )


def flip_of(frame):
    return [frame[f"flip {name}"] for name in FLIP[:3]]


def patch_words(flipped, patch_px, side):
    """Say what turns a decision, in the words of the table's cells; None if that is unknown."""
    if pd.isna(flipped):
        return None
    return f"{int(patch_px)} px, face {side.upper()}" if flipped else "none up to 28 px"


def test_group_columns_are_named_as_in_the_metrics_and_numbers_become_ranges():
    pairs = pd.DataFrame({"image_a": ["a", "b", "b"], "image_b": ["b", "c", "b"], "fold": 0, "gap": [1.0, 2.5, None]})
    pairs = pd.concat([pairs] * 10, ignore_index=True).assign(
        same="x", yaw=np.arange(30) / 2, note=list("abcdefghijklmnopqrstuvwxyzABCD")
    )
    images = pd.DataFrame({"image_id": ["a", "b", "c"], "pose": ["profile", "frontal", None], "path": ["1", "2", "3"]})
    found, _ = collect_groups(pairs, images)
    assert list(found.columns) == ["gap", "yaw", "pose"]
    assert found.gap.tolist()[:3] == ["1", "2.5", None] and found.yaw.tolist()[:2] == [0.0, 0.5]
    assert found.pose.tolist()[:3] == ["frontal + profile", None, "frontal + frontal"]


def test_a_text_with_many_values_in_the_collection_is_no_group_column_though_the_pairs_show_few():
    pairs = pd.DataFrame({"image_a": ["0", "1"], "image_b": ["1", "2"], "fold": 0})
    images = pd.DataFrame({"image_id": [str(i) for i in range(21)], "path": "x"})
    text, number = images.image_id + ".jpg", images.image_id.astype(float)
    found, _ = collect_groups(pairs, images.assign(camera=text, age=number**2))
    assert found.to_dict("list") == {"age, difference": ["1", "3"]}


def test_numbers_of_images_become_the_difference_between_the_two():
    images = pd.DataFrame({"image_id": [str(i) for i in range(30)], "age": np.arange(30.0) ** 2})
    pairs = pd.DataFrame({"image_a": images.image_id[:25], "image_b": images.image_id[5:].to_numpy()})
    found = collect_groups(pairs, images)[0]["age, difference"]
    assert found.tolist() == [(i + 5.0) ** 2 - i**2 for i in range(25)]


def test_the_page_lists_the_worst_errors_without_javascript(site, frame, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "explore.html").as_uri())
    assert not page.locator("#explorer").is_visible()
    found = [
        link.split("/")
        for link in page.locator(".pair-table tbody th a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    ]
    found = pd.DataFrame([(link[0], link[1], link[4]) for link in found], columns=["model", "dataset", "pair_id"])
    for (model, dataset), part in found.groupby(["model", "dataset"]):
        one = frame[(frame.model == model) & (frame.dataset == dataset)]
        wrong = one[one.outcome.isin(ERRORS)].sort_values(SURE, ascending=False)
        rest = one.drop(wrong.index).sort_values(SURE)
        assert len(wrong) and part.pair_id.tolist() == pd.concat([wrong, rest]).pair_id.tolist()[: explorer.MOST_ROWS]
    page.click(".pair-table tbody th a >> nth=0")
    assert found.pair_id[0] in page.title()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("root", browsing.BOTH, indirect=True)
def test_every_filter_counts_what_pandas_counts(root, frame, desk):
    for name, (state, mask) in FILTERS.items():
        visit(desk, root, **state)
        expected = frame[mask(frame).astype(bool)]
        assert selected(desk) == len(expected), name
        assert len(expected) > 0 and (name == "nothing") == (len(expected) == len(frame)), name
        assert shown(desk) == keys(expected)[:25], name


@pytest.mark.browser
def test_the_histogram_counts_the_selected_pairs_by_kind(root, frame, desk):
    visit(desk, root, dataset="photos", distance_min="0.45")
    photos = frame[(frame.dataset == "photos") & frame.cosine_distance.notna()]
    inside = photos[photos.cosine_distance >= 0.45]
    expected = [
        f"{kind} {(inside.is_genuine == is_it).sum()} of {(photos.is_genuine == is_it).sum()}"
        for kind, is_it in (("genuine", True), ("impostor", False))
    ]
    expected.append(f"unlabelled {inside.is_genuine.isna().sum()} of {photos.is_genuine.isna().sum()}")
    assert desk.locator("#brush .lane").all_text_contents() == expected


@pytest.mark.browser
def test_thresholds_are_marked_where_they_are_those_of_all_pairs(root, desk):
    visit(desk, root, model="demo")
    assert not desk.locator("#brush .threshold").count()
    visit(desk, root, model="demo", dataset="synth")
    assert desk.locator("#brush .lane").last.text_content() == "threshold 0.600"


@pytest.mark.browser
@pytest.mark.parametrize("direction", ["", pytest.param("-", marks=pytest.mark.slow)])
def test_sort_order_is_that_of_pandas(root, frame, desk, direction):
    for sort in SORTS:
        visit(desk, root, sort=direction + sort)
        every = keys(in_order(frame, direction + sort))
        expected = [every[start : start + 25] for start in range(0, 240, 25)]
        assert len(every) == 240
        assert shown(desk) == expected[0], direction + sort
        # Ties are long: every page of one order, the last one of the others.
        if sort == "outcome":
            for page in expected[1:]:
                desk.click("[data-step='1']")
                settle(desk)
                assert shown(desk) == page, direction + sort
            assert not desk.locator("[data-step='1']").is_enabled()
        else:
            visit(desk, root, sort=direction + sort, page=len(expected))
            assert shown(desk) == expected[-1], direction + sort


@pytest.mark.browser
def test_groups_of_a_report_lead_to_their_pairs(root, frame, desk):
    of_report = frame[(frame.model == "demo") & (frame.dataset == "synth")]
    counts = {"all pairs": len(of_report), **of_report["group pose"].value_counts()}
    desk.goto(root + "demo/synth/index.html")
    links = {one.text_content(): one.get_attribute("href") for one in desk.locator("#groups th a").all()}
    assert links.keys() == {"all pairs", fabricate.HOSTILE_GROUP}  # the explorer lacks the others
    for name, href in links.items():
        desk.goto(root + href.removeprefix("../../"))
        settle(desk)
        assert selected(desk) == counts[name]


@pytest.mark.browser
def test_ready_views_keep_the_choice_of_model_and_dataset(root, frame, desk):
    visit(desk, root, model="demo", dataset="photos", text="person")
    desk.click("text=Worst errors")
    settle(desk)
    assert state_of(desk) == {"model": "demo", "dataset": "photos", "outcome": "errors", "sort": "-confidence"}
    one = frame[(frame.model == "demo") & (frame.dataset == "photos") & frame.outcome.isin(ERRORS)]
    assert shown(desk) == keys(in_order(one, "-confidence"))
    assert desk.get_attribute("text=Worst errors", "aria-current") == "true"
    desk.click("text=Least sure")
    settle(desk)
    assert shown(desk)[0][2] == one_least_sure(frame)


def one_least_sure(frame):
    one = frame[(frame.model == "demo") & (frame.dataset == "photos")]
    return in_order(one, "confidence").pair_id.iloc[0]


@pytest.mark.browser
def test_the_ready_view_of_turned_decisions_lists_them_closest_first_with_their_patches(root, frame, desk):
    visit(desk, root, model="demo")
    desk.click("#views >> text=Turned by one patch")
    settle(desk)
    assert state_of(desk) == {"model": "demo", "turned": "1", "sort": "patch"}
    assert desk.is_checked("[name=turned]")
    assert desk.get_attribute("#views >> text=Turned by one patch", "aria-current") == "true"
    expected = in_order(frame[frame["flip flipped"].eq(True)], "patch")
    assert 0 < selected(desk) == len(expected) and shown(desk) == keys(expected)[:25]
    cells = desk.locator("#pairs td[data-name='turned by']").all_text_contents()
    assert cells == [*map(patch_words, *flip_of(expected[:25]))] and len(set(cells)) > 4
    desk.uncheck("[name=turned]")
    settle(desk)
    assert state_of(desk) == {"model": "demo", "sort": "patch"}
    assert desk.get_attribute("th[data-key=patch]", "aria-sort") == "ascending"
    cells = desk.locator("#pairs td[data-name='turned by']").all_text_contents()
    rest = in_order(frame[frame.model == "demo"], "patch")
    assert cells == [patch_words(*one) or "–" for one in zip(*flip_of(rest[:25]), strict=True)]
    visit(desk, root, model="mobile")
    assert set(desk.locator("#pairs td[data-name='turned by']").all_text_contents()) == {"–"}


def test_a_run_without_flips_has_no_such_filter_column_or_view(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "results", ignore=shutil.ignore_patterns("flips", "site"))
    render_site(fabricate.config(), copy, tmp_path / "site", TEMPLATES)
    text = (tmp_path / "site/explore.html").read_text(encoding="utf-8")
    assert "turned" not in text and "Patch that" not in text


@pytest.mark.browser
@pytest.mark.parametrize("root", browsing.BOTH, indirect=True)
def test_controls_write_the_address_and_back_and_reload_restore_it(root, frame, desk):
    visit(desk, root)
    desk.select_option("[name=dataset]", "photos")
    settle(desk)
    desk.select_option("[name=outcome]", "errors")
    settle(desk)
    desk.locator("[name=confidence_min]").press_sequentially("90")
    settle(desk)
    until(desk, "location.hash.includes('confidence_min=90')")
    photos = frame[frame.dataset == "photos"]
    wrong = photos.outcome.isin(ERRORS)
    expected = [wrong & (photos.confidence >= 0.9), wrong, photos.pair_id != ""]
    assert selected(desk) == expected[0].sum()
    desk.reload()
    settle(desk)
    assert selected(desk) == expected[0].sum() and desk.input_value("[name=confidence_min]") == "90"
    for mask in expected[1:]:  # what was typed is one step
        desk.go_back()
        settle(desk)
        assert selected(desk) == mask.sum()
    assert desk.input_value("[name=outcome]") == "" and desk.input_value("[name=dataset]") == "photos"
    desk.go_forward()
    settle(desk)
    assert selected(desk) == expected[1].sum() and desk.input_value("[name=outcome]") == "errors"
    desk.click("[type=reset]")
    settle(desk)
    assert state_of(desk) == {} and selected(desk) == len(frame)


@pytest.mark.browser
def test_fields_of_other_datasets_are_put_away(root, desk):
    visit(desk, root)
    camera = desk.locator("[name='group.camera']")
    assert camera.is_visible()
    desk.select_option("[name=dataset]", "synth")
    settle(desk)
    assert not camera.is_visible() and desk.locator("[name='group.pose']").is_visible()


def bars(desk):
    """Edges of the histogram's bars, and their places in the window."""
    edges = desk.evaluate(
        "(({ edges }) => edges)(whyface.histogram.scale(...((ends) => [Math.min(...ends), Math.max(...ends)])"
        "(whyface.chunks.evaluations(new URLSearchParams(location.hash.slice(1))).flatMap((one) => one.distances))))"
    )
    box = desk.locator("#brush svg").bounding_box()
    places = np.interp(edges, [edges[0], edges[-1]], [box["x"] + 8, box["x"] + box["width"] - 8])
    return edges, places, box["y"] + box["height"] / 2


def within(frame, low, high):
    return int(((frame.cosine_distance >= low) & (frame.cosine_distance < high)).sum())


@pytest.mark.browser
def test_dragging_across_the_histogram_chooses_a_range(root, frame, desk):
    visit(desk, root)
    edges, places, y = bars(desk)
    middle = (places[1:] + places[:-1]) / 2
    desk.mouse.move(middle[30], y)
    desk.mouse.down()
    desk.mouse.move(middle[20], y, steps=7)
    desk.mouse.move(middle[12], y, steps=7)
    desk.mouse.up()
    settle(desk)
    until(desk, f"location.hash.includes('distance_min={edges[12]}')")
    assert state_of(desk) == {"distance_min": str(edges[12]), "distance_max": str(edges[31])}
    assert 0 < selected(desk) == within(frame, edges[12], edges[31]) < len(frame)
    desk.go_back()
    settle(desk)
    assert selected(desk) == len(frame)


@pytest.mark.browser
def test_clicking_a_bar_chooses_it_and_clicking_again_lets_go(root, frame, desk):
    visit(desk, root, model="demo")
    demo = frame[frame.model == "demo"]
    edges, places, y = bars(desk)
    counts = np.histogram(demo.cosine_distance.dropna(), edges)[0]
    bar = int(counts.argmax())
    for expected in (counts[bar], len(demo)):
        desk.mouse.click((places[bar] + places[bar + 1]) / 2, y)
        settle(desk)
        assert selected(desk) == expected
    assert state_of(desk) == {"model": "demo"}


@pytest.mark.browser
def test_the_handles_choose_a_range_by_keyboard(root, frame, desk):
    visit(desk, root)
    edges, _, _ = bars(desk)
    desk.focus("[name=low]")
    for _ in range(10):
        desk.keyboard.press("ArrowRight")
    desk.focus("[name=high]")
    for _ in range(15):
        desk.keyboard.press("ArrowLeft")
    settle(desk)
    assert selected(desk) == within(frame, edges[10], edges[-16])
    assert desk.get_attribute("[name=high]", "aria-valuetext") == str(edges[-16])
    until(desk, f"location.hash.includes('distance_max={edges[-16]}')")
    desk.keyboard.press("End")
    desk.focus("[name=low]")
    desk.keyboard.press("Home")
    settle(desk)
    assert state_of(desk) == {} and selected(desk) == len(frame)


@pytest.mark.browser
def test_from_the_top_of_the_page_to_a_pair_and_back_by_keyboard_alone(root, frame, desk):
    visit(desk, root)

    def tab_to(selector):
        for _ in range(120):
            desk.keyboard.press("Tab")
            if desk.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to("#views a[href*='errors']")
    desk.keyboard.press("Enter")
    settle(desk)
    tab_to("[name=model]")
    desk.keyboard.press("d")
    settle(desk)
    tab_to("th[data-key=distance] button")
    desk.keyboard.press("Enter")
    settle(desk)
    tab_to("#pairs tbody a")
    desk.keyboard.press("Enter")
    expected = in_order(frame[(frame.model == "demo") & frame.outcome.isin(ERRORS)], "distance")
    desk.wait_for_url(f"**/{expected.pair_id.iloc[0]}/index.html**")
    desk.wait_for_selector("#neighbours a[href*='explore.html#']")
    tab_to("#neighbours a[href*='explore.html#']")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/explore.html**")
    settle(desk)
    assert shown(desk) == keys(expected)


@pytest.mark.browser
def test_rows_tell_the_pair_s_page_how_they_were_found(root, desk):
    visit(desk, root, outcome="errors", sort="-confidence", text="a&b=c")
    desk.fill("[name=text]", "")
    settle(desk)
    until(desk, "!location.hash.includes('text')")
    link = desk.locator("#pairs tbody th a").first.get_attribute("href")
    assert unquote(link.split("#in=")[1]) == desk.url.partition("#")[2]


@pytest.mark.browser
def test_selection_load_gives_the_list_that_the_explorer_shows(root, frame, desk):
    state = {"dataset": "photos", "outcome": "errors", "sort": "-confidence"}
    desk.goto(f"{root}demo/photos/p/000/000001/index.html")
    up = "../../../../../"
    for script in ("chunks", "filters", "selection"):
        desk.add_script_tag(url=f"{up}static/{script}.js")
    found = desk.evaluate(
        "([up, state]) => whyface.selection.load(up, new URLSearchParams(state))", [up, urlencode(state)]
    )
    photos = frame[(frame.dataset == "photos") & frame.outcome.isin(ERRORS)]
    assert [(one["model"], one["dataset"], one["pair_id"]) for one in found] == keys(in_order(photos, "-confidence"))
    for one in found:
        assert one["page"] == f"{one['model']}/photos/p/{one['pair_id'][:-3]}/{one['pair_id']}/index.html"


@pytest.mark.browser
def test_one_model_and_dataset_load_only_their_own_chunks(root, desk):
    asked = []
    desk.on("request", lambda request: asked.append(request.url))
    visit(desk, root, model="mobile", dataset="photos")
    chunks = [url.removeprefix(root) for url in asked if re.search("pairs-[0-9]+.js", url)]
    assert chunks == [f"mobile/photos/pairs-{number}.js" for number in range(3)]


@pytest.mark.browser
def test_what_is_loaded_so_far_is_shown_and_said(site, frame, browser):
    held = []
    with browsing.served(site) as root, browsing.watched(browser, viewport=browsing.DESK) as page:
        page.route("**/mobile/synth/pairs-1.js", lambda route: held.append(route))
        page.goto(f"{root}explore.html", wait_until="commit")
        until(page, "document.getElementById('count')?.dataset.loaded === '85'")
        assert page.inner_text("#count") == "85 of 240 pairs, so far"
        assert page.locator("#progress").is_visible() and shown(page) == keys(frame)[:25]
        held[0].continue_()
        settle(page)
        assert page.inner_text("#count") == "240 of 240 pairs" and not page.locator("#progress").is_visible()


@pytest.mark.browser
def test_a_missing_chunk_is_said(site, frame, browser, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    (copy / "demo/synth/pairs-1.js").unlink()
    page = browser.new_context().new_page()
    page.goto((copy / "explore.html").as_uri())
    until(page, "document.getElementById('count').dataset.loaded === '215'")
    until(page, "document.getElementById('count').textContent.includes('could not be loaded')")
    assert selected(page) == len(frame) - 25
    page.context.close()


@pytest.mark.browser
def test_hostile_names_are_text_and_fit_a_phone(root, tab):
    visit(tab, root, text="<script>")
    assert fabricate.HOSTILE in tab.locator("#pairs bdi").all_text_contents()
    assert tab.locator("#pairs script, #pairs img[src=x], #filters img").count() == 0
    options = tab.locator("[name='group.pose'] option").all_text_contents()
    assert fabricate.HOSTILE_GROUP in options
    tab.click("#filters summary")
    assert tab.locator("[name=text]").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.browser
def test_maps_lie_over_the_faces_of_those_pairs_that_have_them(root, frame, desk):
    visit(desk, root, model="demo", dataset="synth")
    assert not desk.locator("#pairs img.map").count()
    desk.check("#show-maps")
    settle(desk)
    assert state_of(desk)["show"] == "maps"
    one = frame[(frame.model == "demo") & (frame.dataset == "synth")]
    assert desk.locator("#pairs img.map").count() == 2 * one.has_maps[:25].sum()
    assert desk.evaluate("getComputedStyle(document.querySelector('#pairs img.map')).mixBlendMode") == "color"
    desk.locator("#pairs img").evaluate_all("all => all.forEach(image => { image.loading = 'eager' })")
    until(desk, "Array.from(document.querySelectorAll('#pairs img')).every((one) => one.naturalWidth > 0)")
    alts = desk.locator("#pairs img:not(.map)").evaluate_all("all => all.map(image => image.alt)")
    assert alts[:2] == [f"Face {side} of pair {one.pair_id.iloc[0]}" for side in "AB"]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(site, browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport=browsing.DESK, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    visit(page, site.as_uri() + "/", model="demo", dataset="photos", distance_min="0.5", sort="distance", show="maps")
    found = axe.run(page).response["violations"]
    context.close()
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
