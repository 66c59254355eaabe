# What the rules look up: names, paths, sources, states, resources. Rules are in the Snakefile, in order.

import atexit
import getpass
import os
import re
import sys
import time
from pathlib import Path
from shutil import which

from snakemake.exceptions import WorkflowError

PROJECT, STARTED = Path(workflow.current_basedir).parents[1], time.time()
if set("{}") & set(workflow.basedir):  # Snakemake would fill in what stands between
    raise WorkflowError(f"the project cannot run from {workflow.basedir}: rename the folder so that it has no {{ or }}")
if sys.getfilesystemencoding() != "utf-8":  # a name with an accent would be another name
    raise WorkflowError(f"file names are read as {sys.getfilesystemencoding()} here: set PYTHONUTF8=1")
SCRIPTS = PROJECT / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

from whyface.config import PACKED, alignment_id, chosen_datasets, is_synthetic
from whyface.config_check import check_config
from whyface.config_files import check_files
from whyface.reruns import code_state, file_state, source_state
from whyface.run_lock import lock_folder
from whyface.tables.files import remove_leftovers
from whyface.tables.logs import ended_jobs, last_errors
from whyface.tables.orphans import SCHEDULER, this_process

try:
    schema, catalogue = PROJECT / "workflow" / "schemas" / "config.schema.yaml", PROJECT / "config" / "catalogue.yaml"
    check_files(workflow.overwrite_configfiles, schema)
    config = check_config(config, schema, catalogue)
except ValueError as error:
    raise WorkflowError(str(error)) from None

COLLECTIONS, RUN = config["collections"], config["run"]
DATASETS, MODELS = RUN["datasets"], RUN["models"]
COLLECTION = {name: dataset["collection"] for name, dataset in config["datasets"].items()}
SELECT = {name: dataset.get("select", config["explain"]["select"]) for name, dataset in config["datasets"].items()}
# Datasets of the run by collection, sorted by name, so that reordering the config reruns nothing.
TOGETHER = {name: [one for one in sorted(DATASETS) if COLLECTION[one] == name] for name in COLLECTIONS}
# Collections of the run's datasets.
NAMED = sorted({COLLECTION[name] for name in DATASETS})
ALIGNMENT = {name: alignment_id(model) for name, model in config["models"].items()}
# How crops of each alignment are made, whichever model uses them.
CROPPING = {ALIGNMENT[name]: model for name, model in config["models"].items()}
# The part of a model's config that changes numbers.
FED = (
    *("kind", "input_px", "channels", "pixel_mean", "pixel_std"),
    *("flip", "input_layout", "output", "constants"),
)
MODEL_INPUT = {name: {key: model[key] for key in FED if key in model} for name, model in config["models"].items()}
# A file that can run code is opened only if it is the one that the config vouches for.
for name, model in config["models"].items():
    if model["trusted"]:
        MODEL_INPUT[name] |= {"trusted": True, "weights": {"sha256": model["weights"]["sha256"]}}
# Tables whose files may have different columns, or lists of different lengths, and their partitions.
VARYING = {"images": ["collection"], "pairs": ["dataset"], "embeddings": ["model", "collection"]}
MASKS = {key: config["occlusion"][key] for key in ("variant", "shape", "patch_px", "stride_px", "exactness")}
SHARDS = config["occlusion"]["shards"]

# Where collections come from: drawn by the project, a user's folder, or files to unpack, possibly downloaded.
SOURCE = {name: collection["source"] for name, collection in COLLECTIONS.items()}
# Those whose people are as they are: twins have parts exchanged.
UNALTERED = [name for name in NAMED if SOURCE[name].get("synthetic") != "twins"]
DRAWN = [name for name in COLLECTIONS if is_synthetic(COLLECTIONS[name])]
IN_PLACE = [name for name, source in SOURCE.items() if (path := source.get("path")) and Path(path).is_dir()]
FOLDERS = [name for name in IN_PLACE if COLLECTIONS[name]["layout"] not in PACKED]
ARCHIVES = [name for name in COLLECTIONS if name not in DRAWN + FOLDERS]
BUNDLED = {"bundled": "demo.safetensors"}
WEIGHTS = {name: model.get("weights", BUNDLED) for name, model in config["models"].items()}
PAIR_LISTS = {name: dataset["pairs"] for name, dataset in config["datasets"].items() if "pairs" in dataset}

os.environ[SCHEDULER] = this_process()
try:
    getpass.getuser()
except (KeyError, OSError):  # Snakemake will ask, and a container's user may have no name
    os.environ.update(USER=str(os.getuid()))
# Jobs share the cores: waiting threads must sleep, not spin, or torch is several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Large arrays come and go: glibc keeps their memory, or drawing would take a twentieth longer.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 << 20))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(64 << 20))


onerror:
    # At exit, because Snakemake has more to say after this, and the cause should stand last.
    said = "\n".join(Path(path).read_text(errors="replace") for path in log)
    errors = ended_jobs(said) + last_errors("results/logs", STARTED)
    atexit.register(sys.stderr.writelines, [f"{line}\n" for line in errors])


