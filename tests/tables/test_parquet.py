"""Tables refuse data that does not fit, and open directly in pandas."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whyface.tables.files import atomic_path
from whyface.tables.parquet import read_about, read_table, stack, write_parts, write_table
from whyface.tables.schemas import EMBEDDINGS, EXPLANATIONS, PAIRS, SCORES, SELECTION, TABLES

OK = {"variant": "corrected", "status": "ok", "detail": "", "agreement": 1.0, "agreement_low": 1.0}
SELECTED = pd.DataFrame({"pair_id": ["2", "1"], "reason": ["all", "all"]})


def pairs(**columns):
    frame = {
        "pair_id": ["0", "1"],
        "image_a": ["a", "b"],
        "image_b": ["c", "d"],
        "subject_a": ["", ""],
        "subject_b": ["", ""],
        "is_genuine": [True, None],
        "fold": [0, None],
        "known_label_error": ["", ""],
    }
    return pd.DataFrame({**frame, **columns})


def test_pandas_reads_a_partitioned_table_whole(tmp_path):
    for dataset in ("x", "y"):
        path = tmp_path / "pairs" / f"dataset={dataset}" / "pairs.parquet"
        write_table(pairs(), path, PAIRS, {"dataset": dataset})
    frame = pd.read_parquet(tmp_path / "pairs")
    assert frame["dataset"].tolist() == ["x", "x", "y", "y"]
    assert frame["is_genuine"].isna().tolist() == [False, True, False, True]


def test_rows_are_sorted_by_key(tmp_path):
    write_table(SELECTED, tmp_path / "t.parquet", SELECTION)
    assert read_table(tmp_path / "t.parquet", SELECTION)["pair_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (SELECTED.drop(columns="reason"), "columns missing: \\['reason'\\]"),
        (SELECTED.assign(extra=1), "unknown: \\['extra'\\]"),
        (SELECTED.assign(pair_id="1"), "repeated keys.*'pair_id': '1'"),
        (SELECTED.assign(reason=[None, "all"]), "column reason: 1 values are missing"),
        (SELECTED.assign(reason=[3, 4]), "column reason"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path, frame, message):
    with pytest.raises(ValueError, match=message):
        write_table(frame, tmp_path / "t.parquet", SELECTION)
    assert list(tmp_path.iterdir()) == []


def test_group_columns_of_numbers_stay_numbers(tmp_path):
    write_table(pairs(years=pd.Series([3, None], dtype="Float64")), tmp_path / "t.parquet", PAIRS)
    years = read_table(tmp_path / "t.parquet", PAIRS)["years"]
    assert years.dtype == np.float64 and years[0] == 3 and np.isnan(years[1])


def test_group_columns_are_kept_as_text(tmp_path):
    write_table(pairs(pose=["left", "right"]), tmp_path / "t.parquet", PAIRS)
    assert read_table(tmp_path / "t.parquet", PAIRS)["pose"].tolist() == ["left", "right"]


def test_a_file_of_another_table_is_refused(tmp_path):
    write_table(SELECTED, tmp_path / "t.parquet", SELECTION)
    with pytest.raises(ValueError, match="is selection, wanted scores"):
        read_table(tmp_path / "t.parquet", SCORES)


def test_provenance_is_stored(tmp_path):
    write_table(SELECTED, tmp_path / "t.parquet", SELECTION, {"model": "m", "weights_sha256": "00"})
    assert read_about(tmp_path / "t.parquet") == {"model": "m", "weights_sha256": "00", "table": "selection"}


def test_embeddings_keep_their_size_and_their_nulls(tmp_path):
    frame = pd.DataFrame({"image_id": ["a", "b"], "embedding": [np.array([1, 2], np.float32), None]})
    write_table(frame.assign(norm=None, with_mirror=None), tmp_path / "t.parquet", EMBEDDINGS)
    assert str(pq.read_schema(tmp_path / "t.parquet").field("embedding").type) == "list<element: float>"
    assert not pa.types.is_fixed_size_list(pq.read_schema(tmp_path / "t.parquet").field("with_mirror").type)
    stacked = stack(read_table(tmp_path / "t.parquet", EMBEDDINGS)["embedding"])
    np.testing.assert_array_equal(stacked, [[1, 2], [np.nan, np.nan]])


def test_parts_become_one_table_of_float16_maps(tmp_path):
    def part(pair_id):
        maps = [np.full(4, 0.5, np.float16)]
        return pd.DataFrame({"pair_id": [pair_id], "side": "a", "method": "m", **OK, "map": maps})

    write_parts([part("1"), part("2")], tmp_path / "t.parquet", EXPLANATIONS)
    frame = read_table(tmp_path / "t.parquet", EXPLANATIONS)
    assert frame["pair_id"].tolist() == ["1", "2"]
    assert frame["map"][1].dtype == np.float16


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_chosen_rows_alone_are_read(tmp_path, dtype):
    path = tmp_path / "explanations" / "model=m" / "dataset=d" / "explanations.parquet"
    keys = [(pair, side, "one") for pair in "012" for side in "ab"]
    frame = pd.DataFrame(keys, columns=["pair_id", "side", "method"]).assign(**OK)
    frame["map"] = list(np.arange(24).reshape(6, 4).astype(dtype))
    write_table(frame, path, EXPLANATIONS)
    found = read_table(path, EXPLANATIONS, ["pair_id", "map"], {"pair_id": ["2", "0"], "side": ["b"]})
    assert found["pair_id"].tolist() == ["0", "2"] and list(found) == ["pair_id", "map"]
    assert stack(found["map"]).tolist() == [[4, 5, 6, 7], [20, 21, 22, 23]]
    assert read_table(path, EXPLANATIONS, keep={"pair_id": ["3"]}).empty
    assert read_table(path, EXPLANATIONS, keep={"pair_id": []}).empty


def test_a_dataset_without_maps_can_be_read_together_with_others(tmp_path):
    one = pd.DataFrame({"pair_id": ["1"], "side": "a", "method": "m", **OK, "map": [np.zeros(4, np.float16)]})
    none = one.head(0).astype({"map": pd.ArrowDtype(pa.list_(pa.float16(), 4))})
    for dataset, frame in (("empty", none), ("full", one)):
        path = tmp_path / "explanations" / f"dataset={dataset}" / "explanations.parquet"
        write_table(frame, path, EXPLANATIONS)
        assert len(read_table(path, EXPLANATIONS)) == len(frame)
    assert len(pd.read_parquet(tmp_path / "explanations")) == 1


def test_lists_that_are_all_null_can_be_read(tmp_path):
    frame = pd.DataFrame({"image_id": ["a"], "embedding": [None]})
    write_table(frame.assign(norm=None, with_mirror=None), tmp_path / "t.parquet", EMBEDDINGS)
    embeddings = read_table(tmp_path / "t.parquet", EMBEDDINGS)["embedding"]
    assert embeddings.isna().all()
    with pytest.raises(ValueError, match="column embedding: every row is null"):
        stack(embeddings)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_every_column_is_described():
    for table in TABLES:
        for column in table.schema:
            assert column.metadata[b"description"], f"{table.name}.{column.name}"
