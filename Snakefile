# WhyFace: from verification sets and models to tables and a site. The rules follow the data.

import os
import re
import sys
from pathlib import Path
from shutil import which

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir) / "workflow" / "scripts"
TEMPLATES = Path(workflow.basedir) / "site_templates"
sys.path.insert(0, str(SCRIPTS))

from whyface.config import alignment_id, check_config, is_synthetic


configfile: str(Path(workflow.basedir) / "config.yaml")


try:
    config = check_config(config, Path(workflow.basedir) / "workflow" / "schemas" / "config.schema.yaml")
except ValueError as error:
    raise WorkflowError(str(error)) from None

DATASETS = config["run"]["datasets"]
MODELS = config["run"]["models"]
OCCLUSION = config["occlusion"]
MASKS = {key: OCCLUSION[key] for key in ("variant", "shape", "patch_px", "stride_px", "exactness")}
ALIGNMENTS = {alignment_id(model): model for model in config["models"].values()}
SHARDS = OCCLUSION["shards"]
DRAWN = [name for name, collection in config["collections"].items() if is_synthetic(collection)]
OBTAINED = [name for name in config["collections"] if name not in DRAWN]
# What embeds occluded images, as `code` takes it.
ENGINES = (
    "models/embedder",
    "models/demo_network",
    "maps/masks",
    "maps/thinning",
    "maps/engines/choice",
    "maps/engines/changed_windows",
    "maps/engines/layers",
    "maps/engines/window_geometry",
)
# Part of the project: it lies beside the Snakefile, whatever folder the run is started in.
DEMO_WEIGHTS = Path(workflow.basedir) / "workflow" / "resources" / "demo.safetensors"
# Locally, the default profile lets one job at a time have the GPU; without one, jobs ask for none and run in parallel.
GPU = int(config["run"]["device"] != "cpu" and which("nvidia-smi") is not None)


def any_of(names):
    """Pattern of these names and no others; of no names, one that matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


# Jobs share the cores: threads that wait are to sleep, not to spin, else torch is several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


wildcard_constraints:
    collection=any_of(config["collections"]),
    dataset=any_of(config["datasets"]),
    model=any_of(config["models"]),
    alignment=any_of(ALIGNMENTS),
    shard=r"\d+",
    shards=r"\d+",


def code(*modules):
    """Modules whose change changes numbers: Snakemake watches scripts, but not what they import."""
    return [str(SCRIPTS / "whyface" / f"{module}.py") for module in modules]


def renderer():
    """Whatever decides how drawn people look, and who is drawn."""
    return sorted(map(str, (SCRIPTS / "whyface").glob("demo/people/*.py")))


def local_path(source):
    """The file or folder behind a source, where it lies on this machine."""
    return [source["path"]] if source.get("path") else []


def weights_of(model):
    """Where a model's weights come from; the schema lets kind demo alone leave it open."""
    return config["models"][model].get("weights", {"path": str(DEMO_WEIGHTS)})


def collection_of(dataset):
    return config["datasets"][dataset]["collection"]


def datasets_of(collection):
    return [name for name in DATASETS if collection_of(name) == collection]


def model_input(wildcards):
    """What a model must be fed: the part of its config that changes numbers."""
    keys = ("kind", "input_px", "channels", "pixel_mean", "pixel_std")
    return {key: config["models"][wildcards.model][key] for key in keys}


def resolve(pattern):
    """Fill in the collection behind the dataset, its reference, and the alignment that the model wants.

    What concerns a model alone, and yet needs faces, has those of the run's first collection.
    """

    def fill(wildcards):
        known = {"collection": collection_of(DATASETS[0]), **wildcards}
        if "dataset" in known:
            known["collection"] = collection_of(known["dataset"])
            known["reference"] = config["datasets"][known["dataset"]]["reference"]
        if "model" in known:
            known["alignment"] = alignment_id(config["models"][known["model"]])
        return pattern.format(**known)

    return fill


def own_pair_list(wildcards):
    return [f"results/pairs/{wildcards.dataset}.json"] if "pairs" in config["datasets"][wildcards.dataset] else []


def reference_decisions(wildcards):
    path = resolve("results/tables/decisions/model={model}/dataset={reference}/decisions.parquet")
    return [path(wildcards)] if config["datasets"][wildcards.dataset]["reference"] else []


rule all:
    input:
        "results/site/index.html",


