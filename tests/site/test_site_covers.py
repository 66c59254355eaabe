"""What the site reads of the table covers."""

from whyface.site.content.covers import Covers


def test_a_run_without_covers_has_none_for_any_pair(results, tmp_path):
    assert Covers(tmp_path / "covers.parquet").of("000000") == []
    written = Covers(results / "tables/covers/model=demo/dataset=synth/covers.parquet")
    assert {row["pair_id"] for row in written.of("000007")} == {"000007"} and written.of("none such") == []
