"""Reads a config overlay as the Snakefile does, for `measured.run_all`."""

from pathlib import Path

import yaml

from whyface.config_check import check_config
from whyface.config_files import check_files


def main(snakemake):
    """Check the file, then what it says."""
    overlay, schema = Path(snakemake.input.overlay), Path(snakemake.input.schema)
    check_files([overlay], schema)
    check_config(yaml.safe_load(overlay.read_text(encoding="utf-8")), schema)
