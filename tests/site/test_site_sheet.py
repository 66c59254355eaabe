"""The audit sheet of a run: its figures are those of tables, it says what it lacks, and prints on one page."""

import re
import shutil
from html import unescape

import pandas as pd
import pytest

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.tables import parquet, schemas

SHEETS = [f"{model}/{dataset}/sheet.html" for model in fabricate.MODELS for dataset in ("synth", "photos")]


def table(results, name: str, dataset: str, model: str = "demo") -> pd.DataFrame:
    return pd.read_parquet(results / f"tables/{name}/model={model}/dataset={dataset}/{name}.parquet")


def rows(html: str) -> list[list[str]]:
    """Give the cells of the five numbers, as text."""
    body = re.search(r'<table class="numbers">.*?<tbody>(.*?)</tbody>', html, re.DOTALL)[1]
    cells = [
        re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall("<tr>(.*?)</tr>", body, re.DOTALL)
    ]
    return [[" ".join(unescape(re.sub("<[^>]+>", " ", cell)).split()) for cell in row] for row in cells]


def facts(html: str) -> dict[str, str]:
    return {unescape(name): unescape(says) for name, says in re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", html)}


def read(built, path: str) -> str:
    return (built / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SHEETS)
def test_the_five_numbers_are_rows_of_the_metrics_table(built, results, path):
    model, dataset, _ = path.split("/")
    metrics = table(results, "metrics", dataset, model).set_index(["metric", "method", "group"])
    html = read(built, path)
    names = [("fnmr", ""), ("fmr", ""), ("fta_rate", ""), ("fnmr_at_fmr_1e-1", ""), ("cllr", "logistic")]
    found = rows(html)
    assert len(found) == len(names)
    for (name, method), (_, value, out_of, _) in zip(names, found, strict=True):
        row = metrics.loc[(name, method, "all")]
        shown = "0" if row.value == 0 else f"{row.value:.3f}" if name == "cllr" else f"{100 * row.value:.2f} %"
        assert value.startswith(shown + " "), (name, value)
        assert f"{row.n:.0f} " in out_of and f"{row.people:.0f} people" in out_of
        if pd.isna(row.ci_low):
            assert "too few people" in value
        elif row.value:
            low = f"{row.ci_low:.3f}" if name == "cllr" else f"{100 * row.ci_low:.2f}"
            assert f"{low} to " in value
    assert f"at best {metrics.loc[('cllr_min', 'logistic', 'all')].value:.3f}" in found[-1][1]
    links = [(link, anchor) for link, target, anchor in Page(built / path).local_links() if target.name == "rows.html"]
    assert len(links) == 7 and sum(bool(anchor) for _, anchor in links) == 6  # the table as a whole; each figure


def test_the_strictest_supported_point_is_shown_and_else_the_eer():
    from types import SimpleNamespace

    from whyface.site.views.metrics import MetricRows
    from whyface.site.views.sheet import strictest_point

    def chosen(*values) -> str:
        powers = zip((1, 2, 3), values, strict=True)
        frame = pd.DataFrame(
            [{"metric": f"fnmr_at_fmr_1e-{p}", "method": "", "group": "all", "value": v} for p, v in powers]
        )
        return strictest_point(MetricRows(SimpleNamespace(path="m/d", metrics=frame.astype(object), flip_metrics=[])))

    assert chosen(0.1, 0.2, 0.3) == "fnmr_at_fmr_1e-3" and chosen(0.0, 0.2, None) == "fnmr_at_fmr_1e-2"
    assert chosen(0.0, None, None) == "fnmr_at_fmr_1e-1" and chosen(None, None, None) == "eer"


def test_what_the_numbers_rest_on_is_counted_in_tables(built, results):
    scores, flips = table(results, "scores", "synth"), table(results, "flip_metrics", "synth")
    pairs = pd.read_parquet(results / "tables/pairs/dataset=synth/pairs.parquet")
    said = facts(read(built, "demo/synth/sheet.html"))
    kinds = [f"{(pairs.is_genuine == kind).sum()} {name}" for kind, name in ((True, "genuine"), (False, "impostor"))]
    images = len({*pairs.image_a, *pairs.image_b})
    assert all(kind in said["Pairs"] for kind in kinds) and f"{images} images" in said["Pairs"]
    assert said["Threshold"].startswith(f"{scores.threshold.min():.3f}")
    assert f"of {images} images" in said["Images"]
    turned = flips[(flips.metric == "turned") & (flips.group == "all")].iloc[0]
    assert f"One patch turns {round(turned.value * turned.n)} of {turned.n} decisions" in said["Patches"]
    assert re.fullmatch(r"WhyFace, (git commit [0-9a-f]{40}(-dirty)?|commit not known)", said["Software"])
    assert "folds" in said["Leakage"] and said["Model"].startswith("Demo network")
    assert "Patches" not in facts(read(built, "mobile/synth/sheet.html"))  # nobody measured it


def counted_in_tables(results, model: str, dataset: str) -> set[str]:
    """Write out what the tables say in every form that a sentence of the sheet uses."""
    pairs = pd.read_parquet(results / f"tables/pairs/dataset={dataset}/pairs.parquet")
    images, subjects = ({*pairs[f"{name}_a"], *pairs[f"{name}_b"]} - {""} for name in ("image", "subject"))
    scores, fits = (table(results, name, dataset, model) for name in ("scores", "confidence"))
    leakage = pd.read_parquet(results / f"tables/leakage/dataset={dataset}/leakage.parquet")
    faces = [pd.read_parquet(path) for path in (results / f"tables/faces/collection={dataset}").rglob("*.parquet")]
    lost = pd.concat(faces).query("image_id in @images").status
    counts = [pairs.is_genuine.eq(True).sum(), pairs.is_genuine.eq(False).sum(), pairs.is_genuine.isna().sum()]
    counts += [len(images), len(subjects), pairs.fold.nunique(), *pairs.fold.dropna(), *fits.n_fit, len(pairs)]
    counts += [*leakage.n, *leakage.shared, (lost != "ok").sum(), (lost == "failed").sum()]
    counts += [pairs.known_label_error.ne("").sum(), len(pairs) - table(results, "selection", dataset, model).shape[0]]
    found = {f"{value:.3f}" for value in scores.threshold} | {"95"}
    if (results / f"tables/flip_metrics/model={model}/dataset={dataset}").exists():
        turned = table(results, "flip_metrics", dataset, model).query("metric == 'turned'")
        counts += [*turned.n, *(turned.value * turned.n).round()]
        found |= {f"{100 * value:.0f}" for value in turned[["value", "ci_low", "ci_high"]].to_numpy().ravel()}
    return found | {f"{count:.0f}" for count in counts}


@pytest.mark.parametrize("path", SHEETS)
def test_every_other_figure_is_counted_in_a_table(built, results, path):
    """How right the maps are is tested where that is worded; hashes, dates and standards are no figures."""
    model, dataset, _ = path.split("/")
    html = read(built, path)
    said = [says for name, says in facts(html).items() if name not in ("Model", "Scores written", "Software", "Maps")]
    said += [unescape(item) for item in re.findall("<li>(.*?)</li>", html)]
    figures = re.findall(r"\d+(?:\.\d+)?", re.sub("ISO/IEC [0-9-]+", "", " ".join(said)))
    assert len(figures) > 8 and not {*figures} - counted_in_tables(results, model, dataset)


@pytest.fixture
def own(few, tmp_path):
    """Give a copy of the run that a test may change."""
    return shutil.copytree(few, tmp_path / "results")


def change(own, name: str, place: str, change, about=None) -> None:
    """Write a table anew, changed."""
    path, schema = own / f"tables/{name}/{place}/{name}.parquet", getattr(schemas, name.upper())
    parquet.write_table(change(parquet.read_table(path, schema)), path, schema, about)


def rendered(own) -> str:
    """Render the site of one evaluation; returns its sheet."""
    config = fabricate.config()
    config["run"] = {"datasets": ["synth"], "models": ["demo"]}
    render_site(config, own, own.parent / "site", REPOSITORY / "site_templates")
    return read(own.parent / "site", "demo/synth/sheet.html")


def test_weights_are_named_by_their_hash(own):
    about = {"model": "demo", "dataset": "synth", "weights_sha256": "cd" * 32}
    change(own, "scores", "model=demo/dataset=synth", lambda frame: frame, about)
    assert facts(rendered(own))["Model"] == f"Demo network, weights SHA-256 {'cd' * 32}"


def test_where_nobody_looked_for_faces_no_page_says_that_none_lacked_one(own):
    both, about = "model=demo/dataset=synth", {"model": "demo", "dataset": "synth"}
    of_faces = ["fta_rate", "fnmr_acquired", "frr"]
    change(own, "metrics", both, lambda frame: frame[~frame.metric.isin(of_faces)], about)
    html = rendered(own)
    said = "The images were taken as they are: nobody looked for faces in them."
    assert facts(html)["Images"] == said and "In how many images a face would be found." in html
    assert [value == "not measured" for _, value, *_ in rows(html)] == [False, False, True, False, False]
    report, home = (Page(own.parent / "site" / name).text for name in ("demo/synth/index.html", "index.html"))
    assert said in report and "detectable" not in report and "FRR" not in report
    assert "no face was found; – where nobody looked." in home


def test_unreadable_images_are_counted_where_nobody_looked_for_faces(own):
    about = {"collection": "synth", "alignment": "five-point-112px"}
    place = "collection=synth/alignment=five-point-112px"
    pairs = pd.read_parquet(own / "tables/pairs/dataset=synth/pairs.parquet")
    first, images = pairs.image_a[0], len({*pairs.image_a, *pairs.image_b})

    def fail(frame):
        return frame.assign(status=frame.status.mask(frame.image_id == first, "failed"))

    change(own, "faces", place, fail, about)
    both = "model=demo/dataset=synth"
    change(own, "metrics", both, lambda frame: frame[frame.metric != "fta_rate"], {"model": "demo", "dataset": "synth"})
    assert facts(rendered(own))["Images"].endswith(
        f"nobody looked for faces in them. 1 of {images} images could not be read: their pairs have no decision."
    )


def test_without_labels_there_is_a_sheet_that_says_what_is_missing(own):
    """Nobody could measure more than lost images."""
    both = "model=demo/dataset=synth"
    about = {"model": "demo", "dataset": "synth"}
    change(own, "pairs", "dataset=synth", lambda frame: frame.assign(is_genuine=None))
    change(own, "scores", both, lambda frame: frame.assign(is_genuine=None, outcome=None), about)
    change(own, "metrics", both, lambda frame: frame[frame.metric == "fta_rate"], about)
    html = rendered(own)
    found = rows(html)
    assert [value == "not measured" for _, value, *_ in found] == [True, True, False, True, True]
    assert found[3][0].startswith("EER") and "12 pairs without a label are right" in html


def test_what_was_not_measured_depends_on_the_run(built, results):
    synth, photos, other = (read(built, f"{one}/sheet.html") for one in ("demo/synth", "demo/photos", "mobile/photos"))
    unlabelled = pd.read_parquet(results / "tables/pairs/dataset=photos/pairs.parquet").is_genuine.isna().sum()
    assert f"{unlabelled} pairs without a label" in photos and "without a label" not in synth
    assert "drawn by a computer." in synth and "every face is drawn" not in photos
    assert "other than by age and pose" in photos
    for html in (synth, photos, other):
        assert all(
            word in html for word in ("Failure to enrol", "Presentation attacks", "identification", "time between")
        )


def test_the_report_leads_to_its_sheet(built):
    for path in SHEETS:
        page = Page((built / path).with_name("index.html"))
        assert (built / path) in [target for _, target, _ in page.local_links()]


@pytest.mark.browser
@pytest.mark.parametrize("path", SHEETS)
def test_a_sheet_prints_on_one_page_with_room_to_sign(built, browser, path):
    with browsing.watched(browser, viewport=browsing.DESK) as page:
        page.goto((built / path).as_uri())
        printed = page.pdf(format="A4", print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
        assert not page.is_visible(".sign")
        page.emulate_media(media="print")
        assert page.locator(".sign dd:visible").count() == 3 and not page.is_visible(".crumbs")
