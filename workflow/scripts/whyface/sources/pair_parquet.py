"""Parquet files with images inside, as on Hugging Face: columns `image1`, `image2` and `target` or `label`."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from whyface.sources.paired_images import Pair, write_pairs
from whyface.sources.unpack import MAX_BYTES, MAX_RATIO, RATIO_FLOOR_BYTES, unpack

MAX_PAIRS = 1_000_000
IMAGE_COLUMNS = (("image1", "image2"), ("image_1", "image_2"), ("image_a", "image_b"))
LABEL_COLUMNS = ("target", "label", "is_genuine", "is_same")
_ALLOWED = (
    f"needed: two columns of images ({' or '.join(' and '.join(pair) for pair in IMAGE_COLUMNS)}) "
    f"and one of labels ({' or '.join(LABEL_COLUMNS)})"
)
_ROWS = 16  # read at a time
_MAGIC = b"PAR1"
_MAX_FOOTER_BYTES = 64 << 20  # the most that a text in a footer may claim
_MAX_FOOTER_ITEMS = 1_000_000
_PART = re.compile(r"-\d+-of-\d+$")


class _Columns(NamedTuple):
    """Names of the columns that are read; `leaves` are those of Parquet, where a struct's fields count."""

    images: tuple[str, str]
    label: str
    leaves: tuple[str, str, str]


def unpack_parquet(source: Path, destination: Path) -> int:
    """Write a set as a folder of images and `pairs.csv`, see `write_pairs`.

    A file is a split; `lfw-00000-of-00002.parquet` and `lfw-00001-of-00002.parquet` are one.

    Parameters
    ----------
    source : path
        A Parquet file, a folder of them or an archive of them; they are read in the order of their paths, as text.
    destination : path
        Folder to make.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    ValueError
        A file is damaged, its columns are missing, ambiguous or of another type, files differ in their columns, a value
        is null, or more is claimed than plausible; or an error of `write_pairs`. The message names file and row.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".unpacking-{destination.name}-", dir=destination.parent) as temporary:
        if source.is_file() and not _is_parquet(source):
            unpack(source, Path(temporary) / "archive")
            files = _find_files(Path(temporary) / "archive", source)
        else:
            files = [source] if source.is_file() else _find_files(source, source)
        return write_pairs(_read_files(files), source, destination)


def open_parquet(file: Path) -> pq.ParquetFile:
    """Open a stranger's file, to be read in parts; a footer that claims absurd sizes is an `ArrowException`."""
    limits = {"thrift_string_size_limit": _MAX_FOOTER_BYTES, "thrift_container_size_limit": _MAX_FOOTER_ITEMS}
    return pq.ParquetFile(file, pre_buffer=False, **limits)


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def _find_files(folder: Path, source: Path) -> list[Path]:
    found = [path for path in folder.rglob("*.parquet") if not path.name.startswith(".") and path.is_file()]
    if not found:
        raise ValueError(f"{source}: holds no file *.parquet")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _read_files(files: Sequence[Path]) -> Iterator[Pair]:
    first: _Columns | None = None
    for file in files:
        try:
            with open_parquet(file) as opened:
                columns = _choose_columns(opened.schema_arrow, file)
                first = first or columns
                if columns != first:
                    raise ValueError(f"{file}: columns {[*columns]}, those of {files[0]} are {[*first]}")
                _check_size(opened.metadata, columns, file)
                yield from _read_pairs(opened, columns, file)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{file}: damaged, or not a Parquet file: {' '.join(str(error).split())}") from error


def _choose_columns(schema: pa.Schema, file: Path) -> _Columns:
    """Choose by name, if only one choice is possible."""
    names = schema.names
    images = [pair for pair in IMAGE_COLUMNS if {*pair} & {*names}]
    labels = [name for name in LABEL_COLUMNS if name in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(images) != 1 or len(labels) != 1 or twice or not {*images[0]} <= {*names}:
        raise ValueError(f"{file}: columns {names[:50]}; {_ALLOWED}, and no others of these names")
    if not (pa.types.is_boolean(schema.field(labels[0]).type) or pa.types.is_integer(schema.field(labels[0]).type)):
        raise ValueError(f"{file}: {labels[0]} is of type {schema.field(labels[0]).type}; allowed: bool or int")
    leaves = [_leaf(schema.field(name), file) for name in images[0]]
    return _Columns(images[0], labels[0], (leaves[0], leaves[1], labels[0]))


def _leaf(field: pa.Field, file: Path) -> str:
    """Name the bytes of an image column; a path beside them is never read."""
    if _is_binary(field.type):
        return field.name
    if pa.types.is_struct(field.type):
        fields = [one for one in field.type if one.name == "bytes"]
        if len(fields) == 1 and _is_binary(fields[0].type):
            return f"{field.name}.bytes"
    raise ValueError(f"{file}: {field.name} is of type {field.type}; allowed: binary, or a struct with binary `bytes`")


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _check_size(metadata: pq.FileMetaData, columns: _Columns, file: Path) -> None:
    if metadata.num_rows > MAX_PAIRS:
        raise ValueError(f"{file}: {metadata.num_rows} rows, at most {MAX_PAIRS} are read")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    parts = [group.column(number) for group in groups for number in range(group.num_columns)]
    claimed = sum(part.total_uncompressed_size for part in parts if part.path_in_schema in columns.leaves)
    most = min(MAX_BYTES, max(RATIO_FLOOR_BYTES, MAX_RATIO * file.stat().st_size))
    if not 0 <= claimed <= most:
        raise ValueError(f"{file}: claims {claimed} bytes of images, at most {most} are read")


def _read_pairs(opened: pq.ParquetFile, columns: _Columns, file: Path) -> Iterator[Pair]:
    row, split = 0, _PART.sub("", file.stem)
    for batch in opened.iter_batches(_ROWS, columns=[*columns.leaves], use_threads=False):
        images = [_contents(batch.column(name)) for name in columns.images]
        for first, second, label in zip(*images, batch.column(columns.label).to_pylist(), strict=True):
            wheres = [f"{file}: row {row}, from 0: {name}" for name in (*columns.images, columns.label)]
            for where, value in zip(wheres, (first, second, label), strict=True):
                if value is None:
                    raise ValueError(f"{where} is null; each row needs the bytes of two images, and a label")
            if label not in (0, 1):
                raise ValueError(f"{wheres[2]} is {label}; allowed: true, false, 1 or 0")
            yield Pair((wheres[0], wheres[1]), (first, second), bool(label), split)
            row += 1


def _contents(column: pa.Array) -> list[bytes | None]:
    return (pc.struct_field(column, "bytes") if pa.types.is_struct(column.type) else column).to_pylist()
