"""What evidence is worth on the page of a pair: each number is in a row of the table, and no claim is too strong."""

import re
import shutil
from html import unescape

import pandas as pd
import pytest

import fabricate
from whyface.site.rendering.site import load_shown
from whyface.site.views.evidence import pair_evidence
from whyface.site.words.chances import Support
from whyface.site.words.evidence import (
    against,
    bans,
    carried,
    how_sure,
    in_all,
    leaning,
    likely,
    moved,
    summary,
    support,
    turned_by,
)
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import COVERS


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


PAIRS = Support(300, 150)


def test_probabilities_are_no_surer_than_their_pairs():
    assert [likely(p, PAIRS) for p in (0.314, 0.996, 0.005, 0.9999, 1e-9, None)] == [
        *(
            "31\u00a0%",
            "> 99.3\u00a0%".replace("> ", ">\u00a0"),
            "0.5\u00a0%",
            ">\u00a099.3\u00a0%",
            "<\u00a00.3\u00a0%",
            "–",
        )
    ]


def test_a_summary_by_hand():
    cover = {"evidence": 1.3, "decision": "different", "p_same": 0.31, "within": True}
    sure = how_sure(0.972, "same", PAIRS)
    turned = turned_by({"flipped": True, "patch_px": 16.0, "side": "b"}, 32)
    assert summary("same", sure, leaning("eyes", "", cover, "same", PAIRS), turned) == (
        "The model says “same” (97\u00a0% likely the same person), leaning most on the eyes: with them covered in both "
        "faces it would say “different” (31\u00a0%); one patch of 16\u00a0x\u00a016\u00a0px over face B turns the "
        "decision."
    )
    cover = {"evidence": -0.6, "decision": "different", "p_same": None, "within": True}
    sure = how_sure(0.56, "different", PAIRS)
    turned = turned_by({"flipped": False}, 32)
    assert summary("different", sure, leaning("nose", "A", cover, "different", PAIRS), turned) == (
        "The model says “different” (yet 56\u00a0% likely the same person), leaning most on the nose of face A: with "
        "it covered it would still say “different”; no single patch of up to 32\u00a0px turns the decision."
    )
    assert summary("same", "", leaning("", "", {}, "same", PAIRS), "") == (
        "The model says “same”, leaning on no single region."
    )
    assert summary("same", how_sure(None, "same", PAIRS), "", turned_by({"flipped": None}, 32)) == (
        "The model says “same”."
    )
    assert turned_by(None, 32) == ""


def test_bans_of_a_region_by_hand():
    cover = {"evidence": 1.3, "within": True}
    assert carried("eyes", "", cover, 2.1) == "The eyes carry 1.3 bans for “same”; the pair has 2.1."
    assert carried("nose", "B", {"evidence": -0.6, "within": True}, 0.4) == (
        "The nose of face B carries 0.6 bans for “different”; the pair has 0.4 for “same”."
    )
    assert carried("mouth", "", {"evidence": 12.0, "within": False}, 14.0) == (
        "The mouth carries more bans than the pairs behind the fit can tell."
    ), "no size that the pairs cannot support"


def test_what_speaks_against_by_hand():
    assert against("eyes", "", "same") == "Most against “same” speak the eyes."
    assert against("nose", "B", "different") == "Most against “different” speaks the nose of face B."
    assert against("", "", "same") == ""


def test_a_pair_has_no_more_bans_than_its_pairs_support():
    assert in_all(-1.24, -1.24) == "This pair has \u22121.2 bans in all: moderate support for “different”."
    assert in_all(0.1, 0.1) == "This pair has +0.1 bans in all: no support."
    assert in_all(8.1, 1.98) == (
        "This pair has +2.0 bans in all, and the pairs behind the fit support no more: moderate support for “same”. "
        "Without that bound the fit says +8.1, and the regions’ bans come from there."
    )


def test_a_flip_by_hand():
    row = {"flipped": True, "patch_px": 16.0, "side": "b", "cosine_distance": 0.6814, "turning": 23, "patches": 290}
    assert moved(row, 0.612) == (
        "The patch that turns the decision moves the distance from 0.612 to 0.681; 23 of 290 single patches turn it."
    )
    assert moved({**row, "turning": 1}, 0.612).endswith("to 0.681; no other patch turns it.")
    assert moved({"flipped": False}, 0.612) == moved({"flipped": None}, 0.612) == moved(None, 0.612) == ""


def test_pages_say_what_the_table_says_of_flips(built, results):
    frame = pd.read_parquet(results / "tables/flips/model=demo/dataset=synth/flips.parquet")
    said = {True: "; one patch of ", False: "; no single patch of up to 28 px turns the decision."}
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


def section_of(built, pair_id):
    page = page_of(built, pair_id).read_text(encoding="utf-8")
    return page[page.index('id="evidence"') : page.index("</section>", page.index('id="evidence"'))]


