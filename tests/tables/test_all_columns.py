"""A table whose files differ is read whole with the columns of all."""

import logging

import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest

from whyface.tables.all_columns import ALL_COLUMNS, all_columns, partition_files
from whyface.tables.parquet import write_table
from whyface.tables.schemas import EMBEDDINGS, IMAGES, TABLES


def images(folder, collection, names, **groups):
    fixed = {"subject_id": "", "path": "p", "width_px": 1, "height_px": None, "sha256": "00"}
    path = folder / "images" / f"collection={collection}" / "images.parquet"
    write_table(pd.DataFrame({"image_id": names, **fixed, **groups}), path, IMAGES)


def gather(folder, table):
    (folder / table.name / ALL_COLUMNS).write_bytes(all_columns(partition_files(folder, table)))


@pytest.fixture
def mixed(tmp_path):
    """Two collections with a group column each, and one that has numbers here and words there."""
    images(tmp_path, "lfw", ["a", "b"], age=pd.Series([1.5, None], dtype="Float64"), camera=[1, 2])
    images(tmp_path, "twins", ["c"], camera=["old"], light=["dim"])
    gather(tmp_path, IMAGES)
    return tmp_path


def read_with_arrow(folder):
    return pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pandas()


@pytest.mark.parametrize("read", [pd.read_parquet, read_with_arrow])
def test_every_column_shows_and_is_empty_where_a_file_has_none(mixed, read):
    frame = read(mixed / "images").set_index("image_id")
    assert list(frame.index) == ["a", "b", "c"], "and no row more"
    assert frame["collection"].tolist() == ["lfw", "lfw", "twins"]
    assert frame["age"].dtype == np.float64 and frame["age"].isna().tolist() == [False, True, True]
    assert frame["camera"].tolist() == ["1", "2", "old"]
    assert frame["light"].isna().tolist() == [True, True, False] and frame.loc["c", "light"] == "dim"
    assert frame["height_px"].isna().all() and frame["width_px"].tolist() == [1, 1, 1]


def test_only_the_partitions_have_names(mixed):
    frame = pd.read_parquet(mixed / "images")
    assert frame["collection"].cat.categories.tolist() == ["lfw", "twins"]
    assert frame.groupby("collection", observed=False).size().to_dict() == {"lfw": 2, "twins": 1}
    assert list(pd.read_parquet(mixed / "images", filters=[("collection", "==", "twins")])["light"]) == ["dim"]


def test_embeddings_of_any_dimension_are_read_together(tmp_path):
    for model, vector in (("small", [1, 2]), ("large", [1, 2, 3])):
        frame = pd.DataFrame({"image_id": ["a"], "embedding": [np.array(vector, np.float32)]})
        frame = frame.assign(norm=1.0, with_mirror=None)
        frame = frame.reindex(columns=EMBEDDINGS.schema.names)
        path = tmp_path / "embeddings" / f"model={model}" / "collection=c" / "embeddings.parquet"
        write_table(frame, path, EMBEDDINGS)
    gather(tmp_path, EMBEDDINGS)
    read = pd.read_parquet(tmp_path / "embeddings").set_index("model")["embedding"]
    assert {model: vector.tolist() for model, vector in read.items()} == {"small": [1, 2], "large": [1, 2, 3]}


def test_a_damaged_file_of_an_earlier_run_is_named_and_ends_nothing(mixed, caplog):
    path = mixed / "images/collection=old/images.parquet"
    path.parent.mkdir()
    path.write_bytes(b"PAR1")
    with caplog.at_level(logging.WARNING, "whyface"):
        gather(mixed, IMAGES)
    assert str(path) in caplog.text
    path.unlink()
    assert len(pd.read_parquet(mixed / "images")) == 3


def test_its_name_sorts_before_every_partition():
    assert all(f"{table.partitions[0]}=" > ALL_COLUMNS for table in TABLES)
