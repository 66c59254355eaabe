"""A disk that fills while a table, an archive, crops, shards or the site are written.

The error names the file and the room there was, nothing half-written stays, and the work completes once there is room.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from breakages import Breakage

BREAKAGES = [
    Breakage(
        "room for crops is not taken before they are written: the kernel kills the job",
        "workflow/scripts/whyface/faces/alignment.py",
        "        reserve(temporary)\n",
        "",
        "test_a_full_disk_is_named_leaves_nothing_and_the_work_completes_later[crops-100k]",
    ),
    Breakage(
        "a half-written file stays",
        "workflow/scripts/whyface/tables/files.py",
        "            temporary.unlink(missing_ok=True)",
        "            pass",
        "test_a_full_disk_is_named_leaves_nothing_and_the_work_completes_later[table-100k]",
    ),
    Breakage(
        "the site's error does not say that the disk is full",
        "workflow/scripts/whyface/site/rendering/writer.py",
        "    with naming_full_disk(destination):\n        try:",
        "    if True:\n        try:",
        "test_a_full_disk_is_named_leaves_nothing_and_the_work_completes_later[site-100k]",
    ),
]
DRIVER = Path(__file__).with_name("on_small_disk.py")
MADE = {
    "table": ("tables/scores.parquet", 1),
    "archive": ("files", 41),
    "crops": ("crops.npy", 1),
    "shards": ("shard-1-of-1.arrow", 1),
    "array": ("prediction.npz", 1),
    "site": ("site", 40),
}


def on_small_disk(folder, kind, size):
    """Run the driver in a mount namespace of its own."""
    alone = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small disk")
    run = subprocess.run(
        [*alone, sys.executable, str(DRIVER), str(folder), kind, size], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *((kind, "100k") for kind in MADE),
        *(pytest.param(kind, size, marks=pytest.mark.long) for kind in MADE for size in ("4k", "12k", "400k", "800k")),
    ],
)
def test_a_full_disk_is_named_leaves_nothing_and_the_work_completes_later(kind, size, tmp_path, tried):
    report = on_small_disk(tmp_path, kind, size)
    name, count = MADE[kind]
    pattern = rf"OSError: .*{re.escape(name)}: the disk is full: this needs more than the [\d.]+ MB that are free there"
    assert re.search(pattern, report["error"])
    assert report["left"] == []
    assert len(report["made"]) == count and all(path.startswith((name, "receipt.json")) for path in report["made"])
    tried("disk full", 1)
