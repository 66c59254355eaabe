"""Measures time, memory and size of a site built over many pairs, and the speed of its explorer in Chromium.

    uv run python benchmarks/site.py --pairs 26000 200000 --mapped 2000 --json site.json

Tables and faces are fabricated: one model, one dataset, as many images as pairs, at most 26,000 (as many as LFW, CFP
and CALFW together). Memory is the proportional set size of all building processes, sampled twice a second (Linux).
"""

import argparse
import gzip
import json
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import browsing
import fabricate
from html_pages import KINDS
from whyface.site import render_site

IMAGES, MAP_PX = 26_000, 56
ROUNDS, PAUSE_MS = 5, 400  # the page rests between two filters, as it does when a person uses it
FILTERS = (
    *("outcome=errors", "outcome=true-match&sort=distance", "fold=1", "confidence_min=90", "text=person1"),
    *("sort=-confidence", "distance_min=0.5&distance_max=0.7", "maps=1", "turned=1&sort=patch"),
    *("sort=pair_id&page=3", ""),
)
FIRST_ROW = """new MutationObserver((_, observer) => {
    if (!document.querySelector("#pairs tbody tr")) { return; }
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.firstView = performance.now())));
}).observe(document, { childList: true, subtree: true });"""
FILTER = """(hash) => new Promise((resolve) => {
    const start = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    }).observe(document.getElementById("count"), { attributes: true, childList: true });
    location.hash = hash;
})"""


def build(results: Path, site: Path, processes: int) -> dict[str, float]:
    """Build the site in its own process; return its time, and the peak memory of it and its workers."""
    process = get_context("spawn").Process(target=_build, args=(results, site, processes))
    start, cpu, peak = time.perf_counter(), _cpu_seconds(), 0.0
    process.start()
    while process.is_alive():
        peak = max(peak, _memory_mb(process.pid))
        process.join(0.5)
    if process.exitcode:
        raise SystemExit(f"the build failed: exit status {process.exitcode}")
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "cpu_seconds": round(_cpu_seconds() - cpu, 1), "peak_mb": round(peak)}


def _build(results: Path, site: Path, processes: int) -> None:
    config = fabricate.config()
    config["run"] = {"datasets": ["synth"], "models": ["demo"]}
    config["site"]["pair_pages"] = 10**9  # the more files, the more there is to measure
    render_site(config, results, site, processes=processes)


def _cpu_seconds() -> float:
    """Return the processor time of all ended child processes: on a busy machine, a better measure than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory_mb(pid: int) -> float:
    """Return the memory of a process and its descendants in MB; pages that they share count once in total."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has just ended
        return 0.0
    own = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0) / 1024
    return own + sum(_memory_mb(int(child)) for child in children)


def sizes(site: Path) -> dict[str, object]:
    """Measure files, folders, the index, and the largest page of each kind without its images."""
    files = [path for path in site.rglob("*") if path.is_file()]
    folders = Counter(path.parent for path in site.rglob("*"))
    pages: dict[str, int] = {}
    for path in (path for path in files if path.suffix == ".html"):
        place = path.relative_to(site)
        kind = next(k for k, (_, p) in KINDS.items() if place.match(p) and p.count("/") + 1 == len(place.parts))
        pages[kind] = max(pages.get(kind, 0), path.stat().st_size)
    index = [path.read_bytes() for path in (site / "index.js", *site.glob("*/*/pairs-*.js"))]
    return {
        "files": len(files),
        "site_mb": round(sum(path.stat().st_size for path in files) / 1e6),
        "largest_folder": max(folders.values()),
        "largest_page_bytes": pages,
        "index_mb": round(sum(map(len, index)) / 1e6, 2),
        "index_gzip_mb": round(sum(len(gzip.compress(part)) for part in index) / 1e6, 2),
    }


def explore(site: Path) -> dict[str, object]:
    """Open the explorer from a server; time the first rows, all pairs, and each filter once all pairs are loaded.

    A filter's time runs from the change of the address to the frame that shows its pairs. The first round, which also
    sorts, and the median of all rounds are reported.
    """
    with (
        browsing.served(site) as address,
        browsing.chromium() as browser,
        browsing.watched(browser, viewport=browsing.DESK) as page,
    ):
        page.add_init_script(FIRST_ROW)
        page.goto(address + "explore.html")
        page.wait_for_selector("#count[data-loaded]")
        page.wait_for_selector("#progress", state="hidden", timeout=120_000)
        first, loaded = page.evaluate("[window.firstView, performance.now()]")
        times: dict[str, list[float]] = {f"#{hash}": [] for hash in FILTERS}
        for _ in range(ROUNDS):
            for hash in FILTERS:
                page.wait_for_timeout(PAUSE_MS)
                times[f"#{hash}"].append(page.evaluate(FILTER, hash))
    filters = {hash: {"first": round(of[0]), "median": round(statistics.median(of))} for hash, of in times.items()}
    return {
        "first_view_ms": round(first),
        "all_loaded_ms": round(loaded),
        "filter_ms": {name: statistics.median(of[name] for of in filters.values()) for name in ("first", "median")},
        "filters": filters,
    }


def main() -> None:
    """Fabricate, build twice and explore, for each number of pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[26_000, 200_000])
    parser.add_argument("--mapped", type=int, default=2000, help="how many of the pairs have maps")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    for pairs in options.pairs:
        with tempfile.TemporaryDirectory() as folder:
            results, site = Path(folder) / "results", Path(folder) / "site"
            mapped, rng = min(options.mapped, pairs), np.random.default_rng(0)
            fabricate.evaluations(results, "synth", ("demo",), pairs, rng, min(pairs, IMAGES), mapped, MAP_PX)
            measured = {"pairs": pairs, "mapped": mapped, "processes": options.processes}
            for name in ("build", "build_again"):
                measured[name] = build(results, site, options.processes)
            measured |= sizes(site) | explore(site)
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        sys.stdout.flush()
        found.append(measured)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
