"""The formats of the official pair lists.

A parser turns the text of a list into pairs of names. It knows nothing about the images and opens none of the listed
paths.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from whyface.lists.layouts import walk_files

logger = logging.getLogger("whyface")


class Listed(NamedTuple):
    """A pair as its list states it. The fields are the columns that every parser returns."""

    where: str  # file:line
    image_a: str
    image_b: str
    is_genuine: bool
    fold: int | None  # from 0


def parse_lfw(text: str, file: Path) -> pd.DataFrame:
    """LFW: header `folds<TAB>n`, then for each fold n genuine lines `name 1 2` and n impostor lines `name 1 name 2`.

    Image numbers count from 1 and are not padded; the names returned are `name_0001`. A header with only one number
    (`pairsDevTest.txt`) means one set without folds. Without a header, as in RFW, the first genuine lines say how many
    a fold has.
    """
    lines = [*_number_lines(text, file)]
    count = len(lines)
    *folds, n = _read_header(lines)
    said = "the header says" if len(lines) < count else "the first has"
    pairs = []
    for position, (where, line) in enumerate(lines):
        fields = _split(line)
        if len(fields) not in (3, 4) or not (fields[1].isdecimal() and fields[-1].isdecimal()):
            raise ValueError(f"{where}: {line!r}, wanted `name number number` or `name number name number`")
        image_a = name_lfw(fields[0], fields[1])
        image_b = name_lfw(fields[0] if len(fields) == 3 else fields[2], fields[-1])
        pairs.append(Listed(where, image_a, image_b, len(fields) == 3, position // (2 * n) if folds else None))
    _check_counts(pairs, folds[0] if folds else 1, n, f"{file}:1", said)
    return _frame(pairs)


def _split(line: str) -> list[str]:
    """Split a line of LFW's; names may contain spaces if tabs separate the fields."""
    return line.split("\t") if "\t" in line else line.split()


