# WhyFace: from verification sets and models to tables and a site. The rules follow the data.
#
# `code` is the state of all code that a rule's script imports; `state` is that of the user's files behind a rule.
# Snakemake itself only compares the dates of inputs (workflow/scripts/whyface/reruns.py).


configfile: f"{workflow.basedir}/config.yaml"


include: "workflow/rules/helpers.smk"
include: "workflow/rules/training.smk"


rule all:
    default_target: True
    input:
        "results/site/index.html",
        expand("results/tables/{table}/all-columns.parquet", table=VARYING),


# Obtain images, pair lists and weights, verified and safely unpacked; or draw images with known truth.


# A cluster's nodes often have no internet: these run where the run was started.
localrules:
    fetch_collection,
    fetch_pairs,
    fetch_weights,


rule fetch_collection:
    output:
        receipt="results/collections/{collection}/receipt.json",
        files=directory("results/collections/{collection}/files"),
    log:
        "results/logs/fetch_collection/{collection}.log",
    benchmark:
        "results/benchmarks/fetch_collection/{collection}.tsv"
    wildcard_constraints:
        collection=any_of(ARCHIVES),
    retries: 0  # downloads repeat themselves; nothing else that fails would pass
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(240),
    params:
        code=code("fetch_collection"),
        layout=lookup("{collection}/layout", within=COLLECTIONS),
        source=lookup("{collection}", within=SOURCE),
        state=state(SOURCE),
    script:
        "workflow/scripts/fetch_collection.py"


use rule fetch_collection as adopt_folder with:
    output:
        receipt="results/collections/{collection}/receipt.json",
    log:
        "results/logs/adopt_folder/{collection}.log",
    benchmark:
        "results/benchmarks/adopt_folder/{collection}.tsv"
    wildcard_constraints:
        collection=any_of(FOLDERS),


rule draw_collection:
    output:
        receipt="results/collections/{collection}/receipt.json",
        files=directory("results/collections/{collection}/files"),
        masks=directory("results/collections/{collection}/truth"),
        truth="results/tables/truth/collection={collection}/truth.parquet",
    log:
        "results/logs/draw_collection/{collection}.log",
    benchmark:
        "results/benchmarks/draw_collection/{collection}.tsv"
    wildcard_constraints:
        collection=any_of(DRAWN),
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(60),
    params:
        code=code("draw_collection"),
        source=lookup("{collection}", within=SOURCE),
    script:
        "workflow/scripts/draw_collection.py"


rule fetch_pairs:
    output:
        receipt="results/pairs/{dataset}.json",
    log:
        "results/logs/fetch_pairs/{dataset}.log",
    benchmark:
        "results/benchmarks/fetch_pairs/{dataset}.tsv"
    retries: 0
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        code=code("fetch_file"),
        key="datasets.{dataset}.pairs",
        source=lookup("{dataset}", within=PAIR_LISTS),
        state=state(PAIR_LISTS),
    script:
        "workflow/scripts/fetch_file.py"


rule fetch_weights:
    output:
        receipt="results/weights/{model}.json",
    log:
        "results/logs/fetch_weights/{model}.log",
    benchmark:
        "results/benchmarks/fetch_weights/{model}.tsv"
    priority: 1  # a model that cannot be used is known before any face is looked for
    retries: 0
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("fetch_file"),
        key="models.{model}.weights",
        model=lookup("{model}", within=MODEL_INPUT),
        source=lookup("{model}", within=WEIGHTS),
        state=state(WEIGHTS),
    script:
        "workflow/scripts/fetch_file.py"


# Read the collection's layout and the protocol's pair list; look for what folds share, and what is wrong with the list.


rule list_images:
    input:
        receipt="results/collections/{collection}/receipt.json",
    output:
        images="results/tables/images/collection={collection}/images.parquet",
    log:
        "results/logs/list_images/{collection}.log",
    benchmark:
        "results/benchmarks/list_images/{collection}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(60),
    params:
        code=code("list_images"),
        layout=lookup("{collection}/layout", within=COLLECTIONS),
    script:
        "workflow/scripts/list_images.py"


rule list_pairs:
    input:
        receipt=resolve("results/collections/{collection}/receipt.json"),
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        pairs=own_pair_list,
    output:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
    log:
        "results/logs/list_pairs/{dataset}.log",
    benchmark:
        "results/benchmarks/list_pairs/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        code=code("list_pairs"),
        protocol=lookup("datasets/{dataset}/protocol", within=config),
        all_pairs=lookup("datasets/{dataset}/all_pairs", within=config, default={}),
        reference=has_reference,
    script:
        "workflow/scripts/list_pairs.py"