# Obtain images, pair lists and weights, verified and safely unpacked; or draw images, with the truth behind them.


rule fetch_collection:
    input:
        local=lambda wildcards: local_path(config["collections"][wildcards.collection]["source"]),
        code=code("sources/fetch", "sources/unpack"),
    output:
        receipt="results/collections/{collection}/receipt.json",
    log:
        "results/logs/fetch_collection/{collection}.log",
    wildcard_constraints:
        collection=any_of(OBTAINED),
    conda:
        "workflow/envs/whyface.yaml"
    params:
        source=lambda wildcards: config["collections"][wildcards.collection]["source"],
    script:
        "workflow/scripts/fetch_collection.py"


rule draw_collection:
    input:
        code=renderer(),
    output:
        receipt="results/collections/{collection}/receipt.json",
        truth="results/tables/truth/collection={collection}/truth.parquet",
    log:
        "results/logs/draw_collection/{collection}.log",
    wildcard_constraints:
        collection=any_of(DRAWN),
    conda:
        "workflow/envs/whyface.yaml"
    params:
        source=lambda wildcards: config["collections"][wildcards.collection]["source"],
    script:
        "workflow/scripts/draw_collection.py"


rule fetch_pairs:
    input:
        local=lambda wildcards: local_path(config["datasets"][wildcards.dataset]["pairs"]),
        code=code("sources/fetch"),
    output:
        receipt="results/pairs/{dataset}.json",
    log:
        "results/logs/fetch_pairs/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        source=lambda wildcards: config["datasets"][wildcards.dataset]["pairs"],
    script:
        "workflow/scripts/fetch_pairs.py"


rule fetch_weights:
    input:
        local=lambda wildcards: local_path(weights_of(wildcards.model)),
        code=code("sources/fetch"),
    output:
        receipt="results/weights/{model}.json",
    log:
        "results/logs/fetch_weights/{model}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        source=lambda wildcards: weights_of(wildcards.model),
    script:
        "workflow/scripts/fetch_weights.py"


# Train the demo model anew: no run does, it takes `snakemake --cores 2 train_demo_model`. The script copies what it made
# to workflow/resources; as an output of this rule, that file would make every run train before it fetches the weights.


rule train_demo_model:
    input:
        code=code("demo/training", "models/demo_network", "faces/alignment") + renderer(),
    output:
        weights="results/training/demo.safetensors",
        card="results/training/demo.md",
    log:
        "results/logs/train_demo_model.log",
    conda:
        "workflow/envs/whyface.yaml"
    threads: 2
    params:
        settings={},
        folder=lambda wildcards, output: str(Path(output.weights).parent),
        resources=str(DEMO_WEIGHTS.parent),
    script:
        "workflow/scripts/train_demo_model.py"


# Read the collection's layout and the protocol's pair list.


rule list_images:
    input:
        receipt="results/collections/{collection}/receipt.json",
        code=code("lists/layouts", "sources/image_files", "lists/images_csv"),
    output:
        images="results/tables/images/collection={collection}/images.parquet",
    log:
        "results/logs/list_images/{collection}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        layout=lambda wildcards: config["collections"][wildcards.collection]["layout"],
    script:
        "workflow/scripts/list_images.py"


rule list_pairs:
    input:
        receipt=resolve("results/collections/{collection}/receipt.json"),
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        pairs=own_pair_list,
        code=code("lists/protocols", "lists/official_pair_lists", "lists/pairs_csv"),
    output:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
    log:
        "results/logs/list_pairs/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        protocol=lambda wildcards: config["datasets"][wildcards.dataset]["protocol"],
    script:
        "workflow/scripts/list_pairs.py"


# Find the faces, crop them as the model expects, and embed each crop once.


rule align_faces:
    input:
        receipt="results/collections/{collection}/receipt.json",
        images="results/tables/images/collection={collection}/images.parquet",
        code=code("faces/detection", "faces/alignment", "sources/image_files"),
    output:
        faces="results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet",
        crops="results/aligned/{collection}/{alignment}/crops.npy",
    log:
        "results/logs/align_faces/{collection}/{alignment}.log",
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=GPU,
    params:
        alignment=lambda wildcards: ALIGNMENTS[wildcards.alignment]["alignment"],
        side_px=lambda wildcards: ALIGNMENTS[wildcards.alignment]["input_px"],
        margin_px=lambda wildcards: ALIGNMENTS[wildcards.alignment]["box_margin_px"],
        device=config["run"]["device"],
    script:
        "workflow/scripts/align_faces.py"


