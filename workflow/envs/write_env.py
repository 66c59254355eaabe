"""Write the conda environment from requirements.lock, so that `--sdm conda` runs what `uv run` runs."""

import re
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
PYTHON = "3.11"


def read_pins(lock: str) -> list[tuple[str, str]]:
    """Every `name==version` of the lock with its marker, those for other Pythons or systems left out."""
    pins = re.findall(r"^([\w.-]+)==(\S+?)(?: ; (.*?))? \\$", lock, re.MULTILINE)
    return [(name, version) for name, version, marker in pins if _applies(marker)]


def _applies(marker: str) -> bool:
    from packaging.markers import Marker

    environment = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.9", "sys_platform": "linux"}
    return not marker or Marker(marker).evaluate(environment)


def render_env() -> str:
    """Text of whyface.yaml: the run-time dependencies that pyproject.toml names, at their locked versions."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[=<>~!\[ ]", entry)[0] for entry in project["dependencies"]}
    pins = [pin for pin in read_pins((PROJECT / "requirements.lock").read_text(encoding="utf-8")) if pin[0] in wanted]
    lines = ["# Written by workflow/envs/write_env.py from requirements.lock; `make lock` renews both."]
    lines += ["channels: [conda-forge, nodefaults]", "dependencies:", f"  - python={PYTHON}", "  - pip", "  - pip:"]
    lines += [f"      - {name}=={version}" for name, version in pins]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "whyface.yaml").write_text(render_env(), encoding="utf-8")