rule find_leakage:
    input:
        pairs=and_reference("results/tables/pairs/dataset={dataset}/pairs.parquet"),
        images=and_reference("results/tables/images/collection={collection}/images.parquet"),
    output:
        leakage="results/tables/leakage/dataset={dataset}/leakage.parquet",
        leaking_pairs="results/tables/leaking_pairs/dataset={dataset}/leaking_pairs.parquet",
    log:
        "results/logs/find_leakage/{dataset}.log",
    benchmark:
        "results/benchmarks/find_leakage/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=code("find_leakage"),
        collections=lambda wildcards: {name: COLLECTION[name] for name in with_reference(wildcards)},
    script:
        "workflow/scripts/find_leakage.py"


rule examine_protocol:
    input:
        receipt=resolve("results/collections/{collection}/receipt.json"),
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        leakage="results/tables/leakage/dataset={dataset}/leakage.parquet",
    output:
        protocol="results/tables/protocol/dataset={dataset}/protocol.parquet",
    log:
        "results/logs/examine_protocol/{dataset}.log",
    benchmark:
        "results/benchmarks/examine_protocol/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        code=code("examine_protocol"),
    script:
        "workflow/scripts/examine_protocol.py"


# Find the face in each image that a pair names, crop it as the model expects, and embed each crop once.


rule align_faces:
    input:
        receipt="results/collections/{collection}/receipt.json",
        images="results/tables/images/collection={collection}/images.parquet",
        pairs=naming_pairs,
    output:
        faces="results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet",
        crops="results/aligned/{collection}/{alignment}/crops.npy",
    log:
        "results/logs/align_faces/{collection}/{alignment}.log",
    benchmark:
        "results/benchmarks/align_faces/{collection}/{alignment}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2500),
        runtime=growing(240),
    params:
        code=code("align_faces"),
        alignment=lookup("{alignment}/alignment", within=CROPPING),
        side_px=lookup("{alignment}/input_px", within=CROPPING),
        margin_px=lookup("{alignment}/box_margin_px", within=CROPPING),
        smallest_face_px=lookup("{collection}/smallest_face_px", within=COLLECTIONS),
        device=RUN["device"],
    script:
        "workflow/scripts/align_faces.py"


rule embed_images:
    input:
        weights="results/weights/{model}.json",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
    output:
        embeddings="results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
    log:
        "results/logs/embed_images/{model}/{collection}.log",
    benchmark:
        "results/benchmarks/embed_images/{model}/{collection}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        code=code("embed_images"),
        model=lookup("{model}", within=MODEL_INPUT),
        device=RUN["device"],
        with_mirror=lambda wildcards: COLLECTIONS[wildcards.collection]["layout"] == "insightface-bin",
    script:
        "workflow/scripts/embed_images.py"


# Compute distances, thresholds and confidence; each fold is decided by what was fitted on the others.


rule score_pairs:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        reference=reference_decisions,
    output:
        decisions="results/tables/decisions/model={model}/dataset={dataset}/decisions.parquet",
    log:
        "results/logs/score_pairs/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/score_pairs/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=code("score_pairs"),
        method=config["confidence"]["method"],
        bins=config["confidence"]["bins"],
        reference=lookup("datasets/{dataset}/reference", within=config),
    script:
        "workflow/scripts/score_pairs.py"


rule fit_confidence:
    input:
        decisions="results/tables/decisions/model={model}/dataset={dataset}/decisions.parquet",
        reference=reference_decisions,
    output:
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
    log:
        "results/logs/fit_confidence/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/fit_confidence/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=code("fit_confidence"),
        method=config["confidence"]["method"],
        bins=config["confidence"]["bins"],
        reference=lookup("datasets/{dataset}/reference", within=config),
    script:
        "workflow/scripts/fit_confidence.py"


rule fit_conditional:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
    output:
        conditional="results/tables/conditional/model={model}/dataset={dataset}/conditional.parquet",
        choice="results/tables/conditional_choice/model={model}/dataset={dataset}/conditional_choice.parquet",
    log:
        "results/logs/fit_conditional/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/fit_conditional/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("fit_conditional"),
        method=config["confidence"]["method"],
    script:
        "workflow/scripts/fit_conditional.py"


