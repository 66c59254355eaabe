.DEFAULT_GOAL := help
.PHONY: help run test test-all test-long slurm faults faults-broken check sbom audit lock bench bench-fidelity mutate wheels clean

help:  ## list the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 8

run:  ## run the default config; tables and site go to results/
	uv run snakemake --cores 8

test:  ## run the tests, except those that are slow by nature
	uv run pytest

test-all:  ## run all tests, as CI does
	uv run pytest -m "not long and not slurm"

test-long:  ## run the tests that CI has no time for; a bare Debian among them wants root, debootstrap and the internet
	uv run pytest -n 1 -m "long and not slurm"

slurm:  ## run a part of the default config as jobs of a Slurm cluster, compare with results/; .ci/slurm start makes one
	uv run pytest -n 0 -m "slurm and not long" tests/test_slurm.py

faults:  ## run the whole fault suite, which takes an hour or more; docs/faults.md has the table
	uv run pytest -n 1 -m "" tests/faults tests/models/test_mutilated.py

faults-broken:  ## break the project in each way that the fault suite names; its tests must fail
	uv run python tests/faults/break_each.py

check:  ## check style, types and workflow, and that the pinned environments agree
	uv run ruff format --check
	uv run ruff check
	uv run snakefmt --check Snakefile workflow/rules
	uv run mypy
	uv run snakemake --lint
	uv pip compile --quiet --universal --generate-hashes --no-header --group dev pyproject.toml | diff - requirements.lock

# No part of `check`: it asks a service on the internet, and says so where that cannot be reached.
audit:  ## ask the public database of advisories about every pinned package; needs the internet
	uv audit --preview-features audit

sbom:  ## list every package with version and hashes in results/sbom.json, as CycloneDX
	mkdir -p results
	uv export --quiet --preview-features sbom-export --format cyclonedx1.5 --output-file results/sbom.json

lock:  ## pin the environments again after a change of dependencies
	uv pip compile --quiet --universal --generate-hashes --no-header --group dev pyproject.toml > requirements.lock
	uv run python workflow/envs/write_env.py

bench:  ## measure speed, printed as ratios
	uv run python benchmarks/occlusion.py
	uv run python benchmarks/scaling.py
	uv run python benchmarks/report.py
	uv run python benchmarks/site.py

# Takes hours: see the options in its docstring.
bench-fidelity:  ## compare the maps with rivals, on a finished run: make bench-fidelity ARGUMENTS="--run ..."
	uv run python benchmarks/fidelity.py $(ARGUMENTS)

# All rooms take hours; survivors are listed at the end, `mutmut show NAME` in results/mutation shows one.
mutate:  ## break the numerical rooms in small ways, one at a time; tests must fail: make mutate MUTANTS="whyface.scores.*"
	rm -rf results/mutation && mkdir -p results/mutation/workflow
	cp -r workflow/scripts results/mutation/src
	cp -r workflow/schemas workflow/resources workflow/envs results/mutation/workflow
	cp -r tests site_templates config.yaml results/mutation
	cp tests/mutation.toml results/mutation/pyproject.toml
	cd results/mutation && uv run --project ../.. --with "mutmut==3.8.*" mutmut run --max-children 2 $(MUTANTS)

wheels:  ## install the pure-Python packages that benchmarks/gpu.py takes to a machine without internet
	uv pip install --quiet --no-deps --target benchmarks/wheels --constraint requirements.lock facenet-pytorch onnx2torch

clean:  ## remove everything that a run made
	rm -rf results .snakemake
