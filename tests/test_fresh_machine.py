"""The README's commands, and nothing else, on a machine that was never used: a bare Debian in a folder of its own.

Needs root, debootstrap, the internet, 12 GB of disk and most of an hour.
"""

import os
import re
import shutil
import subprocess

import pandas as pd
import pytest

from conftest import REPOSITORY

pytestmark = pytest.mark.long
PACKAGES = "python3,ca-certificates,pipx"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# Where this machine reaches registries only by way of another, the bare one must, too.
WAY_OUT = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
INSIDE = """
mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm" &&
exec chroot --userspec=1000:1000 "$0" env -i HOME=/home/user USER=user SHELL=/bin/bash "$@"
"""


def commands():
    """Read the commands of the README's section "Start", without their comments."""
    start = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("\n## Start\n")[2]
    block = re.search(r"^```\n(.*?)^```", start, re.DOTALL | re.MULTILINE)[1]
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def inside(root, command):
    """Run a command as the machine's user, in their copy of the project, after a login."""
    kept = [f"{name}={os.environ[name]}" for name in WAY_OUT if name in os.environ]
    login = ["bash", "-lc", f"cd ~/whyface && {command}"]
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, str(root), *kept, *login],
        capture_output=True,
        text=True,
        errors="replace",
    )


@pytest.fixture
def root(tmp_path):
    """Yield the folder of a bare Debian with a user, whose home has a copy of the project as it was committed."""
    if os.geteuid() or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap")
    folder = tmp_path / "root"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "trixie", str(folder)],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    for given in ("/etc/resolv.conf", AUTHORITIES):
        shutil.copy(given, folder / given[1:])
    home = folder / "home/user"
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    subprocess.run(["chroot", folder, "useradd", "-m", "-u", "1000", "-s", "/bin/bash", "user"], check=True)
    (home / "whyface").mkdir()
    subprocess.run(["tar", "-x", "-C", home / "whyface"], input=packed, check=True)
    subprocess.run(["chroot", folder, "chown", "-R", "user:user", "/home/user"], check=True)
    yield folder
    shutil.rmtree(folder)


def test_the_commands_of_the_readme_are_all_that_a_fresh_machine_needs(root, tried):
    install, run, test = commands()
    # Debian's pip refuses; the README names the other way.
    assert install == "pip install uv" and "`pipx install uv`" in (REPOSITORY / "README.md").read_text()
    for command in ("pipx install uv", run, test):
        done = inside(root, command)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    results = root / "home/user/whyface/results"
    assert (results / "site/index.html").is_file()
    assert len(pd.read_parquet(results / "tables/pairs")) > 1000
    tried("commands of the README on a bare machine", 3)