rule embed_images:
    input:
        weights="results/weights/{model}.json",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        code=code("models/embedder", "models/demo_network"),
    output:
        embeddings="results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
    log:
        "results/logs/embed_images/{model}/{collection}.log",
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=GPU,
    params:
        model=model_input,
        device=config["run"]["device"],
    script:
        "workflow/scripts/embed_images.py"


# Distances, thresholds and confidence; what judges a fold was fitted on the others.


rule score_pairs:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        reference=reference_decisions,
        code=code("scores/decisions"),
    output:
        decisions="results/tables/decisions/model={model}/dataset={dataset}/decisions.parquet",
    log:
        "results/logs/score_pairs/{model}/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        bins=config["confidence"]["bins"],
        reference=lambda wildcards: config["datasets"][wildcards.dataset]["reference"],
    script:
        "workflow/scripts/score_pairs.py"


rule fit_confidence:
    input:
        decisions="results/tables/decisions/model={model}/dataset={dataset}/decisions.parquet",
        reference=reference_decisions,
        code=code("scores/confidence", "scores/calibrators", "scores/densities", "scores/bounds", "scores/decisions"),
    output:
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
    log:
        "results/logs/fit_confidence/{model}/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        method=config["confidence"]["method"],
        bins=config["confidence"]["bins"],
        reference=lambda wildcards: config["datasets"][wildcards.dataset]["reference"],
    script:
        "workflow/scripts/fit_confidence.py"


# Occlude each image of the selected pairs once, the way that is fastest here, and make the maps of all its pairs from that.


rule select_pairs:
    input:
        pairs=expand("results/tables/pairs/dataset={dataset}/pairs.parquet", dataset=DATASETS),
        scores=expand("results/tables/scores/model={{model}}/dataset={dataset}/scores.parquet", dataset=DATASETS),
        code=code("maps/selection"),
    output:
        selections=expand(
            "results/tables/selection/model={{model}}/dataset={dataset}/selection.parquet",
            dataset=DATASETS,
        ),
    log:
        "results/logs/select_pairs/{model}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        datasets={name: collection_of(name) for name in DATASETS},
        select=config["explain"]["select"],
    script:
        "workflow/scripts/select_pairs.py"


rule choose_engine:
    input:
        weights="results/weights/{model}.json",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        code=code(*ENGINES),
    output:
        choice="results/engines/{model}.json",
    log:
        "results/logs/choose_engine/{model}.log",
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=GPU,
    params:
        model=model_input,
        masks=MASKS,
        device=config["run"]["device"],
    script:
        "workflow/scripts/choose_engine.py"


rule occlude_images:
    input:
        weights="results/weights/{model}.json",
        pairs=lambda wildcards: expand(
            "results/tables/pairs/dataset={dataset}/pairs.parquet",
            dataset=datasets_of(wildcards.collection),
        ),
        selections=lambda wildcards: expand(
            "results/tables/selection/model={{model}}/dataset={dataset}/selection.parquet",
            dataset=datasets_of(wildcards.collection),
        ),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        engine="results/engines/{model}.json",
        code=code("maps/occlusion", "maps/stored_shifts", *ENGINES),
    output:
        shard=temp("results/occluded/{model}/{collection}/shard-{shard}-of-{shards}.arrow"),
    log:
        "results/logs/occlude_images/{model}/{collection}/shard-{shard}-of-{shards}.log",
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=GPU,
    params:
        model=model_input,
        masks=MASKS,
        fill=OCCLUSION["fill"],
        device=config["run"]["device"],
    script:
        "workflow/scripts/occlude_images.py"


rule explain_pairs:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        shards=lambda wildcards: expand(
            "results/occluded/{{model}}/{collection}/shard-{shard}-of-{shards}.arrow",
            collection=collection_of(wildcards.dataset),
            shard=range(1, SHARDS + 1),
            shards=SHARDS,
        ),
        code=code("maps/explanation", "maps/masks", "maps/thinning", "maps/stored_shifts"),
    output:
        explanations="results/tables/explanations/model={model}/dataset={dataset}/explanations.parquet",
    log:
        "results/logs/explain_pairs/{model}/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    threads: 2
    params:
        side_px=lambda wildcards: config["models"][wildcards.model]["input_px"],
        masks=MASKS,
        methods=OCCLUSION["methods"],
        map_px=OCCLUSION["map_px"],
        map_dtype=OCCLUSION["map_dtype"],
    script:
        "workflow/scripts/explain_pairs.py"


