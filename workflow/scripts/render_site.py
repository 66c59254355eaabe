"""Rule render_site: tables and figures -> results/site."""

from pathlib import Path

from whyface.site import render_site
from whyface.tables import logs


def main(snakemake):
    """Render every page."""
    logs.setup(snakemake.log[0])
    destination = Path(snakemake.output.home).parent
    render_site(snakemake.params.config, destination.parent, destination, processes=snakemake.threads)


if __name__ == "__main__":
    main(snakemake)
