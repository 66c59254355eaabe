"""What evidence is worth on the page of a pair: each number is in a row of the table, and no claim is too strong."""

import re
from html import unescape

import pandas as pd
import pytest

from whyface.site.words.evidence import bans, carried, flip, support
from whyface.site.words.numbers import percent


def words_of(path):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))).split())


def page_of(built, pair_id):
    return built / f"demo/synth/p/{pair_id[:-3] or '0'}/{pair_id}/index.html"


@pytest.fixture(scope="module")
def covers(results):
    return pd.read_parquet(results / "tables/covers/model=demo/dataset=synth/covers.parquet")


@pytest.fixture(scope="module")
def scores(results):
    return pd.read_parquet(results / "tables/scores/model=demo/dataset=synth/scores.parquet").set_index("pair_id")


def test_scale_of_words_by_hand():
    assert [support(x) for x in (0.29, -0.3, 1.0, -2.5, 3, 9)] == [
        *("no", "weak", "moderate", "moderately strong", "strong", "very strong")
    ]
    assert [bans(x) for x in (1.26, -0.31, -0.04, 0.0, None)] == ["+1.3", "\u22120.3", "0.0", "0.0", "–"]


def test_a_sentence_by_hand():
    row = {"evidence": 1.3, "decision": "different", "p_same": 0.31, "within": True}
    assert carried("eyes", row, 2.1, "same") == (
        "The eyes carry 1.3 of this pair’s 2.1 bans for “same”. Covered in both faces, the model would say "
        "“different” (31\u00a0% same)."
    )
    row = {"evidence": -0.6, "decision": "different", "p_same": None, "within": True}
    assert carried("nose", row, 0.4, "different") == (
        "The nose carries 0.6 bans for “different”. Covered in both faces, the model would still say “different”."
    )
    row = {"evidence": 12.0, "decision": "same", "p_same": 0.9, "within": False}
    assert carried("mouth", row, 14.0, "same") == (
        "The mouth carries most for “same”. Covered in both faces, the model would still say “same” (90\u00a0% same)."
    ), "no size that the pairs cannot support"


def test_flips_by_hand():
    row = {"flipped": True, "patch_px": 16.0, "side": "b", "cosine_distance": 0.6814}
    assert flip(row, 0.612, 32) == (
        "One patch of 16 x 16 px over face B turns the decision: the distance goes from 0.612 to 0.681."
    )
    assert flip({"flipped": False}, 0.612, 32) == "No single patch turns the decision, up to 32 px."
    assert flip({"flipped": None}, 0.612, 32) == flip(None, 0.612, 32) == ""


def test_pages_say_what_the_table_says_of_flips(built, results):
    frame = pd.read_parquet(results / "tables/flips/model=demo/dataset=synth/flips.parquet")
    said = {True: "turns the decision: the distance goes", False: "No single patch turns the decision"}
    for row in frame.itertuples():
        text = words_of(page_of(built, row.pair_id))
        assert [said[key] in text for key in (True, False)] == [row.flipped is True, row.flipped is False]
    assert set(frame["flipped"]) >= {True, False}


def test_the_report_says_how_many_decisions_a_patch_turns(built, results):
    frame = pd.read_parquet(results / "tables/flips/model=demo/dataset=synth/flips.parquet")
    scores = pd.read_parquet(results / "tables/scores/model=demo/dataset=synth/scores.parquet")
    outcomes = frame.merge(scores, on="pair_id").query("flipped.notna()")
    text = words_of(built / "demo/synth/index.html")
    assert f"One patch turns {outcomes['flipped'].sum()} of {len(outcomes)} decisions with maps (" in text
    for outcome, rows in outcomes.groupby("outcome"):
        name = outcome.replace("-", " ", 1) + "es"
        assert f"{rows['flipped'].sum()} of {len(rows)} {name}" in text, name


def test_every_number_of_the_table_is_in_a_row(built, covers, scores):
    for pair_id, rows in covers.groupby("pair_id"):
        page = page_of(built, pair_id).read_text(encoding="utf-8")
        section = page[page.index('id="evidence"') : page.index("</section>", page.index('id="evidence"'))]
        shown = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', section)
        assert {name for name, _ in shown} == set(rows["region"])
        for name, cells in shown:
            own = rows[rows["region"] == name].set_index(["side", "covered"])
            expected = [bans(own.loc[(side, "region"), "evidence"]) for side in ("a", "b", "both")]
            assert re.findall(r'<td class="number">(.*?)</td>', cells) == expected
            both = own.loc[("both", "region")]
            assert f"{both['decision']}, {percent(both['p_same'], 0)}" in unescape(cells).replace("\u00a0", " ")
        whole = rows.iloc[0]["llr"] + rows.iloc[0]["evidence"]
        assert whole == pytest.approx(scores.loc[pair_id, "llr"])
        assert f"This pair has {bans(whole)} bans in all" in words_of(page_of(built, pair_id))


def test_a_region_is_named_only_where_it_carries_more_than_from_most_pairs(built, covers):
    alone = covers[(covers["side"] == "both") & (covers["covered"] == "region")]
    typical = alone.groupby("region")["evidence"].apply(lambda values: values.abs().median())
    named = 0
    for pair_id, rows in alone.groupby("pair_id"):
        whole = rows.iloc[0]["llr"] + rows.iloc[0]["evidence"]
        sign = 1 if "Different" not in words_of(page_of(built, pair_id)).split("on pair")[1][:60] else -1
        strongest = rows.loc[(sign * rows["evidence"]).idxmax()]
        stands_out = sign * strongest["evidence"] > max(0.3, typical[strongest["region"]])
        text = words_of(page_of(built, pair_id))
        assert (f"The {strongest['region']} carr" in text) == stands_out, (pair_id, whole)
        assert ("No region stands out: covering one" in text) != stands_out
        named += stands_out
    assert 0 < named < alone["pair_id"].nunique()


def test_a_pair_without_covers_has_no_such_section(built):
    pages = list((built / "demo/synth/p").rglob("index.html"))
    assert any('id="evidence"' not in page.read_text(encoding="utf-8") for page in pages)
