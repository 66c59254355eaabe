# For maintainers: `snakemake --cores 2 train_demo_model` retrains the demo model; no other run does. The script copies
# the result to workflow/resources. If that file were an output of this rule, every run would train before fetching it.


rule train_demo_model:
    output:
        weights="results/training/demo.safetensors",
        card="results/training/demo.md",
    log:
        "results/logs/train_demo_model.log",
    benchmark:
        "results/benchmarks/train_demo_model.tsv"
    conda:
        "../envs/whyface.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000),
        runtime=growing(600),
    params:
        code=code("train_demo_model"),
        settings={},
    script:
        "../scripts/train_demo_model.py"
