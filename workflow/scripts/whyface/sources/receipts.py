"""Receipts of fetch rules: where the file or folder is, its hash, and where it came from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from whyface.tables.files import atomic_path


@dataclass(frozen=True)
class Receipt:
    """The record of a fetch.

    Attributes
    ----------
    path : str
        The file or folder.
    sha256 : str
        Hash of the downloaded or given file, before unpacking; empty for a folder.
    origin : str
        Where it came from, in the form that may be published (see `whyface.sources.origins`), or how it was drawn.
    state : str
        State of the user's file or folder (see `whyface.reruns`): when it changes, so does the receipt, and everything
        downstream runs again.
    """

    path: str
    sha256: str
    origin: str
    state: str = ""


def write_receipt(receipt: Receipt, path: Path | str) -> None:
    """Write a receipt atomically, as JSON."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(asdict(receipt), indent=1) + "\n", encoding="utf-8")


def read_receipt(path: Path | str) -> Receipt:
    """Read what `write_receipt` wrote."""
    return Receipt(**json.loads(Path(path).read_text(encoding="utf-8")))
