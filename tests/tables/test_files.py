"""Files and what others may read of them."""

import stat
import subprocess
import sys

import pytest

from conftest import REPOSITORY

WRITE = """
import io, sys, tarfile
from pathlib import Path
from whyface.sources.unpack import unpack
from whyface.tables.files import atomic_path

with atomic_path("table") as path:
    path.write_text("x")
with tarfile.open("x.tar", "w") as archive:
    member = tarfile.TarInfo("photo")
    member.size, member.mode = 1, 0o777
    archive.addfile(member, io.BytesIO(b"x"))
unpack(Path("x.tar"), Path("photos"))
"""


@pytest.mark.parametrize(
    ("umask", "file", "folder"), [("022", 0o644, 0o755), ("077", 0o600, 0o700), ("027", 0o640, 0o750)]
)
def test_a_umask_is_kept_by_tables_and_unpacked_photos(tmp_path, umask, file, folder):
    scripts = REPOSITORY / "workflow" / "scripts"
    shell = f'umask {umask}; exec "$0" -c "$1"'
    run = subprocess.run(
        ["sh", "-c", shell, sys.executable, WRITE], cwd=tmp_path, env={"PYTHONPATH": str(scripts)}, capture_output=True
    )
    assert run.returncode == 0, run.stderr
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("table", "photos", "photos/photo")}
    assert modes == {"table": file, "photos": folder, "photos/photo": file}
