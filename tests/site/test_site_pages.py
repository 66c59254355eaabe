"""Start, regions, method and data page: complete, equal to the tables, and their live parts work in a real browser."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

import browsing
import fabricate
from html_pages import Page
from whyface.faces.regions import face_regions
from whyface.site import render_site
from whyface.site.content import averages
from whyface.site.content.evaluation import load_evaluation
from whyface.site.views import provenance
from whyface.site.words import numbers
from whyface.tables import parquet as tables
from whyface.tables.schemas import EXPLANATIONS, FACES, PAIRS, SELECTION

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATES = REPOSITORY / "site_templates"
KINDS = (
    *("index.html", "method.html", "data.html", "about.html", "demo/photos/regions.html", "demo/synth/regions.html"),
    *("demo/photos/index.html", "demo/photos/rows.html", "demo/transfer.html", "compare/photos/index.html"),
)


def text_of(page: Path) -> str:
    """Text of a page, white space made plain."""
    found = re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))
    return " ".join(unescape(found).split())


def table(results: Path, name: str, place: str) -> pd.DataFrame:
    return pd.read_parquet(results / f"tables/{name}/{place}/{name}.parquet")


def averaged_pairs(results: Path, dataset: str) -> pd.DataFrame:
    """Pairs that are averaged: with maps, and a face found in both images."""
    faces = next((results / f"tables/faces/collection={dataset}").rglob("faces.parquet"))
    status = pd.read_parquet(faces).set_index("image_id").status
    pairs = table(results, "pairs", f"dataset={dataset}")
    pairs = pairs.merge(table(results, "scores", f"model=demo/dataset={dataset}")[["pair_id", "outcome"]])
    mapped = table(results, "selection", f"model=demo/dataset={dataset}").pair_id
    found = pairs.image_a.map(status).eq("ok") & pairs.image_b.map(status).eq("ok")
    return pairs[pairs.pair_id.isin(mapped) & found]


def maps_of(results: Path, dataset: str) -> pd.Series:
    """Read the maps of the first model, by method, pair and side."""
    frame = table(results, "explanations", f"model=demo/dataset={dataset}")
    return frame.set_index(["method", "pair_id", "side"])["map"]


def evaluation(results: Path, dataset: str):
    return load_evaluation(fabricate.config(), results, "demo", dataset)


@pytest.mark.parametrize("dataset", ["synth", "photos"])
def test_averages_are_those_of_a_slow_transcription(results, dataset):
    found = averages.average_maps(evaluation(results, dataset), "five-point")
    chosen = averaged_pairs(results, dataset)
    maps = table(results, "explanations", f"model=demo/dataset={dataset}").set_index(["method", "pair_id", "side"])[
        "map"
    ]
    regions = face_regions("five-point", fabricate.MAP_SIDE)
    assert found.regions == tuple(regions) and list(found.methods) == list(fabricate.METHODS)
    for place, group in enumerate(found.groups):
        expected = chosen if not group.column else chosen[chosen[group.column] == group.value]
        for method, means in found.methods.items():
            of_pairs = []
            for pair_id in expected.pair_id:
                sides = [maps[method, pair_id, side].astype(float).reshape(regions["nose"].shape) for side in "ab"]
                of_pairs.append((sides[0] + sides[1]) / 2)
            assert means.counts[place] == len(of_pairs) == group.members.sum()
            mean = sum(of_pairs) / len(of_pairs)
            np.testing.assert_allclose(means.maps[place], mean, atol=1e-9)
            for at, region in enumerate(regions.values()):
                assert means.regions[place, at] == pytest.approx(mean[region].mean(), abs=1e-9)


def test_every_outcome_and_group_with_averaged_pairs_is_there(results):
    found = averages.average_maps(evaluation(results, "photos"), "five-point")
    outcomes = averaged_pairs(results, "photos").outcome.dropna().unique()
    assert {group.value for group in found.groups if group.column == "outcome"} == set(outcomes)
    assert found.groups[0].column == "" and found.groups[0].members.all()


def flat(results: Path, tmp_path: Path, values: np.ndarray, people: str) -> averages.Means:
    """Average flat maps of one value a pair, whose pairs share no person or all are of the same ones."""
    copy = shutil.copytree(results / "tables", tmp_path / "tables")
    pairs = table(results, "pairs", "dataset=synth")
    subjects = {f"subject_{s}": [f"{s}{i}" if people == "own" else s for i in range(len(pairs))] for s in "ab"}
    tables.write_table(pairs.assign(**subjects), copy / "pairs/dataset=synth/pairs.parquet", PAIRS)
    rows = [(p, s, "all-to-all", "corrected") for p in pairs.pair_id[: len(values)] for s in "ab"]
    frame = pd.DataFrame(rows, columns=["pair_id", "side", "method", "variant"])
    frame = frame.assign(status="ok", detail="", agreement=1.0, agreement_low=1.0)
    frame["map"] = [np.full(16, value, np.float32) for value in np.repeat(values, 2)]
    tables.write_table(
        frame, copy / "explanations/model=demo/dataset=synth/explanations.parquet", EXPLANATIONS, {"map_px": "4"}
    )
    one = load_evaluation(fabricate.config(), tmp_path, "demo", "synth")
    return averages.average_maps(one, "none").methods["all-to-all"]


def test_intervals_of_independent_pairs_have_the_width_of_the_textbook(results, tmp_path):
    values = np.random.default_rng(0).normal(1, 2, 59)
    means = flat(results, tmp_path, values, "own")
    textbook = values.std(ddof=1) / np.sqrt(len(values))
    assert means.regions[0] == pytest.approx(values.mean(), abs=1e-5)
    errors = [spread.error for spread in means.spreads[0]]
    # Never narrower; wider by what leaving a person out costs.
    assert errors == pytest.approx([textbook * np.sqrt(59 / 58)] * len(errors), rel=2e-2)


def test_too_few_pairs_get_no_interval_and_no_verdict(results, tmp_path):
    few = flat(results, tmp_path, np.arange(averages.LEAST_PAIRS - 1) + 1.0, "own")
    assert np.isnan([one.error for one in few.spreads[0]]).all() and not np.isnan(few.regions).any()


def test_pairs_of_the_same_two_people_get_no_interval(results, tmp_path):
    means = flat(results, tmp_path, np.arange(20.0), "same")
    assert np.isnan([one.reach for one in means.spreads[0]]).all()
    assert means.spreads[0][0].people == 2


def test_differences_are_wrong_less_right_of_one_kind_of_pair(results):
    found = averages.average_maps(evaluation(results, "photos"), "five-point")
    assert found.contrasts
    for method in found.methods.values():
        for place, (wrong, right) in enumerate(found.contrasts):
            kinds = found.groups[wrong].value, found.groups[right].value
            assert kinds in averages.CONTRASTS
            np.testing.assert_allclose(method.differences[place], method.regions[wrong] - method.regions[right])


def test_the_mean_face_is_the_mean_of_the_crops():
    crops = np.random.default_rng(0).integers(0, 256, (600, 4, 4, 3), dtype=np.uint8)
    rows = np.arange(0, 600, 2)
    expected = np.rint(crops[rows].astype(float).mean(axis=0))
    np.testing.assert_array_equal(averages.mean_face(crops, rows), expected)


def test_regions_page_shows_its_averages_and_how_many_of_how_many(built, results):
    for dataset in ("synth", "photos"):
        page = built / f"demo/{dataset}/regions.html"
        text, chosen = text_of(page), averaged_pairs(results, dataset)
        mapped = table(results, "selection", f"model=demo/dataset={dataset}").pair_id
        assert f"Maps exist for {len(mapped)} of 60 pairs" in text
        assert f"on average over {len(chosen)} pairs" in text
        assert ("left out here" in text) == (len(chosen) < len(mapped))
        found = averages.average_maps(evaluation(results, dataset), "five-point")
        means = found.methods["all-to-all"]
        shown = re.search(r'<table class="means">.*?</table>', page.read_text(encoding="utf-8"), re.DOTALL)[0]
        cells = re.findall(r'<td class="number">([^<]*?)\s*[<(]', shown)
        columns = sum(group.column in ("", "outcome") for group in found.groups)
        plain = means.regions[:columns]
        unit = int(np.floor(np.log10(np.abs(plain).max())))
        assert cells == [numbers.fixed(value, 2) for value in (plain / 10.0**unit).T.ravel()]


def test_regions_page_says_why_pairs_were_selected(few, tmp_path):
    copy = shutil.copytree(few, tmp_path / "results")
    path = copy / "tables/selection/model=demo/dataset=synth/selection.parquet"
    reasons = pd.read_parquet(path).assign(reason=lambda frame: ["error"] * 3 + ["sample"] * (len(frame) - 3))
    tables.write_table(reasons, path, SELECTION)
    render_site(fabricate.config(), copy, tmp_path / "site", TEMPLATES)
    assert "3 wrong and" in text_of(tmp_path / "site/demo/synth/regions.html")
    assert "over-represented" in text_of(tmp_path / "site/demo/synth/regions.html")
    assert "over-represented" not in text_of(tmp_path / "site/demo/photos/regions.html")


def test_mean_maps_lie_over_the_mean_face(built, results):
    crops = np.load(results / "aligned/synth/five-point-112px/crops.npy")
    pairs = averaged_pairs(results, "synth")
    images = table(results, "faces", "collection=synth/alignment=five-point-112px").image_id
    rows = np.flatnonzero(images.isin({*pairs.image_a, *pairs.image_b}))
    face = np.asarray(Image.open(built / "demo/synth/regions/face.webp").convert("RGB"), float)
    assert np.abs(face - crops[rows].mean(axis=0)).mean() < 3
    named = re.findall(r'data-[a-z-]+="([^"]+regions/[^"]+)"', (built / "demo/synth/regions.html").read_text())
    assert named and all((built / "demo/synth" / name).resolve().is_file() for name in named)


def test_without_faces_regions_have_outlines_and_no_face(few, tmp_path):
    render_site(fabricate.config(images="none"), few, tmp_path / "site", TEMPLATES)
    assert not list(tmp_path.rglob("face.webp"))
    page = (tmp_path / "site/demo/synth/regions.html").read_text()
    assert 'href="#outline"' in page and "face.webp" not in page
    assert "face.webp" not in (tmp_path / "site/index.html").read_text()


def test_without_a_face_found_nothing_is_averaged_and_nothing_leads_there(few, tmp_path):
    copy = shutil.copytree(few, tmp_path / "results")
    for path in copy.glob("tables/faces/**/faces.parquet"):
        tables.write_table(pd.read_parquet(path)[FACES.schema.names].assign(status="centre-crop"), path, FACES)
    render_site(fabricate.config(), copy, tmp_path / "site", TEMPLATES)
    home = Page(tmp_path / "site/index.html")
    ids = {attrs.get("id") for _, attrs in home.tags}
    assert {anchor for _, target, anchor in home.local_links() if anchor and target == home.path} <= ids
    assert "nothing to average" in text_of(tmp_path / "site/demo/synth/regions.html")


def test_home_states_totals_and_leads_to_everything(built, results):
    scores = pd.read_parquet(results / "tables/scores")
    page = (built / "index.html").read_text(encoding="utf-8")
    assert f"Explore {len(scores):,} pairs" in text_of(built / "index.html")
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page)}
    assert {"explore.html#outcome=errors&sort=-confidence", "explore.html#sort=confidence"} <= links
    for model in fabricate.MODELS:
        for dataset in fabricate.DATASETS:
            one = scores[(scores.model == model) & (scores.dataset == dataset)]
            wrong = one.outcome.isin(["false-match", "false-non-match"]).sum()
            errors = f"explore.html#model={model}&dataset={dataset}&outcome=errors&sort=-confidence"
            assert f'{errors.replace("&", "&amp;")}">{wrong}</a>' in page
            assert {f"{model}/{dataset}/index.html", f"{model}/{dataset}/regions.html"} <= links


def test_every_page_leads_to_the_main_pages(built):
    for kind in KINDS:
        nav = re.search(r'<nav aria-label="Site">(.*?)</nav>', (built / kind).read_text(encoding="utf-8"), re.DOTALL)[1]
        names = [unescape(name) for name in re.findall(r">([^<]+)</a>", nav)]
        assert names == ["Explore", "Reports", "Regions", "Trust", "Method", "Data", "Limits & sources"]


def snippet(built: Path, name: str) -> str:
    page = (built / "data.html").read_text(encoding="utf-8")
    return unescape(re.search(rf'<code id="snippet-{name}">(.*?)</code>', page, re.DOTALL)[1])


@pytest.mark.parametrize("name", ["pandas", "duckdb", "map"])
def test_snippets_run_on_the_site(built, results, name):
    if name == "duckdb" and importlib.util.find_spec("duckdb") is None:
        pytest.skip("duckdb is not installed; nothing else needs it")
    done = subprocess.run(
        [sys.executable, "-c", snippet(built, name)], cwd=built, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if name == "map":
        assert done.stdout.startswith("000000 all-to-all a")
    else:
        scores = pd.read_parquet(results / "tables/scores")
        surest = scores[scores.outcome == "false-match"].sort_values("confidence", ascending=False)
        for row in surest[:5].itertuples():
            assert re.search(rf"{row.model}\W+{row.dataset}\W+{row.pair_id}\W+{str(row.confidence)[:6]}", done.stdout)


def test_data_page_describes_every_file_and_column(built):
    page = (built / "data.html").read_text(encoding="utf-8")
    offered = sorted(path.relative_to(built).as_posix() for path in (built / "data").rglob("*.parquet"))
    assert sorted(re.findall(r'<li><a href="([^"]+)" download>', page)) == offered
    for path in offered:
        frame = pd.read_parquet(built / path)
        section = re.search(rf'<article class="table-doc" id="{path.split("/")[1]}">(.*?)</article>', page, re.DOTALL)[
            1
        ]
        assert f'>{path.removeprefix("data/")}</a> <span class="number">{len(frame):,} row' in section
        columns = re.findall(r'<th scope="row"><code>([^<]+)</code>', section)
        assert set(frame.columns) - {"model", "dataset", "collection", "alignment"} <= set(columns)


def test_data_page_holds_the_whole_config(built):
    page = (built / "data.html").read_text(encoding="utf-8")
    shown = unescape(re.search(r'<pre class="config"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)[1])
    assert yaml.safe_load(shown) == json.loads(json.dumps(fabricate.config()))


def test_time_and_memory_are_what_the_benchmark_files_say(tmp_path):
    jobs = (
        ("embed_images/demo/one", 5.5, "NA"),
        ("align_faces/one/five", 60, 1536),
        ("align_faces/two/five", 10, 12),
        ("embed_images/other/one", 99, 9999),  # a model of another run
        ("occlude_images/demo/one/shard-1-of-1", 7200, "-"),
        ("list_pairs/v1.5", 0.2, 90),
        ("render_site", 3, 100),
    )
    for place, job in enumerate(jobs):
        os.utime(fabricate.benchmark(tmp_path, *job), (1e9, 1e9 + place))
    (tmp_path / "benchmarks/summarise").mkdir()
    (tmp_path / "benchmarks/summarise/demo.tsv").write_text("s\tmax_rss\nNA\tNA\n")
    (tmp_path / "benchmarks/summarise/one.tsv").write_text("")
    found = provenance.stages(tmp_path, {"one", "two", "five", "demo", "v1.5", "shard-1-of-1"})
    assert [tuple(one.values()) for one in found] == [
        ("embed_images", "1", "5.5 s", "5.5 s", "–"),
        ("align_faces", "2", "1 min 10 s", "1 min 0 s", "1.6 GB"),
        ("occlude_images", "1", "2 h 0 min", "2 h 0 min", "–"),
        ("list_pairs", "1", "0.2 s", "0.2 s", "94 MB"),
        ("render_site", "1", "3.0 s", "3.0 s", "105 MB"),
    ]
    assert list(found[0]) == ["name", "jobs", "time", "longest", "memory"]
    assert provenance.stages(tmp_path / "elsewhere", {"one"}) == []


def test_data_page_shows_stages_and_the_engine_where_it_is_known(built):
    page = (built / "data.html").read_text(encoding="utf-8")
    row = re.search(r'<tr><th scope="row"><code>embed_images</code></th>(.*?)</tr>', page)[1]
    assert re.findall(r">([^<]+)</td>", row) == ["1", "1 min 16 s", "1 min 16 s", "852 MB"]
    engines = {
        name: fabricate.ENGINE in entries
        for name, entries in re.findall(r"<h4>(.*?)</h4>(.*?)</article>", page, re.DOTALL)
    }
    assert engines == {f"{m}/{d}": m == "demo" for m in fabricate.MODELS for d in fabricate.DATASETS}


def test_the_config_keeps_of_absolute_paths_only_the_names(tmp_path):
    sets = {
        "a": {"path": "/home/ann/private/lfw.tgz"},
        "b": {"url": "file:///srv/b.zip"},
        "c": {"url": "https://x.org/c"},
    }
    config = {
        "collections": sets,
        "run": {"models": []},
        "occlusion": {"shards": 1},
        "list": ["~/d.csv", "e/f.csv", 3],
    }
    found = yaml.safe_load(provenance.provenance(config, [], tmp_path, tmp_path)["config"])
    assert found["collections"] == {"a": {"path": "lfw.tgz"}, "b": {"url": "b.zip"}, "c": {"url": "https://x.org/c"}}
    assert found["list"] == ["d.csv", "e/f.csv", 3]


def test_the_commit_is_git_s_and_empty_without_git(tmp_path):
    assert provenance.commit(tmp_path) == ""
    if not shutil.which("git"):
        pytest.skip("git is absent")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert provenance.commit(tmp_path) == head


def test_spans_of_time_and_small_numbers_in_words():
    assert [numbers.duration(s) for s in (0.04, 9.96, 12, 200, 7500)] == [
        "0.0 s",
        "10.0 s",
        "12 s",
        "3 min 20 s",
        "2 h 5 min",
    ]
    assert numbers.scientific(3.44e-4) == "3.4\u00a0×\u00a010⁻⁴"
    assert [numbers.joined(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def live(page: str, name: str) -> dict[str, str]:
    """Attributes of a live example, and the words of its reading."""
    figure = re.search(rf'<figure class="live[^>]*id="{name}"([^>]*)>(.*?)</figure>', page, re.DOTALL)
    words_of = dict(re.findall(r'data-of="(\w+)">([^<]*)<', figure[2]))
    return {**dict(re.findall(r'data-([\w-]+)="([^"]*)"', figure[1])), **words_of}


def test_the_line_of_the_method_page_counts_what_pandas_counts(built, results):
    found = live((built / "method.html").read_text(encoding="utf-8"), "threshold")
    scores = table(results, "scores", "model=demo/dataset=synth").dropna(subset=["cosine_distance", "is_genuine"])
    thresholds = [float(value) for value in found["thresholds"].split()]
    for kind, label in (("genuine", True), ("impostor", False)):
        distances = scores.cosine_distance[scores.is_genuine == label]
        assert int(found[kind]) == len(distances)
        assert found[f"{kind}-below"] == " ".join(str((distances < value).sum()) for value in thresholds)
    at = thresholds.index(float(found["threshold"]))
    accepted = int(found["impostor-below"].split()[at])
    assert found["accepted"] == f"{accepted} of {found['impostor']} impostor pairs"
    assert found["fmr"] == numbers.percent(accepted / int(found["impostor"]))


def test_the_patch_of_the_method_page_reads_the_run_s_own_map(built, results):
    page = (built / "method.html").read_text(encoding="utf-8")
    found = live(page, "cover")
    pair_id = re.search(r'/p/\d+/(\d+)/index.html">The pair', page)[1]
    maps = maps_of(results, "synth")
    values = np.array([int(value) for value in found["values"].split()]) * float(found["scale"]) / 1000
    np.testing.assert_allclose(
        values, maps["all-to-all", pair_id, "a"].astype(float), atol=float(found["scale"]) / 1999
    )
    strongest = values[np.abs(values).argmax()]
    assert found["effect"] == ("pushes the two faces apart" if strongest > 0 else "brings the two faces together")


def test_a_run_without_maps_has_no_patch_and_no_regions(few, tmp_path):
    ignored = shutil.ignore_patterns("explanations", "benchmarks")
    copy = shutil.copytree(few, tmp_path / "results", ignore=ignored)
    render_site(fabricate.config(), copy, tmp_path / "site", TEMPLATES)
    data = text_of(tmp_path / "site/data.html")
    assert "Not recorded: the results held no measurements" in data and fabricate.ENGINE not in data
    assert "not recorded" in data  # where the collections came from
    page = (tmp_path / "site/method.html").read_text(encoding="utf-8")
    assert 'id="cover"' not in page and 'id="threshold"' in page
    assert not list(tmp_path.rglob("regions.html")) and "regions.html" not in (tmp_path / "site/index.html").read_text()


@pytest.mark.browser
def test_moving_the_line_moves_the_errors(built, results, tab):
    scores = table(results, "scores", "model=demo/dataset=synth").dropna(subset=["cosine_distance", "is_genuine"])
    tab.goto((built / "method.html").as_uri())
    slider = tab.locator("#threshold input")
    top = int(slider.get_attribute("max"))
    for place in (0, top // 3, top):
        slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", str(place))
        value = float(tab.inner_text("#threshold [data-of=threshold]"))
        genuine, impostor = (scores.cosine_distance[scores.is_genuine == label] for label in (True, False))
        accepted, rejected = (impostor < value).sum(), (genuine >= value).sum()
        assert tab.inner_text("#threshold [data-of=accepted]").startswith(f"{accepted} of {len(impostor)} ")
        assert tab.inner_text("#threshold [data-of=rejected]").startswith(f"{rejected} of {len(genuine)} ")
        assert tab.inner_text("#threshold [data-of=fmr]") == numbers.percent(accepted / len(impostor))
        assert tab.inner_text("#threshold [data-of=fnmr]") == numbers.percent(rejected / len(genuine))
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    assert float(tab.inner_text("#threshold [data-of=threshold]")) < value


@pytest.mark.browser
def test_dragging_the_patch_reads_the_map_at_its_place(built, tab):
    tab.goto((built / "method.html").as_uri())
    found = live((built / "method.html").read_text(encoding="utf-8"), "cover")
    side, values = int(found["side"]), [int(value) for value in found["values"].split()]
    tab.locator(".cover-face").scroll_into_view_if_needed()
    box = tab.locator(".cover-face").bounding_box()
    tab.mouse.move(box["x"] + 5, box["y"] + 5)
    tab.mouse.down()
    for x, y in ((7, 3), (side - 2, side - 4)):
        tab.mouse.move(box["x"] + (x + 0.5) / side * box["width"], box["y"] + (y + 0.5) / side * box["height"])
        assert [tab.input_value("#cover [name=x]"), tab.input_value("#cover [name=y]")] == [str(x), str(y)]
        value = values[y * side + x] * float(found["scale"]) / 1000
        shown = numbers.scientific(abs(value)) if value else "0"
        assert tab.inner_text("#cover [data-of=value]") == ("−" if value < 0 else "") + shown
        assert ("apart" in tab.inner_text("#cover [data-of=effect]")) == (value > 0)


@pytest.mark.browser
def test_mean_maps_change_their_palette_and_remember_it(built, tab):
    tab.goto((built / "demo/synth/regions.html").as_uri())
    first = tab.get_attribute("img.map >> nth=0", "src")
    tab.check("[value=orange-blue]")
    assert tab.get_attribute("img.map >> nth=0", "src") == first.replace("pink-green", "orange-blue")
    tab.goto((built / "mobile/photos/regions.html").as_uri())
    assert tab.is_checked("[value=orange-blue]")
    assert "orange-blue" in tab.get_attribute("img.map >> nth=0", "src")


@pytest.mark.browser
def test_without_javascript_the_examples_stand_still(built, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built / "method.html").as_uri())
    assert not page.locator(".slider-row").first.is_visible() and not page.locator(".script-only").is_visible()
    assert page.locator("#threshold-reading").is_visible() and page.locator("#cover .patch").is_visible()
    page.goto((built / "demo/synth/regions.html").as_uri())
    assert not page.locator("fieldset.palette").is_visible() and page.locator("img.map").first.is_visible()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_their_width_and_axe_finds_nothing(built, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe

    options = {"color_scheme": scheme, "bypass_csp": True}
    # axe reads the style sheets, which a page on disk may not.
    with browsing.served(built) as root, browsing.watched(browser, **options) as page:
        for kind in KINDS:
            page.goto(root + kind)
            for width in (1440, 768, 360):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (kind, width)
            found = Axe().run(page).response["violations"]
            assert not found, (kind, [(one["id"], one["nodes"][0]["html"]) for one in found])
