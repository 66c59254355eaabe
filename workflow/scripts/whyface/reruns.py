"""States, as short texts, of what a job depends on besides its inputs: when one changes, the job runs again.

Snakemake compares inputs by date, and ignores what a script imports. Here, code counts by what it does, and a user's
files by their content or by their size and date. Location never counts: a project that is moved or checked out again
reruns nothing.
"""

import dis
import hashlib
import marshal
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

PACKAGE = "whyface"
SCRIPTS = Path(__file__).parents[1]
# How an ONNX file writes the name of a file of weights, whose length follows.
_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
# Of larger files, pieces are read; with size and date, they stand for the content. Files out of archives often have the
# same size and the same date.
LARGEST_READ_BYTES, PIECES, PIECE_BYTES = 16 << 20, 16, 1 << 18


@cache
def code_state(script: Path) -> str:
    """Digest a script and all that it imports from the package, without comments, docstrings and assertions.

    Parameters
    ----------
    script : Path
        An entry script in `SCRIPTS`.

    Returns
    -------
    str
        Hexadecimal; changes when any statement of the import closure does.
    """
    lines = [f"{path.relative_to(SCRIPTS).as_posix()} {_read(path).digest}" for path in sorted(import_closure(script))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def import_closure(script: Path) -> set[Path]:
    """Find a script and the package files that it imports, directly or indirectly, wherever the import stands."""
    found, left = set(), [script]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _read(path).imports
    return found


def source_state(source: Mapping[str, Any]) -> str:
    """Digest the current file or folder of a source in the config; empty if it is downloaded or drawn."""
    path = source.get("path")
    if not path:
        return ""
    return folder_state(Path(path)) if Path(path).is_dir() else file_state(Path(path))


def file_state(path: Path) -> str:
    """Digest a file's content; of a large file, size, date and pieces; with the files that an ONNX file reads."""
    others = [one for one in external_files(path) if one.is_file()]
    return "; ".join([_file_state(path), *map(_file_state, others)])


def external_files(path: Path) -> list[Path]:
    """List the files beside an ONNX file in which it says that weights are kept; of any other file, none."""
    if path.suffix != ".onnx" or not path.stat().st_size:
        return []
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        found = {content[match.end() : match.end() + match[1][0]] for match in _LOCATION.finditer(content)}
    names = [Path(name.replace(b"\0", b"").decode(errors="replace")) for name in sorted(found)]
    return [path.parent / name for name in names if not name.is_absolute() and ".." not in name.parts]


def _file_state(path: Path) -> str:
    status = path.stat()
    if status.st_size <= LARGEST_READ_BYTES:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in range(PIECES):
            file.seek(status.st_size * piece // PIECES)
            digest.update(file.read(PIECE_BYTES))
    return f"{status.st_size} bytes, {status.st_mtime_ns} ns, {digest.hexdigest()}"


def folder_state(folder: Path) -> str:
    """Digest names, sizes and dates of all files below a folder except hidden ones; 100,000 take about a second."""
    lines = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = os.path.join(place, name)  # noqa: PTH118 - three times as fast as Path
                lines.append(f"{os.path.relpath(path, folder)}\0{_size_and_date(path)}")
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _size_and_date(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return "unreadable"  # a dangling link; the rule that reads the folder reports it
    return f"{status.st_size}\0{status.st_mtime_ns}"


class _Code(NamedTuple):
    """A code file: a digest of what it does, and the package files that it imports."""

    digest: str
    imports: frozenset[Path]


@cache
def _read(path: Path) -> _Code:
    """Compile a file, in a third of the time that a walk over its syntax tree takes: every run does it first."""
    code = compile(path.read_bytes(), "", "exec", dont_inherit=True, optimize=2)  # no docstrings
    names = {name for part in _parts(code) for name in _imports(part)}
    files = (file for name in names for file in _files_of(name))
    # Version 2 of the format writes the same code in the same way; later ones say what else refers to it.
    return _Code(hashlib.sha256(marshal.dumps(_without_places(code), 2)).hexdigest(), frozenset(files))


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield some code and that of the functions and classes in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _imports(code: CodeType) -> Iterator[str]:
    """Yield the dotted names that code imports from the package, and what it imports from them."""
    if any(name.partition(".")[0] == PACKAGE for name in code.co_names):
        wanted = None
        for step in dis.get_instructions(code):
            if step.opname == "LOAD_CONST":
                wanted = step.argval
            elif step.opname == "IMPORT_NAME" and step.argval.partition(".")[0] == PACKAGE:
                yield step.argval
                yield from (f"{step.argval}.{name}" for name in wanted or ())


def _without_places(code: CodeType) -> CodeType:
    """Forget where in its file each line of code stands: comments move it."""
    parts = [_without_places(one) if isinstance(one, CodeType) else one for one in code.co_consts]
    return code.replace(co_consts=tuple(parts), co_linetable=b"", co_firstlineno=1)


@cache
def _files_of(name: str) -> list[Path]:
    """List the files that importing a dotted name runs, outermost first."""
    places = [SCRIPTS.joinpath(*name.split(".")[: depth + 1]) for depth in range(name.count(".") + 1)]
    return [file for place in places for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()]