def _read_header(lines: list[tuple[str, str]]) -> list[int]:
    """Take the header from the lines: how many folds, if there are any, and genuine pairs a fold; or count them."""
    where, header = lines[0]
    if re.fullmatch(r"([1-9]\d*\s+)?[1-9]\d*", header):
        return [*map(int, lines.pop(0)[1].split())]
    classes = [len(_split(line)) for _, line in lines]
    n = classes.index(4) if 4 in classes else 0
    if not n or {*classes} != {3, 4} or len(classes) % (2 * n):
        raise ValueError(
            f"{where}: header {header!r}, wanted number of folds, tab, genuine pairs a fold; or the latter; or no "
            f"header and folds of n lines `name number number` and n lines `name number name number`"
        )
    logger.info("%s: no header; folds counted: %d, each of %d + %d pairs", where, len(classes) // (2 * n), n, n)
    return [len(classes) // (2 * n), n]


def name_lfw(subject: str, number: str) -> str:
    """Name an LFW image in one way, however its number is padded."""
    return f"{subject}_{int(number):04d}"


def parse_calfw(text: str, file: Path) -> pd.DataFrame:
    """CALFW: two lines a pair, each `file token`: the fold (from 1) of a genuine pair, 0 for every impostor pair.

    The list gives no folds to impostor pairs, so we divide them into contiguous parts; otherwise every fold would hold
    only one class. CPLFW's tokens are mere labels, 1 and 0, so there genuine pairs are cut into tenths in the same way.
    """
    pairs = []
    for where, first, second in _pair_lines(text, file):
        # The token is the last field, because file names may contain spaces.
        (name_a, token_a), (name_b, token_b) = ([*line.rsplit(maxsplit=1), ""][:2] for line in (first, second))
        if token_a != token_b or not re.fullmatch(r"\d{1,3}", token_a):
            raise ValueError(f"{where}: {first!r}, {second!r}, wanted two lines `file token` with one fold number or 0")
        pairs.append(Listed(where, name_a, name_b, int(token_a) > 0, int(token_a) - 1))
    listed = _frame(pairs)
    folds = sorted(set(listed.loc[listed["is_genuine"], "fold"]))
    return _cut_class(listed, False, folds) if len(folds) > 1 else _cut_classes(listed)


def parse_sllfw(text: str, file: Path) -> pd.DataFrame:
    """SLLFW: two lines a pair, each `Name/Name_0001.jpg` of LFW; genuine if the names are the same.

    Not verified against the official list, which was not available; independent readers of it parse it this way. Folds
    are contiguous tenths of each class. They are the official folds if the list is ordered as LFW's is, or by class.
    """
    pairs = []
    for where, first, second in _pair_lines(text, file):
        if "/" not in first or "/" not in second:
            raise ValueError(f"{where}: {first!r}, {second!r}, wanted two lines `Name/Name_0001.jpg`")
        is_genuine = PurePosixPath(first).parent == PurePosixPath(second).parent
        pairs.append(Listed(where, first, second, is_genuine, None))
    return _cut_classes(_frame(pairs))


def read_cfp(root: Path, split: str) -> pd.DataFrame:
    """CFP: `Split/FF/01/same.txt` and `diff.txt` hold `i,j`, indices into the lists that the split's letters name.

    FF: both from `Pair_list_F.txt`; FP: the first from F, the second from P. Their lines are `index path`. The path is
    relative to another folder (`../Data/Images/001/frontal/01.jpg`), so its last three parts are the image_id. There
    may be any number of folds.
    """
    folder = find_list(root, ("Pair_list_F.txt",)).parent
    names_a, names_b = (_read_cfp_index(folder / f"Pair_list_{side}.txt") for side in split)
    pairs = []
    for file in walk_files(folder):
        match = re.fullmatch(rf"Split/{split}/(\d+)/(same|diff)\.txt", file.relative_to(folder).as_posix())
        if match is None:
            continue
        for where, line in _number_lines(read_text(file), file):
            a, _, b = (index.strip() for index in line.partition(","))
            if a not in names_a or b not in names_b:
                raise ValueError(
                    f"{where}: {line!r}, wanted `i,j`, indices in Pair_list_{split[0]} and _{split[1]}.txt"
                )
            pairs.append(Listed(where, names_a[a], names_b[b], match[2] == "same", int(match[1]) - 1))
    if not pairs:
        raise ValueError(f"{folder}/Split/{split}: no pairs in 01/same.txt, 01/diff.txt and so on")
    return _frame(pairs).sort_values(["fold", "is_genuine"], ascending=[True, False], kind="stable", ignore_index=True)


def find_list(root: Path, names: tuple[str, ...]) -> Path:
    """Find the one file below `root` with one of these names; ValueError if there are none or several."""
    found = [path for path in walk_files(root) if path.name in names]
    if len(found) != 1:
        others = [path.name for path in walk_files(root) if path.suffix.lower() in (".txt", ".csv", ".tsv", ".parquet")]
        there = f"; there are {', '.join(others[:5])}: name the list as datasets.NAME.pairs.path" if others else ""
        raise ValueError(
            f"{root}: wanted one {' or '.join(names)}, found {[str(path) for path in found] or f'none{there}'}"
        )
    return found[0]


def read_text(file: Path) -> str:
    """Read a UTF-8 file with or without a byte order mark; ValueError with file and line if it is not UTF-8."""
    try:
        content = file.read_bytes()
        if content.startswith(b"PK\x03\x04"):
            raise ValueError(f"{file}: a zip archive, not a pair list; name the list in it as `member`, or unpack it")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{file}: unreadable pair list: {error.strerror}") from error
    except UnicodeDecodeError as error:
        # error.object is what was being decoded, without the byte order mark.
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{file}:{line}: not UTF-8: {error.object[error.start : error.end]!r}") from error


def _check_counts(pairs: list[Listed], folds: int, n: int, where: str, said: str) -> None:
    if len(pairs) != folds * 2 * n:
        raise ValueError(
            f"{where}: the header says {folds} x ({n} genuine + {n} impostor), there are {len(pairs)} pairs"
        )
    for start in range(0, len(pairs), 2 * n):
        genuine = sum(pair.is_genuine for pair in pairs[start : start + 2 * n])
        if genuine != n:
            raise ValueError(f"{pairs[start].where}: {genuine} genuine pairs in this fold, {said} {n}")


def _read_cfp_index(file: Path) -> dict[str, str]:
    names: dict[str, str] = {}
    for where, line in _number_lines(read_text(file), file):
        index, _, path = line.partition(" ")
        if not index.isdecimal() or index in names or path.count("/") < 2:
            raise ValueError(f"{where}: {line!r}, wanted a new index, space, path of an image")
        names[index] = "/".join(PurePosixPath(path).parts[-3:])
    return names


def _number_lines(text: str, file: Path) -> Iterator[tuple[str, str]]:
    """Yield file:line and the stripped text of every line that is not blank."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{file}:{number}", line.strip()


def _pair_lines(text: str, file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield two lines at a time, preceded by file:line of the first."""
    lines = list(_number_lines(text, file))
    if len(lines) % 2:
        raise ValueError(f"{lines[-1][0]}: {lines[-1][1]!r} stands alone, a pair takes two lines")
    for (where, first), (_, second) in zip(lines[::2], lines[1::2], strict=True):
        yield where, first, second


def _frame(pairs: list[Listed]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=Listed._fields).astype({"fold": "Int32"})


def _cut_classes(listed: pd.DataFrame) -> pd.DataFrame:
    """Make ten folds: contiguous tenths of the genuine and of the impostor pairs."""
    return _cut_class(_cut_class(listed, True, range(10)), False, range(10))


def _cut_class(listed: pd.DataFrame, is_genuine: bool, folds: Sequence[int]) -> pd.DataFrame:
    """Divide the pairs of one class among the folds, in contiguous parts."""
    rows = listed.index[listed["is_genuine"] == is_genuine]
    listed.loc[rows, "fold"] = [folds[position * len(folds) // len(rows)] for position in range(len(rows))]
    return listed