def cells_of(section):
    """Cells of each row that a region heads, by region; one list for each of the section's two tables."""
    tables = []
    for table in section.split("<tbody>")[1:]:
        rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table.split("</tbody>")[0], re.DOTALL)
        plain = [unescape(re.sub("<[^>]+>", "", name)) for name, _ in rows]
        tables.append(
            {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, (_, cells) in zip(plain, rows, strict=True)}
        )
    return tables


def test_every_number_of_the_table_is_in_a_row(built, covers, scores):
    pairs = Support(300, 300)  # as fabricated
    for pair_id, rows in covers.groupby("pair_id"):
        both, faces = cells_of(section_of(built, pair_id))
        assert both.keys() == faces.keys() == set(rows["region"])
        for name, (_, value, without) in both.items():
            own = rows[rows["region"] == name].set_index(["side", "covered"])
            cover = own.loc[("both", "region")]
            assert value == bans(cover["evidence"])
            assert unescape(without) == f"{cover['decision']},\u00a0{likely(cover['p_same'], pairs)}"
            *sides, alone = faces[name]
            assert sides == [bans(own.loc[(side, "region"), "evidence"]) for side in "ab"]
            rest = own.loc[("both", "rest")]
            assert unescape(alone) == f"{rest['decision']},\u00a0{likely(rest['p_same'], pairs)}"
        whole = rows.iloc[0]["llr"] + rows.iloc[0]["evidence"]
        assert whole == pytest.approx(scores.loc[pair_id, "llr"])
        assert f"This pair has {bans(whole)} bans in all" in words_of(page_of(built, pair_id))


def test_regions_stand_in_the_order_of_their_evidence(built, covers):
    alone = covers[(covers["side"] == "both") & (covers["covered"] == "region")]
    for pair_id, rows in alone.groupby("pair_id"):
        sizes = rows.set_index("region")["evidence"].abs()
        assert sizes[list(cells_of(section_of(built, pair_id))[0])].is_monotonic_decreasing


def test_a_region_is_named_only_where_it_carries_more_than_from_most_pairs(built, covers, scores):
    alone = covers[(covers["side"] == "both") & (covers["covered"] == "region")]
    typical = alone.groupby("region")["evidence"].apply(lambda values: values.abs().median())
    named = 0
    for pair_id, rows in alone.groupby("pair_id"):
        sign = 1 if scores.loc[pair_id, "decision"] == "same" else -1
        strongest = rows.loc[(sign * rows["evidence"]).idxmax()]
        stands_out = sign * strongest["evidence"] > max(0.3, typical[strongest["region"]])
        text = words_of(page_of(built, pair_id))
        assert (f"leaning most on the {strongest['region']}: with" in text) == stands_out, pair_id
        assert ("leaning on no single region" in text) != stands_out
        assert (f"The {strongest['region']} carr" in text) == stands_out
        named += stands_out
    assert 0 < named < alone["pair_id"].nunique()


def test_a_pair_whose_faces_share_no_region_has_those_of_either_face(results, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(results, folder)
    path = folder / "tables/covers/model=demo/dataset=synth/covers.parquet"
    covers = read_table(path, COVERS)
    apart = covers["pair_id"] == covers["pair_id"].iloc[0]
    write_table(covers[~apart | (covers["side"] != "both")], path, COVERS)
    shown = load_shown(fabricate.config(), folder)[0]
    evidence = pair_evidence(shown, shown.rows.of(covers["pair_id"].iloc[0]))
    own = covers[apart & (covers["side"] != "both") & (covers["covered"] == "region")]
    assert {(row["name"], row["face"].lower()) for row in evidence["rows"]} == set(
        zip(own["region"], own["side"], strict=True)
    )
    assert evidence["faces"] == [] and evidence["sum"] == ""
    assert "both faces" not in evidence["summary"]


def test_only_pairs_with_maps_have_such_a_section(built, results):
    selection = pd.read_parquet(results / "tables/selection/model=demo/dataset=photos/selection.parquet")
    pages = {page.parent.name: page for page in (built / "demo/photos/p").rglob("index.html")}
    shown = {pair_id for pair_id, page in pages.items() if 'id="evidence"' in page.read_text(encoding="utf-8")}
    assert shown == set(selection["pair_id"]) < set(pages)


def test_a_pair_whose_covers_say_nothing_still_has_its_sentence(results, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(results, folder)
    path = folder / "tables/covers/model=demo/dataset=synth/covers.parquet"
    covers = read_table(path, COVERS)
    unknown = dict.fromkeys(("llr", "evidence", "within", "p_same"))
    write_table(covers.assign(**unknown), path, COVERS)
    shown = load_shown(fabricate.config(), folder)[0]
    evidence = pair_evidence(shown, shown.rows.of(covers["pair_id"].iloc[0]))
    assert evidence["rows"] == [] and evidence["against"] == ""
    assert re.fullmatch(
        r"The model says “\w+” \([^)]* likely the same person\); .* turns the decision\.", evidence["summary"]
    )
