"""Says what a file is that should be a model and is not: often a page, a pointer or an archive."""

import zipfile
from pathlib import Path

from whyface.models.forms import in_one_line
from whyface.sources.answers import describe_page

_LFS = b"version https://git-lfs"
_MOST_NAMES = 5


def recognise(path: Path) -> str:
    """Say what a file is and what to do, as `it is a zip archive: ...`; empty if it is none of these."""
    with path.open("rb") as file:
        if file.read(len(_LFS)) == _LFS:
            return "it is a pointer of Git LFS: fetch the file that it stands for"
    if page := describe_page(path):
        return f"it is {page.rstrip(',')}, and not the file"
    return _list_zip(path) if zipfile.is_zipfile(path) else ""


def _list_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [in_one_line(name) for name in archive.namelist() if not name.endswith("/")]
    except Exception:  # zipfile raises nearly anything on damaged files
        return "it is a damaged zip archive"
    if any(name.endswith("data.pkl") for name in names):
        return "it is a file of torch: see kind"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"it is a zip archive: set weights.member to the model in it; it holds {', '.join(names[:_MOST_NAMES])}{more}"
    )