rule score_all:
    input:
        images="results/tables/images/collection={collection}/images.parquet",
        embeddings="results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
    output:
        tails="results/tables/tails/model={model}/collection={collection}/tails.parquet",
        strangers="results/tables/strangers/model={model}/collection={collection}/strangers.parquet",
        deep_det="results/tables/deep_det/model={model}/collection={collection}/deep_det.parquet",
    log:
        "results/logs/score_all/{model}/{collection}.log",
    benchmark:
        "results/benchmarks/score_all/{model}/{collection}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("score_all"),
        device=RUN["device"],
        extrapolate=config["tails"]["extrapolate"],
    script:
        "workflow/scripts/score_all.py"


rule realise_thresholds:
    input:
        images=expand("results/tables/images/collection={collection}/images.parquet", collection=UNALTERED),
        embeddings=expand(
            "results/tables/embeddings/model={{model}}/collection={collection}/embeddings.parquet",
            collection=UNALTERED,
        ),
        tails=expand("results/tables/tails/model={{model}}/collection={collection}/tails.parquet", collection=UNALTERED),
    output:
        realised="results/tables/realised/model={model}/realised.parquet",
    log:
        "results/logs/realise_thresholds/{model}.log",
    benchmark:
        "results/benchmarks/realise_thresholds/{model}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("realise_thresholds"),
        collections=UNALTERED,
        device=RUN["device"],
    script:
        "workflow/scripts/realise_thresholds.py"


rule compare_groups:
    input:
        images="results/tables/images/collection={collection}/images.parquet",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        embeddings="results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
        tails="results/tables/tails/model={model}/collection={collection}/tails.parquet",
    output:
        rates="results/tables/group_rates/model={model}/collection={collection}/group_rates.parquet",
        indices="results/tables/group_indices/model={model}/collection={collection}/group_indices.parquet",
    log:
        "results/logs/compare_groups/{model}/{collection}.log",
    benchmark:
        "results/benchmarks/compare_groups/{model}/{collection}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("compare_groups"),
    script:
        "workflow/scripts/compare_groups.py"


# Occlude each image of the selected pairs once, with the fastest engine on this machine, and make the maps of all its
# pairs from the result. The datasets of a collection share this work; none of it depends on other collections.


rule select_pairs:
    input:
        pairs=together("results/tables/pairs/dataset={dataset}/pairs.parquet"),
        scores=together("results/tables/scores/model={model}/dataset={dataset}/scores.parquet"),
    output:
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
    log:
        "results/logs/select_pairs/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/select_pairs/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=code("select_pairs"),
        select=lambda wildcards: {name: SELECT[name] for name in TOGETHER[COLLECTION[wildcards.dataset]]},
    script:
        "workflow/scripts/select_pairs.py"


rule choose_engine:
    input:
        weights="results/weights/{model}.json",
    output:
        choice="results/engines/{model}.json",
    log:
        "results/logs/choose_engine/{model}.log",
    benchmark:
        "results/benchmarks/choose_engine/{model}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2500),
        runtime=growing(30),
    params:
        code=code("choose_engine"),
        model=lookup("{model}", within=MODEL_INPUT),
        masks=MASKS,
        device=RUN["device"],
    script:
        "workflow/scripts/choose_engine.py"


rule learn_prediction:
    input:
        weights="results/weights/{model}.json",
        pairs=together("results/tables/pairs/dataset={dataset}/pairs.parquet"),
        selections=together("results/tables/selection/model={model}/dataset={dataset}/selection.parquet"),
        embeddings="results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        engine="results/engines/{model}.json",
    output:
        prediction="results/predictions/{model}/{collection}.npz",
        shifts=temp("results/occluded/{model}/{collection}/all-masks.arrow"),
    log:
        "results/logs/learn_prediction/{model}/{collection}.log",
    benchmark:
        "results/benchmarks/learn_prediction/{model}/{collection}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2500),
        runtime=growing(120),
    params:
        code=code("learn_prediction"),
        model=lookup("{model}", within=MODEL_INPUT),
        masks=MASKS,
        fill=config["occlusion"]["fill"],
        methods=config["occlusion"]["methods"],
        map_px=config["occlusion"]["map_px"],
        agreement=config["occlusion"]["agreement"],
        device=RUN["device"],
    script:
        "workflow/scripts/learn_prediction.py"


