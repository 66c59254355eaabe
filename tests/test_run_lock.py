"""One run at a time: the second is refused, and a killed one leaves no lock."""

import signal
import subprocess
import sys

import pytest

from conftest import REPOSITORY
from whyface.run_lock import lock_folder

HOLD = "import sys, time; from pathlib import Path; from whyface.run_lock import lock_folder\n"
HOLD += "lock = lock_folder(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"


def test_the_second_is_refused_until_the_first_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(REPOSITORY / "workflow/scripts")}
    ) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(RuntimeError, match=f"another run is at work in {tmp_path}: wait"):
            lock_folder(tmp_path)
        first.send_signal(signal.SIGKILL)
    lock_folder(tmp_path).release()
