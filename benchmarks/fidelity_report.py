"""Tables of what benchmarks/fidelity.py measured."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ABOUT_PAIRS = (
    "dataset", "pair_id", "outcome", "kind", "fold", "subject_a", "subject_b", "image_a", "image_b", "threshold",
)  # fmt: skip


def read_rows(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read the pairs of files, which may not exist yet; a line that a killed run left unfinished is passed over."""
    texts = [path.read_text(encoding="utf-8") for path in paths if path.exists()]
    return [json.loads(line) for text in texts for line in text.split("\n")[:-1]]


def report(paths: Iterable[Path]) -> str:
    return ""