rule occlude_images:
    input:
        weights="results/weights/{model}.json",
        pairs=together("results/tables/pairs/dataset={dataset}/pairs.parquet"),
        selections=together("results/tables/selection/model={model}/dataset={dataset}/selection.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        engine="results/engines/{model}.json",
        prediction=prediction,
    output:
        shifts=temp("results/occluded/{model}/{collection}/shard-{shard}-of-{shards}.arrow"),
    log:
        "results/logs/occlude_images/{model}/{collection}/shard-{shard}-of-{shards}.log",
    benchmark:
        "results/benchmarks/occlude_images/{model}/{collection}/shard-{shard}-of-{shards}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(720),
    params:
        code=code("occlude_images"),
        model=lookup("{model}", within=MODEL_INPUT),
        masks=MASKS,
        fill=config["occlusion"]["fill"],
        device=RUN["device"],
    script:
        "workflow/scripts/occlude_images.py"


rule explain_pairs:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        shifts=shards,
        prediction=prediction,
    output:
        explanations="results/tables/explanations/model={model}/dataset={dataset}/explanations.parquet",
    log:
        "results/logs/explain_pairs/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/explain_pairs/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    threads: 2
    resources:
        mem_mb=growing(1500),
        runtime=growing(120),
    params:
        code=code("explain_pairs"),
        side_px=lookup("{model}/input_px", within=MODEL_INPUT),
        masks=MASKS,
        methods=config["occlusion"]["methods"],
        map_px=config["occlusion"]["map_px"],
        map_dtype=config["occlusion"]["map_dtype"],
    script:
        "workflow/scripts/explain_pairs.py"


rule find_flips:
    input:
        weights="results/weights/{model}.json",
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        shifts=shards,
        prediction=prediction,
    output:
        flips="results/tables/flips/model={model}/dataset={dataset}/flips.parquet",
        patches="results/tables/patches/model={model}/dataset={dataset}/patches.parquet",
        distances="results/tables/patch_distances/model={model}/dataset={dataset}/patch_distances.parquet",
    log:
        "results/logs/find_flips/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/find_flips/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("find_flips"),
        model=lookup("{model}", within=MODEL_INPUT),
        masks=MASKS,
        fill=config["occlusion"]["fill"],
        device=RUN["device"],
    script:
        "workflow/scripts/find_flips.py"


rule find_flip_sets:
    input:
        weights="results/weights/{model}.json",
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        distances="results/tables/patch_distances/model={model}/dataset={dataset}/patch_distances.parquet",
    output:
        sets="results/tables/flip_sets/model={model}/dataset={dataset}/flip_sets.parquet",
    log:
        "results/logs/find_flip_sets/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/find_flip_sets/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("find_flip_sets"),
        model=lookup("{model}", within=MODEL_INPUT),
        masks=MASKS,
        fill=config["occlusion"]["fill"],
        device=RUN["device"],
    script:
        "workflow/scripts/find_flip_sets.py"


rule judge_flips:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        flips="results/tables/flips/model={model}/dataset={dataset}/flips.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
    output:
        metrics="results/tables/flip_metrics/model={model}/dataset={dataset}/flip_metrics.parquet",
    log:
        "results/logs/judge_flips/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/judge_flips/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=code("judge_flips"),
    script:
        "workflow/scripts/judge_flips.py"


rule judge_maps:
    input:
        weights="results/weights/{model}.json",
        receipt=resolve("results/collections/{collection}/receipt.json"),
        truth=known_truth,
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        explanations="results/tables/explanations/model={model}/dataset={dataset}/explanations.parquet",
    output:
        fidelity="results/tables/fidelity/model={model}/dataset={dataset}/fidelity.parquet",
    log:
        "results/logs/judge_maps/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/judge_maps/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("judge_maps"),
        model=lookup("{model}", within=MODEL_INPUT),
        alignment=lookup("{model}/alignment", within=config["models"]),
        masks=MASKS,
        fill=config["occlusion"]["fill"],
        methods=config["occlusion"]["methods"],
        confidence_method=config["confidence"]["method"],
        device=RUN["device"],
    script:
        "workflow/scripts/judge_maps.py"


# What each named region is worth to each pair: covered as a whole, in one face and in both.


rule weigh_regions:
    input:
        weights="results/weights/{model}.json",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        selection="results/tables/selection/model={model}/dataset={dataset}/selection.parquet",
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        crops=resolve("results/aligned/{collection}/{alignment}/crops.npy"),
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
    output:
        covers="results/tables/covers/model={model}/dataset={dataset}/covers.parquet",
    log:
        "results/logs/weigh_regions/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/weigh_regions/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=code("weigh_regions"),
        model=lookup("{model}", within=MODEL_INPUT),
        alignment=lookup("{model}/alignment", within=config["models"]),
        margin_px=lookup("{model}/box_margin_px", within=config["models"]),
        confidence_method=config["confidence"]["method"],
        device=RUN["device"],
    script:
        "workflow/scripts/weigh_regions.py"


# Report: metrics, transfer of the confidence to other datasets, comparisons of models, figures, and the site.


rule summarise:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        embeddings=embeddings_of_pack,
    output:
        metrics="results/tables/metrics/model={model}/dataset={dataset}/metrics.parquet",
        curves="results/tables/curves/model={model}/dataset={dataset}/curves.parquet",
    log:
        "results/logs/summarise/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/summarise/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(60),
    params:
        code=code("summarise"),
        method=config["confidence"]["method"],
    script:
        "workflow/scripts/summarise.py"


rule compare_pair_groups:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
    output:
        rates="results/tables/pair_group_rates/model={model}/dataset={dataset}/pair_group_rates.parquet",
        indices="results/tables/pair_group_indices/model={model}/dataset={dataset}/pair_group_indices.parquet",
    log:
        "results/logs/compare_pair_groups/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/compare_pair_groups/{model}/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("compare_pair_groups"),
    script:
        "workflow/scripts/compare_pair_groups.py"


rule judge_quality:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
    output:
        discards="results/tables/discards/model={model}/dataset={dataset}/discards.parquet",
        areas="results/tables/discard_areas/model={model}/dataset={dataset}/discard_areas.parquet",
    log:
        "results/logs/judge_quality/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/judge_quality/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("judge_quality"),
    script:
        "workflow/scripts/judge_quality.py"


rule find_slices:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores="results/tables/scores/model={model}/dataset={dataset}/scores.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        faces=resolve("results/tables/faces/collection={collection}/alignment={alignment}/faces.parquet"),
        embeddings=resolve("results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet"),
    output:
        slices="results/tables/slices/model={model}/dataset={dataset}/slices.parquet",
        clusters="results/tables/clusters/model={model}/dataset={dataset}/clusters.parquet",
    log:
        "results/logs/find_slices/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/find_slices/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("find_slices"),
    script:
        "workflow/scripts/find_slices.py"


rule suspect_labels:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        images=resolve("results/tables/images/collection={collection}/images.parquet"),
        scores=expand("results/tables/scores/model={model}/dataset={{dataset}}/scores.parquet", model=MODELS),
        confidence=expand(
            "results/tables/confidence/model={model}/dataset={{dataset}}/confidence.parquet", model=MODELS
        ),
        embeddings=lambda wildcards: expand(
            "results/tables/embeddings/model={model}/collection={collection}/embeddings.parquet",
            model=MODELS,
            collection=COLLECTION[wildcards.dataset],
        ),
    output:
        suspects="results/tables/suspects/dataset={dataset}/suspects.parquet",
    log:
        "results/logs/suspect_labels/{dataset}.log",
    benchmark:
        "results/benchmarks/suspect_labels/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        code=code("suspect_labels"),
    script:
        "workflow/scripts/suspect_labels.py"


rule judge_transfer:
    input:
        pairs=expand("results/tables/pairs/dataset={dataset}/pairs.parquet", dataset=DATASETS),
        scores=expand("results/tables/scores/model={{model}}/dataset={dataset}/scores.parquet", dataset=DATASETS),
        confidence=expand(
            "results/tables/confidence/model={{model}}/dataset={dataset}/confidence.parquet",
            dataset=DATASETS,
        ),
    output:
        transfer="results/tables/transfer/model={model}/transfer.parquet",
    log:
        "results/logs/judge_transfer/{model}.log",
    benchmark:
        "results/benchmarks/judge_transfer/{model}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        code=code("judge_transfer"),
        datasets={name: COLLECTION[name] for name in DATASETS},
        method=config["confidence"]["method"],
        bins=config["confidence"]["bins"],
    script:
        "workflow/scripts/judge_transfer.py"


rule compare_models:
    input:
        pairs="results/tables/pairs/dataset={dataset}/pairs.parquet",
        scores=expand("results/tables/scores/model={model}/dataset={{dataset}}/scores.parquet", model=MODELS),
    output:
        comparisons="results/tables/comparisons/dataset={dataset}/comparisons.parquet",
        ranking="results/tables/ranking/dataset={dataset}/ranking.parquet",
        fusions="results/tables/fusions/dataset={dataset}/fusions.parquet",
    log:
        "results/logs/compare_models/{dataset}.log",
    benchmark:
        "results/benchmarks/compare_models/{dataset}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        code=code("compare_models"),
        models=MODELS,
    script:
        "workflow/scripts/compare_models.py"


rule measure_model:
    input:
        weights="results/weights/{model}.json",
    output:
        costs="results/tables/costs/model={model}/costs.parquet",
    log:
        "results/logs/measure_model/{model}.log",
    benchmark:
        "results/benchmarks/measure_model/{model}.tsv"
    retries: 1
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        gpu=gpu,
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        code=code("measure_model"),
        model=lookup("{model}", within=MODEL_INPUT),
        device=RUN["device"],
    script:
        "workflow/scripts/measure_model.py"


rule plot_curves:
    input:
        curves="results/tables/curves/model={model}/dataset={dataset}/curves.parquet",
        confidence="results/tables/confidence/model={model}/dataset={dataset}/confidence.parquet",
        deep_det=resolve("results/tables/deep_det/model={model}/collection={collection}/deep_det.parquet"),
    output:
        figures=directory("results/figures/{model}/{dataset}"),
    log:
        "results/logs/plot_curves/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/plot_curves/{model}/{dataset}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        code=code("plot_curves"),
        method=config["confidence"]["method"],
    script:
        "workflow/scripts/plot_curves.py"


rule plot_transfer:
    input:
        transfer="results/tables/transfer/model={model}/transfer.parquet",
    output:
        figure="results/figures/{model}/transfer.svg",
        caption="results/figures/{model}/transfer.txt",
    log:
        "results/logs/plot_transfer/{model}.log",
    benchmark:
        "results/benchmarks/plot_transfer/{model}.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        code=code("plot_transfer"),
    script:
        "workflow/scripts/plot_transfer.py"


rule gather_columns:
    input:
        files=partitions,
    output:
        columns="results/tables/{table}/all-columns.parquet",
    log:
        "results/logs/gather_columns/{table}.log",
    benchmark:
        "results/benchmarks/gather_columns/{table}.tsv"
    wildcard_constraints:
        table=any_of(VARYING),
    conda:
        "workflow/envs/whyface.yaml"
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        code=code("gather_columns"),
    script:
        "workflow/scripts/gather_columns.py"


# Only the site's first page is declared: Snakemake deletes declared outputs before a job, and files that have not
# changed are reused from the old site.


rule render_site:
    input:
        tables=expand(
            "results/tables/{table}/model={model}/dataset={dataset}/{table}.parquet",
            table=[
                "scores",
                "confidence",
                "conditional",
                "conditional_choice",
                "discards",
                "discard_areas",
                "pair_group_rates",
                "pair_group_indices",
                "selection",
                "explanations",
                "fidelity",
                "flips",
                "patches",
                "patch_distances",
                "flip_sets",
                "flip_metrics",
                "covers",
                "metrics",
                "curves",
                "slices",
                "clusters",
            ],
            model=MODELS,
            dataset=DATASETS,
        ),
        lists=expand(
            "results/tables/{table}/dataset={dataset}/{table}.parquet",
            table=["leakage", "leaking_pairs", "protocol", "suspects"],
            dataset=DATASETS,
        ),
        transfer=expand("results/tables/transfer/model={model}/transfer.parquet", model=MODELS),
        realised=expand("results/tables/realised/model={model}/realised.parquet", model=MODELS),
        groups=expand(
            "results/tables/{table}/model={model}/collection={collection}/{table}.parquet",
            table=["group_rates", "group_indices"],
            model=MODELS,
            collection=NAMED,
        ),
        comparisons=expand(
            "results/tables/{table}/dataset={dataset}/{table}.parquet",
            table=["comparisons", "ranking", "fusions"],
            dataset=DATASETS if len(MODELS) > 1 else [],
        ),
        costs=expand("results/tables/costs/model={model}/costs.parquet", model=MODELS if len(MODELS) > 1 else []),
        figures=expand("results/figures/{model}/{figures}", model=MODELS, figures=[*DATASETS, "transfer.svg"]),
    output:
        home="results/site/index.html",
    log:
        "results/logs/render_site.log",
    benchmark:
        "results/benchmarks/render_site.tsv"
    conda:
        "workflow/envs/whyface.yaml"
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code("render_site"),
        templates=templates,
        config=config,
    script:
        "workflow/scripts/render_site.py"
