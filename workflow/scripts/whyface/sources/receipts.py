"""What a fetch rule leaves behind: where the file or folder lies, its hash, and where it came from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from whyface.tables.files import atomic_path


@dataclass(frozen=True)
class Receipt:
    """The proof of a fetch.

    Attributes
    ----------
    path : str
        The file or folder.
    sha256 : str
        Of the downloaded or given file, before unpacking; empty for a folder.
    origin : str
        URL, path, or how it was generated.
    state : str
        Of a file or folder of the user's, see `whyface.reruns`: when it changes, so does the receipt, and all that
        follows runs again.
    """

    path: str
    sha256: str
    origin: str
    state: str = ""


def write_receipt(receipt: Receipt, path: Path | str) -> None:
    """Write atomically, as JSON."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(asdict(receipt), indent=1) + "\n", encoding="utf-8")


def read_receipt(path: Path | str) -> Receipt:
    """Read what `write_receipt` wrote."""
    return Receipt(**json.loads(Path(path).read_text(encoding="utf-8")))