def any_of(names):
    """Make a pattern that matches these names and no others; without names, it matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    collection=any_of(COLLECTIONS),
    dataset=any_of(config["datasets"]),
    model=any_of(config["models"]),
    alignment=any_of(CROPPING),
    shard=r"\d+",
    shards=r"\d+",


onstart:
    # Not while the config is read, so that a dry run may take place during a run. Global, because the lock is released
    # with its object.
    global run_lock
    if not workflow.local_exec and "gpu" in workflow.global_resources:
        logger.warning(
            "profiles/default gives a GPU to one job at a time, in a whole cluster too: for more at once, "
            "add --workflow-profile profiles/slurm, or none with a profile of your own"
        )
    try:
        run_lock = lock_folder(Path())
    except RuntimeError as error:
        raise WorkflowError(str(error)) from None
    remove_leftovers(Path("results"))


onsuccess:
    # What a first run is for; a run of other targets makes no site.
    if any(job.rule.name == "render_site" for job in workflow.dag.finished_jobs):
        from whyface.evaluation.headline import headlines, list_faults

        drawn_for_maps = [name for name in COLLECTIONS if SOURCE[name].get("synthetic") == "twins"]
        judged = [(model, name) for name in DATASETS for model in MODELS if COLLECTION[name] not in drawn_for_maps]
        lines = headlines(Path("results"), judged, config["confidence"]["method"])
        print(*lines, *list_faults(Path("results"), DATASETS), sep="\n")
        print("Report:", Path("results/site/index.html").resolve())


def code(script):
    """State of the code behind a rule: its script and all that it imports; see `whyface.reruns`."""
    return lambda wildcards: code_state(SCRIPTS / f"{script}.py")


def state(sources):
    """State of the file or folder behind a source, looked up by the rule's first wildcard."""
    return lambda wildcards: _state(sources[wildcards[0]])


def _state(source):
    return file_state(resource(source)) if source is BUNDLED else source_state(source)


def resource(source):
    return PROJECT / "workflow" / "resources" / source["bundled"]


def templates(wildcards):
    """State of the site's templates, scripts and styles."""
    folder = PROJECT / "site_templates"
    return {str(path.relative_to(folder)): file_state(path) for path in sorted(folder.rglob("*.*"))}


def resolve(pattern):
    """Fill in the dataset's collection and reference, and the model's alignment."""

    def fill(wildcards):
        known = dict(wildcards.items())
        if "dataset" in known:
            known["collection"] = COLLECTION[known["dataset"]]
            known["reference"] = config["datasets"][known["dataset"]]["reference"]
        if "model" in known:
            known["alignment"] = ALIGNMENT[known["model"]]
        return pattern.format(**known)

    return fill


def together(pattern):
    """Fill in, in turn, each of the run's datasets that share the collection."""

    def fill(wildcards):
        known = dict(wildcards.items())
        collection = known.get("collection") or COLLECTION[known["dataset"]]
        return [pattern.format(**{**known, "dataset": name}) for name in TOGETHER[collection]]

    return fill


def naming_pairs(wildcards):
    """List the pairs of the collection's datasets, those of the run and their references: all that names an image."""
    names = [name for name in sorted(chosen_datasets(config)) if COLLECTION[name] == wildcards.collection]
    return [f"results/tables/pairs/dataset={name}/pairs.parquet" for name in names]


def partitions(wildcards):
    """List the files that this run makes of a table."""
    named = sorted(chosen_datasets(config))
    made = {"dataset": named, "collection": sorted({COLLECTION[name] for name in named}), "model": sorted(MODELS)}
    table, folders = wildcards.table, [f"{name}={{{name}}}" for name in VARYING[wildcards.table]]
    path = Path("results/tables", table, *folders, f"{table}.parquet")
    return expand(str(path), **{name: made[name] for name in VARYING[table]})


def shards(wildcards):
    """List the files that hold the shifts of a dataset's collection."""
    folder = f"results/occluded/{wildcards.model}/{COLLECTION[wildcards.dataset]}"
    learned_from = [f"{folder}/all-masks.arrow"] if MASKS["exactness"] == "fast" else []
    return learned_from + [f"{folder}/shard-{shard}-of-{SHARDS}.arrow" for shard in range(1, SHARDS + 1)]


def prediction(wildcards):
    """With `exactness: fast`, what says which masks of a collection are measured and how the others follow."""
    collection = dict(wildcards.items()).get("collection") or COLLECTION[wildcards.dataset]
    return [f"results/predictions/{wildcards.model}/{collection}.npz"] if MASKS["exactness"] == "fast" else []


def own_pair_list(wildcards):
    return [f"results/pairs/{wildcards.dataset}.json"] if wildcards.dataset in PAIR_LISTS else []


def embeddings_of_pack(wildcards):
    """The embeddings of a pack, with those of image and mirror, which InsightFace's figures need."""
    path = resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet")
    return [path(wildcards)] if config["datasets"][wildcards.dataset]["protocol"] == "insightface-bin" else []


def known_truth(wildcards):
    """The table of what was drawn, if the project drew the dataset's collection."""
    name = COLLECTION[wildcards.dataset]
    return [f"results/tables/truth/collection={name}/truth.parquet"] if name in DRAWN else []


def has_reference(wildcards):
    return config["datasets"][wildcards.dataset]["reference"] is not None


def with_reference(wildcards):
    """The dataset, and its reference if it names one."""
    return [name for name in (wildcards.dataset, config["datasets"][wildcards.dataset]["reference"]) if name]


def and_reference(pattern):
    """Fill in, in turn, the dataset and its reference, if it names one."""
    return lambda wildcards: [resolve(pattern)({"dataset": name}) for name in with_reference(wildcards)]


def reference_decisions(wildcards):
    path = resolve("results/tables/decisions/model={model}/dataset={reference}/decisions.parquet")
    return [path(wildcards)] if config["datasets"][wildcards.dataset]["reference"] else []


def gpu(wildcards):
    """Request a GPU where a job can use one: on a cluster always, whatever this machine has; here, if there is one."""
    is_here = workflow.local_exec
    return int(RUN["device"] != "cpu" and (not is_here or which("nvidia-smi") is not None))


def growing(amount):
    """Request this amount of a resource, and the same amount more with each further attempt."""
    return lambda wildcards, attempt: attempt * amount