# Report: figures of merit, what the confidence is worth elsewhere, models side by side, figures, and the site.


rule summarise:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        code=code(
            "evaluation/metrics_table",
            "evaluation/weighted_metrics",
            "evaluation/metrics",
            "evaluation/bootstrap",
            "evaluation/curves",
            "scores/confidence",
            "scores/calibrators",
            "scores/densities",
        ),
    output:
        metrics="results/tables/metrics/model={model}/dataset={dataset}/metrics.parquet",
        curves="results/tables/curves/model={model}/dataset={dataset}/curves.parquet",
    log:
        "results/logs/summarise/{model}/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        method=config["confidence"]["method"],
    script:
        "workflow/scripts/summarise.py"


rule judge_transfer:
    input:
        pairs=expand("results/tables/pairs/dataset={dataset}/pairs.parquet", dataset=DATASETS),
        scores=expand("results/tables/scores/model={{model}}/dataset={dataset}/scores.parquet", dataset=DATASETS),
        confidence=expand(
            "results/tables/confidence/model={{model}}/dataset={dataset}/confidence.parquet",
            dataset=DATASETS,
        ),
        code=code(
            "evaluation/transfer",
            "evaluation/metrics",
            "evaluation/bootstrap",
            "scores/confidence",
            "scores/calibrators",
            "scores/densities",
            "scores/bounds",
        ),
    output:
        transfer="results/tables/transfer/model={model}/transfer.parquet",
    log:
        "results/logs/judge_transfer/{model}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        datasets={name: collection_of(name) for name in DATASETS},
        method=config["confidence"]["method"],
        bins=config["confidence"]["bins"],
    script:
        "workflow/scripts/judge_transfer.py"


rule compare_models:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores=expand("results/tables/scores/model={model}/dataset={{dataset}}/scores.parquet", model=MODELS),
        code=code("evaluation/comparison", "evaluation/bootstrap"),
    output:
        comparisons="results/tables/comparisons/dataset={dataset}/comparisons.parquet",
    log:
        "results/logs/compare_models/{dataset}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        models=MODELS,
    script:
        "workflow/scripts/compare_models.py"


rule plot_curves:
    input:
        curves=expand("results/tables/curves/model={{model}}/dataset={dataset}/curves.parquet", dataset=DATASETS),
        confidence=expand(
            "results/tables/confidence/model={{model}}/dataset={dataset}/confidence.parquet",
            dataset=DATASETS,
        ),
        transfer="results/tables/transfer/model={model}/transfer.parquet",
        code=code("plots"),
    output:
        histograms=expand("results/figures/{{model}}/{dataset}/histogram.svg", dataset=DATASETS),
        transfer="results/figures/{model}/transfer.svg",
    log:
        "results/logs/plot_curves/{model}.log",
    conda:
        "workflow/envs/whyface.yaml"
    params:
        method=config["confidence"]["method"],
    script:
        "workflow/scripts/plot_curves.py"


rule render_site:
    input:
        tables=expand(
            "results/tables/{table}/model={model}/dataset={dataset}/{table}.parquet",
            table=[
                "scores",
                "confidence",
                "selection",
                "explanations",
                "metrics",
                "curves",
            ],
            model=MODELS,
            dataset=DATASETS,
        ),
        transfer=expand("results/tables/transfer/model={model}/transfer.parquet", model=MODELS),
        comparisons=expand(
            "results/tables/comparisons/dataset={dataset}/comparisons.parquet",
            dataset=DATASETS if len(MODELS) > 1 else [],
        ),
        figures=expand("results/figures/{model}/transfer.svg", model=MODELS),
        base=str(TEMPLATES / "base.html"),
        templates=sorted(map(str, TEMPLATES.rglob("*.*"))),
        code=sorted(map(str, (SCRIPTS / "whyface").glob("site/*.py"))),
    output:
        home="results/site/index.html",
    log:
        "results/logs/render_site.log",
    conda:
        "workflow/envs/whyface.yaml"
    threads: 2
    params:
        config=config,
    script:
        "workflow/scripts/render_site.py"
