# For maintainers. No run trains the demo model anew; `snakemake --cores 2 train_demo_model` does. The script copies what
# it made to workflow/resources: as an output of this rule, that file would make every run train before it is fetched.


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
