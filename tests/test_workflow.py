"""The pipeline from outside: files in, tables and a site out, with hostile names, broken images, kills and reruns."""

import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import yaml
from PIL import Image

from conftest import REPOSITORY
from leaks import find_leaks
from networks import write_convolutions
from pipeline import (
    ALONE,
    BROKEN,
    NAMES,
    SIDE,
    UNNAMED,
    command,
    copy_project,
    planned,
    snakemake,
    write_csv,
    write_inputs,
)
from transcription import transcribe_maps
from whyface.maps.explanation import PUBLISHED_METHODS
from whyface.maps.learning import spearman
from whyface.tables.all_columns import ALL_COLUMNS
from whyface.tables.parquet import read_about
from whyface.tables.schemas import TABLES


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Give the folder of a finished run. Tests must not write there."""
    folder = write_inputs(tmp_path_factory.mktemp("run") / "My Projects, it's $HOME")
    run = snakemake(folder, 2, "--configfile", "overlay.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    (folder / "said.txt").write_text(run.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def rerun(finished, tmp_path):
    """Give a copy of the finished run to change something in; dates are kept."""
    return shutil.copytree(finished, tmp_path / "My Projects" / "moved", symlinks=True)


def read(folder, table, dataset):
    frame = pd.read_parquet(folder / "results/tables" / table)
    return frame[frame["dataset"] == dataset].reset_index(drop=True)


def test_tables_open_in_pandas_with_model_and_dataset_as_columns(finished):
    scores = pd.read_parquet(finished / "results/tables/scores")
    assert scores.groupby(["model", "dataset"], observed=True).size().to_dict() == {
        ("net", "labelled"): 11,
        ("net", "unlabelled"): 1,
    }


def test_a_run_ends_with_its_figures_and_the_place_of_its_site(finished):
    *said, report = (finished / "said.txt").read_text(encoding="utf-8").splitlines()
    faults = [line for line in said if line.endswith(" in its pair list")]
    assert said[-len(faults) :] == faults and "labelled: 2 faults in its pair list" in faults
    labelled, unlabelled = said[-len(faults) - 2 : -len(faults)]
    assert re.match(r"net on labelled: accuracy \d+\.\d %.*, EER \d+\.\d %.*, Cllr \d", labelled)
    assert unlabelled == "net on unlabelled: no labelled pairs, so no figures"
    assert report == f"Report: {finished / 'results/site/index.html'}"


def test_whole_tables_show_the_columns_of_every_partition_here_and_on_the_site(finished):
    for folder in ("results/tables/pairs", "results/site/data/pairs"):
        pairs = pd.read_parquet(finished / folder).set_index("dataset")["camera"]
        assert pairs["labelled"].isna().all() and pairs["unlabelled"] == "<i>one</i>"
    assert len(pd.read_parquet(finished / "results/tables/embeddings")) == len(NAMES) + 1 + len(BROKEN)
    for table in TABLES:
        if table.group_columns:
            assert (finished / "results/tables" / table.name / ALL_COLUMNS).is_file()


def test_unreadable_images_keep_their_rows_and_their_pairs(finished):
    faces = pd.read_parquet(finished / "results/tables/faces").set_index("image_id")
    assert faces.loc[BROKEN, "status"].tolist() == ["failed", "failed"]
    assert (faces.loc[NAMES, "status"] == "ok").all()
    scores = read(finished, "scores", "labelled")
    assert scores.tail(2)[["cosine_distance", "decision", "outcome", "confidence"]].isna().all(axis=None)
    assert scores.head(9)[["cosine_distance", "decision", "outcome", "confidence"]].notna().all(axis=None)
    assert not read(finished, "metrics", "labelled")["metric"].isin(["fta_rate", "fnmr_acquired", "frr"]).any()
    report = next((finished / "results/site").glob("*/labelled/index.html")).read_text(encoding="utf-8")
    assert "nobody looked for faces in them. 2 of 12 images could not be read" in report


def test_images_that_any_dataset_names_are_aligned_and_embedded_and_no_others(finished):
    named = sorted([*NAMES, ALONE, *BROKEN])
    tables = {name: pd.read_parquet(finished / "results/tables" / name) for name in ("images", "faces", "embeddings")}
    assert len(named) == len(UNNAMED) and sorted(tables["images"]["image_id"]) == sorted([*named, *UNNAMED])
    assert tables["faces"]["image_id"].tolist() == tables["embeddings"]["image_id"].tolist() == named
    crops = np.load(finished / f"results/aligned/photos/none-{SIDE}px/crops.npy", allow_pickle=False)
    assert len(crops) == len(named)
    for name, crop in zip(named, crops, strict=True):
        assert name in BROKEN or (crop == np.asarray(Image.open(finished / "photos" / name))).all()


def test_distances_are_those_of_the_images_that_the_pairs_name(finished):
    session = onnxruntime.InferenceSession(finished / "net.onnx")

    def embed(name):
        image = np.asarray(Image.open(finished / "photos" / name)).transpose(2, 0, 1)[None].astype(np.float32) / 255
        vector = session.run(None, {"x": image})[0][0].astype(np.float64)
        return vector / np.linalg.norm(vector)

    for dataset, count in (("labelled", 9), ("unlabelled", 1)):
        pairs = read(finished, "pairs", dataset).merge(
            read(finished, "scores", dataset)[["pair_id", "cosine_distance"]]
        )
        readable = pairs[pairs["cosine_distance"].notna()]
        expected = [1 - embed(one.image_a) @ embed(one.image_b) for one in readable.itertuples()]
        assert len(readable) == count and readable["cosine_distance"].tolist() == pytest.approx(expected, abs=1e-6)


def test_no_byte_of_the_site_tells_where_the_run_lay(finished):
    assert find_leaks(finished / "results/site", [str(finished.parent), finished.name]) == set()


def test_unlabelled_pairs_use_the_reference(finished):
    mine, reference = read(finished, "confidence", "unlabelled"), read(finished, "scores", "labelled")
    assert set(mine["fitted_on"]) == {"labelled"} and mine["fold"].isna().all()
    assert set(mine["n_fit"]) == {reference["cosine_distance"].notna().sum()}
    scores = read(finished, "scores", "unlabelled")
    assert scores["outcome"].isna().all() and scores["confidence"].notna().all()
    pairs = pd.read_parquet(finished / "results/tables/pairs/dataset=unlabelled")
    assert pairs["camera"].tolist() == ["<i>one</i>"]


def test_stored_maps_equal_the_published_method(finished):
    session = onnxruntime.InferenceSession(finished / "net.onnx")

    def embed(image):
        batch = image.transpose(2, 0, 1)[None].astype(np.float32)
        return session.run(None, {"x": batch})[0][0].astype(np.float64)

    stored = read(finished, "explanations", "unlabelled").set_index(["method", "side"])["map"]
    image_a, image_b = (np.asarray(Image.open(finished / "photos" / name)) / 255.0 for name in (NAMES[0], ALONE))
    for method in PUBLISHED_METHODS:
        for side, expected in transcribe_maps(embed, image_a, image_b, method, [7, 14], 5).items():
            found = stored[method, side].reshape(SIDE, SIDE)
            assert found.dtype == np.float32
            assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_every_pair_with_maps_has_a_flip_or_none_and_every_flip_holds_when_painted_by_hand(finished):
    session = onnxruntime.InferenceSession(finished / "net.onnx")

    def embed(image):
        vector = session.run(None, {"x": image.transpose(2, 0, 1)[None].astype(np.float32) / 255})[0][0].astype(float)
        return vector / np.linalg.norm(vector)

    flips = read(finished, "flips", "labelled")
    assert flips["pair_id"].tolist() == sorted(read(finished, "selection", "labelled")["pair_id"])
    flipped = flips[flips["flipped"].astype(bool)]
    assert len(flipped) and (flipped["margin"] <= 1).all()
    images, scores = (read(finished, name, "labelled").set_index("pair_id") for name in ("pairs", "scores"))
    for row in flipped.itertuples():
        crops = [np.array(Image.open(finished / "photos" / images.loc[row.pair_id, f"image_{side}"])) for side in "ab"]
        top, left, painted = int(row.y_px), int(row.x_px), int(row.patch_px) + 1  # as variant `paper` paints
        crops["ab".index(row.side)][top : top + painted, left : left + painted] = 0
        distance = 1 - embed(crops[0]) @ embed(crops[1])
        assert distance == pytest.approx(row.cosine_distance, abs=1e-6) and row.fill == "black"
        pair = scores.loc[row.pair_id]
        assert (distance < pair.threshold) != (pair.decision == "same")


def test_maps_are_judged_by_covering_where_nothing_is_known(finished):
    labelled, unlabelled = (read(finished, "fidelity", name) for name in ("labelled", "unlabelled"))
    covered = {"effect", "effect_llr", "fidelity", "fidelity_llr"}
    assert set(labelled["score"]) == {*covered, "published_deletion", "published_insertion"}
    assert covered >= set(unlabelled["score"]) and set(unlabelled["kind"]) == {"", "unlabelled"}
    assert "black" not in set(labelled.loc[labelled["score"] == "effect", "fill"]), "the maps were made with it"
    log = (finished / "results/logs/judge_maps/net/labelled.log").read_text(encoding="utf-8")
    assert "pairs judged: 1, in cells of 14 px; passes: 120, budget 85" in log, "so small a run has room for no pair"


def test_hostile_names_are_text_on_the_site(finished):
    pages = [path.read_text(encoding="utf-8") for path in (finished / "results/site").rglob("*.html")]
    assert len(pages) >= 12 + 4
    for text in pages:
        assert "<script>x" not in text and "<b onclick" not in text and "<i>one" not in text
    assert any("&lt;b onclick=x&gt;&amp;amp;.png" in text for text in pages)


def test_every_rule_leaves_a_log_with_something_in_it(finished):
    logs = list((finished / "results/logs").rglob("*.log"))
    rules = {path.relative_to(finished / "results/logs").parts[0].removesuffix(".log") for path in logs}
    assert {"list_images", "align_faces", "embed_images", "occlude_images", "explain_pairs", "judge_maps"} <= rules
    assert {"find_flips", "find_flip_sets", "judge_flips"} <= rules
    assert [path for path in logs if path.stat().st_size == 0] == []


def test_a_second_run_does_nothing(finished):
    again = snakemake(finished, 2, "--configfile", "overlay.yaml", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


OVERLAY = ("--configfile", "overlay.yaml")


def test_a_run_whose_project_and_folder_were_moved_redoes_nothing(rerun, tmp_path):
    assert planned(rerun, *OVERLAY, project=copy_project(tmp_path / "elsewhere")) == set()


def test_the_project_and_the_run_may_lie_in_folders_of_nearly_any_name(tmp_path):
    parent = tmp_path / 'My Projects, it\'s $HOME & [so] "on"; é*'
    run = snakemake(
        write_inputs(parent / "{run} #1"),
        2,
        *OVERLAY,
        "--until",
        "list_images",
        project=copy_project(parent / "project"),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    run = snakemake(tmp_path, 1, project=copy_project(tmp_path / "a{b}"))
    assert run.returncode != 0 and "rename the folder so that it has no { or }" in run.stdout + run.stderr


def write_appended(folder):
    """Write another collection, a dataset over it, and an overlay that puts it first."""
    (folder / "others").mkdir()
    for name in NAMES[3:7]:
        shutil.copy(folder / "photos" / name, folder / "others" / name)
    rows = [(a, b, i % 2, i // 2) for i, (a, b) in enumerate([NAMES[3:5], NAMES[4:6], NAMES[5:7], NAMES[3:6:2]])]
    write_csv(folder / "others.csv", ["image_a", "image_b", "is_genuine", "fold"], rows)
    overlay = {
        "run": {"datasets": ["appended", "unlabelled", "labelled"]},
        "collections": {"others": {"layout": "folders", "source": {"path": "others"}}},
        "datasets": {"appended": {"collection": "others", "protocol": "pairs-csv", "pairs": {"path": "others.csv"}}},
    }
    (folder / "appended.yaml").write_text(yaml.safe_dump(overlay))


def test_an_appended_dataset_and_another_order_redo_no_maps_of_the_others(rerun):
    write_appended(rerun)
    jobs = planned(rerun, *OVERLAY, "appended.yaml")
    mapped = {job for job in jobs if job[0] in ("occlude_images", "explain_pairs", "select_pairs", "choose_engine")}
    assert mapped == {
        ("select_pairs", "net", "appended"),
        ("occlude_images", "net", "others", "1", "2"),
        ("occlude_images", "net", "others", "2", "2"),
        ("explain_pairs", "net", "appended"),
    }
    of_the_others = {job for job in jobs if {"labelled", "unlabelled", "photos"} & set(job)}
    assert of_the_others == set()


def test_another_order_of_datasets_renders_the_site_anew_and_maps_nothing(rerun):
    order = yaml.safe_dump({"run": {"datasets": ["unlabelled", "labelled"]}})
    (rerun / "reordered.yaml").write_text(order)
    assert {job[0] for job in planned(rerun, *OVERLAY, "reordered.yaml")} <= {
        *("judge_transfer", "plot_transfer", "render_site", "all")
    }


def test_images_of_a_reference_stay_and_those_of_a_dataset_left_out_go(rerun):
    for datasets, is_aligned_again in ((["unlabelled"], False), (["labelled"], True)):
        (rerun / "fewer.yaml").write_text(yaml.safe_dump({"run": {"datasets": datasets}}))
        jobs = planned(rerun, *OVERLAY, "fewer.yaml")
        assert (("align_faces", "photos", f"none-{SIDE}px") in jobs) == is_aligned_again


def replace_photo(folder):
    """Put another photo in the place of one, with an older date."""
    path = folder / "photos" / NAMES[4]
    shutil.copy(folder / "photos" / NAMES[5], path)
    os.utime(path, (10**9, 10**9))


def replace_model(folder):
    write_convolutions(folder / "net.onnx", SIDE, seed=1)
    os.utime(folder / "net.onnx", (10**9, 10**9))


def add_photo(folder):
    (folder / "photos/sub").mkdir()
    shutil.copy(folder / "photos" / NAMES[5], folder / "photos/sub/new.png")


def label_photos(folder):
    write_csv(folder / "photos/images.csv", ["image_id", "camera"], [(NAMES[4], "old")])


@pytest.mark.parametrize("change", [replace_photo, add_photo, label_photos, replace_model])
def test_what_changed_on_disk_is_made_again(rerun, change):
    change(rerun)
    rules = {job[0] for job in planned(rerun, *OVERLAY)}
    assert {"embed_images", "occlude_images", "explain_pairs", "judge_maps", "render_site"} <= rules
    of_photos, of_models = {"adopt_folder", "list_images", "align_faces"}, {"fetch_weights", "choose_engine"}
    redone, kept = (of_models, of_photos) if change is replace_model else (of_photos, of_models)
    assert redone <= rules and not kept & rules


def test_a_changed_pair_list_is_read_alone_and_redoes_its_collection_as_it_may_name_other_images(rerun):
    with (rerun / "unlabelled.csv").open("a", encoding="utf-8") as file:
        file.write(f"{NAMES[1]},{NAMES[2]},two\n")
    jobs = planned(rerun, *OVERLAY)
    assert {("fetch_pairs", "unlabelled"), ("explain_pairs", "net", "unlabelled")} <= jobs
    assert {("align_faces", "photos", f"none-{SIDE}px"), ("embed_images", "net", "photos")} <= jobs
    sources = (
        "adopt_folder",
        "list_images",
        "fetch_weights",
        "choose_engine",
        "fetch_pairs",
        "list_pairs",
        "find_leakage",
        "examine_protocol",
    )
    assert {job for job in jobs if job[0] in sources} == {(name, "unlabelled") for name in sources[4:]}


def test_a_changed_limit_redoes_what_depends_on_it_and_a_comment_nothing(rerun, tmp_path):
    project = copy_project(tmp_path / "project")
    people = project / "workflow/scripts/whyface/evaluation/people.py"
    text = people.read_text()
    people.write_text(text.replace('"""', '"""In other words: ', 1) + "# A remark.\n")
    assert planned(rerun, *OVERLAY, project=project) == set()
    people.write_text(text.replace("\nLEAST_PAIRS = 10", "\nLEAST_PAIRS = 11"))
    assert people.read_text() != text
    rules = {job[0] for job in planned(rerun, *OVERLAY, project=project)}
    assert {"summarise", "judge_transfer", "judge_flips", "render_site"} <= rules
    unmoved = {"align_faces", "embed_images", "score_pairs", "fit_confidence", "explain_pairs"}
    assert not (unmoved | {"find_flips", "find_flip_sets"}) & rules


@pytest.mark.slow
def test_a_run_refuses_a_second_and_resumes_when_killed_with_the_numbers_of_any_other(finished, tmp_path):
    folder = write_inputs(tmp_path / "killed")
    target = "results/tables/explanations/model=net/dataset=labelled/explanations.parquet"
    with subprocess.Popen(
        command(8, target, *OVERLAY),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        reached = folder / "results/logs/occlude_images"
        deadline = time.monotonic() + 300
        while not reached.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGSTOP)  # else it may end before the second is refused
        second = snakemake(folder, 8, target, *OVERLAY)
        assert process.poll() is None, "the first run is still at work"
        os.killpg(process.pid, signal.SIGKILL)
    assert second.returncode != 0
    assert f"another run is at work in {folder}: wait" in second.stdout + second.stderr
    assert "Traceback" not in second.stdout + second.stderr
    embedded = folder / "results/tables/embeddings/model=net/collection=photos/embeddings.parquet"
    before = embedded.stat().st_mtime_ns
    resumed = snakemake(folder, 8, target, *OVERLAY)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert embedded.stat().st_mtime_ns == before, "finished work is not done again"
    tables = sorted(path.relative_to(folder) for path in (folder / "results/tables").rglob("*.parquet"))
    assert (folder / target).is_file() and len(tables) > 10
    for path in tables:
        pd.testing.assert_frame_equal(pd.read_parquet(folder / path), pd.read_parquet(finished / path))


@pytest.mark.long
def test_a_run_without_any_map_still_makes_its_site(finished, tmp_path):
    folder = write_inputs(tmp_path / "no-maps")
    shutil.copytree(finished / "results", folder / "results")
    shutil.copytree(finished / ".snakemake", folder / ".snakemake")
    none = {"explain": {"select": {"errors": 0, "least_sure": 0, "per_outcome": 0}}, "run": {"datasets": ["labelled"]}}
    (folder / "none.yaml").write_text(yaml.safe_dump(none))
    run = snakemake(folder, 2, "--configfile", "overlay.yaml", "none.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(read(folder, "explanations", "labelled")) == 0
    pages = (folder / "results/site/net/labelled/p").rglob("index.html")
    assert all("ot selected for maps" in page.read_text(encoding="utf-8") for page in pages)


def test_a_mistake_in_the_config_stops_before_any_job(tmp_path):
    folder = write_inputs(tmp_path / "wrong")
    run = snakemake(folder, 2, "--configfile", "overlay.yaml", "--config", 'occlusion={"fil": "black"}')
    assert run.returncode != 0
    assert "occlusion.fil: unknown key" in run.stdout + run.stderr
    assert not (folder / "results").exists()


@pytest.mark.slow
def test_a_failing_job_names_the_file_and_line_in_its_log_and_the_run_ends_with_it(tmp_path):
    folder = write_inputs(tmp_path / "missing")
    with (folder / "labelled.csv").open("a", encoding="utf-8") as file:
        file.write("p1.png,nobody.png,1,0\n")
    run = snakemake(folder, 2, "--configfile", "overlay.yaml")
    assert run.returncode != 0
    log = (folder / "results/logs/list_pairs/labelled.log").read_text(encoding="utf-8")
    assert "labelled.csv:13:" in log and "nobody.png" in log
    last = run.stderr.rstrip().rpartition("\n")[2]
    assert last.startswith("list_pairs/labelled: labelled.csv:13: image 'nobody.png' is not in the collection")


@pytest.mark.parametrize("extra", [[], ["--configfile", str(REPOSITORY / "config/benchmarks.yaml")]])
def test_shipped_configs_make_a_graph(tmp_path, extra):
    run = snakemake(tmp_path, 2, "--dry-run", "--quiet", *extra)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_default_run_draws_its_images_and_neither_downloads_nor_trains(tmp_path):
    run = snakemake(tmp_path, 2, "--dry-run")
    jobs = {line.split()[0] for line in run.stdout.splitlines() if line.strip()}
    assert {"draw_collection", "fetch_weights"} <= jobs, run.stdout + run.stderr
    assert not {"fetch_collection", "fetch_pairs", "train_demo_model"} & jobs


@pytest.mark.slow
def test_a_drawn_collection_comes_with_its_truth_and_is_drawn_once(tmp_path):
    source = {"source": {"folds": 2}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump({"collections": {"synth-twins": source}}))
    target = "results/tables/pairs/dataset=synth-twins/pairs.parquet"
    run = snakemake(tmp_path, 2, target, "--configfile", "small.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    images, truth = (pd.read_parquet(tmp_path / "results/tables" / table) for table in ("images", "truth"))
    assert len(images) == 72
    assert sorted(truth["image_id"]) == sorted(images["image_id"])
    assert all(
        (tmp_path / "results/collections" / row.collection / row.regions).is_file() for row in truth.itertuples()
    )
    again = snakemake(tmp_path, 2, target, "--configfile", "small.yaml", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr
    leftover = tmp_path / "results/collections/synth-twins/files/left.jpg"
    leftover.touch()
    other = "results/collections/synth-twins/receipt.json"
    run = snakemake(tmp_path, 2, other, "--configfile", "small.yaml", "--forcerun", "draw_collection")
    assert run.returncode == 0 and not leftover.exists(), "a collection is drawn into an empty folder"


def fast_and_exact(folder):
    """Write two configs, whose maps are predicted and exact; returns the table of maps, and what is made of it."""
    masks = {"fill": "mean", "patch_px": [16, 32], "stride_px": 8, "agreement": 0.95}
    folds = {"collections": {"synth-lfw": {"source": {"folds": 2}}}, "run": {"datasets": ["synth-lfw"]}}
    for exactness in ("fast", "exact"):
        overlay = {**folds, "explain": {"select": "all"}, "occlusion": {**masks, "exactness": exactness}}
        (folder / f"{exactness}.yaml").write_text(yaml.safe_dump(overlay))
    names = ("explanations", "patch_distances")
    return [f"results/tables/{name}/model=demo/dataset=synth-lfw/{name}.parquet" for name in names]


@pytest.mark.slow
def test_a_fast_run_measures_some_masks_only_and_keeps_no_shifts(tmp_path):
    targets = fast_and_exact(tmp_path)
    run = snakemake(tmp_path, 2, *targets, "--configfile", "fast.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert not list((tmp_path / "results").rglob("*.arrow")), "shifts are temporary"
    about = read_about(tmp_path / targets[0])
    assert 0 < int(about["measured"]) < 0.6 * int(about["masks"])
    again = snakemake(tmp_path, 2, *targets, "--configfile", "fast.yaml", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.long
def test_predicted_maps_agree_with_exact_ones_as_well_as_their_table_says(tmp_path):
    table, _ = fast_and_exact(tmp_path)
    run = snakemake(tmp_path, 2, table, "--configfile", "fast.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    fast = pd.read_parquet(tmp_path / table)
    run = snakemake(tmp_path, 2, table, "--configfile", "exact.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    exact = pd.read_parquet(tmp_path / table)
    assert (exact[["agreement", "agreement_low"]] == 1).all(axis=None)
    assert fast[["pair_id", "side", "method"]].equals(exact[["pair_id", "side", "method"]])
    predicted = (fast["agreement"] < 1).to_numpy()
    assert predicted.mean() > 0.5
    reached = spearman(*(np.stack(one["map"].to_list()).astype(float)[predicted] for one in (exact, fast)))
    assert np.median(reached) > 0.94 and np.quantile(reached, 0.05) > 0.85
    assert 0.88 < (reached >= fast["agreement_low"][predicted]).mean() <= 1
