"""What folds and references share, as the report and the pages of pairs say it."""

from dataclasses import replace

import pandas as pd
import pytest
from test_site_report import table_rows

import fabricate
from html_pages import Page
from whyface.site.content.evaluation import load_evaluation
from whyface.site.views.leakage import leakage_words, pair_leaks
from whyface.site.views.shown import Shown

KINDS = ("people", "images", "pairs")


@pytest.fixture(scope="module")
def shown(results):
    """Return an evaluation whose pairs without a fold are judged by the dataset synth."""
    return Shown(load_evaluation(fabricate.config(), results, "demo", "photos"), fabricate.config(), {})


def counted(shown, *rows, **changes):
    """Replace what was counted by rows of scope, dataset fitted on, and shared and n of each kind."""
    leakage = [
        {"scope": scope, "kind": kind, "fitted_on": fitted_on, "shared": shared, "n": n, "pairs": shared}
        for scope, fitted_on, kinds in rows
        for kind, (shared, n) in kinds.items()
    ]
    return replace(shown, evaluation=replace(shown.evaluation, leakage=leakage, **changes))


def of(*counts):
    return dict(zip(KINDS, counts, strict=True))


def words_of(page):
    return " ".join(Page(page).text.split())


def test_the_report_gives_the_counts_of_the_table(built, results):
    rows = pd.read_parquet(results / "tables/leakage/dataset=synth").set_index(["scope", "kind"])
    parts = [f"{rows.loc['folds', kind].shared} of {rows.loc['folds', kind].n} {kind}" for kind in KINDS[:2]]
    text = words_of(built / "demo/synth/index.html")
    expected = f"Folds share {' and '.join(parts)}: figures on these folds are not all on unseen people. The counts"
    assert rows.loc[("folds", "pairs"), "shared"] == 0 and expected in text
    assert ("a", {"href": "../../data.html#leakage"}) in Page(built / "demo/synth/index.html").tags


def test_pages_of_leaking_pairs_say_what_their_fit_saw_and_where(built, results):
    for dataset in fabricate.DATASETS:
        pairs = pd.read_parquet(results / f"tables/pairs/dataset={dataset}")
        leaking = pd.read_parquet(results / f"tables/leaking_pairs/dataset={dataset}")
        assert len(leaking) > 30
        for row in pairs.itertuples():
            text = words_of(built / f"demo/{dataset}/p/{row.pair_id[:-3]}/{row.pair_id}/index.html")
            scope = "reference" if pd.isna(row.fold) else "folds"
            found = leaking[(leaking.pair_id == row.pair_id) & (leaking.scope == scope)]
            assert ("Not all of this pair is new to the fit behind its decision" in text) == (len(found) > 0)
            for leak in found.itertuples():
                place = "the reference dataset synth" if scope == "reference" else f"fold {leak.found_in}"
                assert f" in {place}." in text


def test_a_leak_is_told_thing_by_thing(shown):
    rows = [
        ("000001", "folds", "pairs", "0"),
        ("000001", "folds", "people", "0, 3, 4"),
        ("000001", "folds", "images", "0"),
        ("000001", "reference", "people", "synth"),
    ]
    frame = pd.DataFrame(rows, columns=["pair_id", "scope", "kind", "found_in"]).set_index("pair_id")
    one = counted(shown, leaking_pairs=frame)
    assert pair_leaks(one, one.rows.of("000001")) == (
        "Not all of this pair is new to the fit behind its decision, which saw a person in folds 0, 3 and 4 and an "
        "image and the pair itself in fold 0."
    )
    assert pair_leaks(one, one.rows.of("000002")) == ""


def test_what_a_reference_shares_matters_where_the_fit_comes_from_it(shown):
    frame = pd.DataFrame({"pair_id": ["000001"], "scope": "reference", "kind": "images", "found_in": "synth"})
    one = counted(shown, leaking_pairs=frame.set_index("pair_id"))
    assert one.rows.of("000001")["fold"] is not None and pair_leaks(one, one.rows.of("000001")) == ""
    folded = counted(shown, ("reference", "other", of((1, 9), (0, 20), (0, 30))))
    assert leakage_words(folded) == (
        "This set shares 1 of 9 people with its reference dataset other. No pair here is judged by a fit on that "
        "dataset."
    )
    elsewhere = counted(shown, ("folds", "photos", of((1, 9), (0, 20), (0, 30))))
    fits = elsewhere.evaluation.fits.assign(fitted_on="synth")
    assert leakage_words(replace(elsewhere, evaluation=replace(elsewhere.evaluation, fits=fits))) == (
        "Folds share 1 of 9 people. No pair here is judged by a fit on other folds."
    )


def test_the_planted_counts_are_said(shown):
    one = counted(
        shown,
        ("folds", "photos", of((3, 7), (5, 17), (2, 12))),
        ("reference", "synth", of((7, 7), (12, 17), (7, 1200))),
    )
    assert leakage_words(one) == (
        "Folds share 3 of 7 people, 5 of 17 images and 2 of 12 pairs: figures on these folds are not all on unseen "
        "people. This set shares 7 of 7 people, 12 of 17 images and 7 of 1,200 pairs with its reference dataset synth: "
        "figures that rest on a fit from there are not all on unseen people."
    )


def test_nothing_shared_is_a_fact_too(shown):
    clean = of((0, 7), (0, 17), (0, 12))
    one = counted(shown, ("folds", "photos", clean), ("unfolded", "photos", clean), ("reference", "synth", clean))
    assert leakage_words(one) == (
        "No person, image or pair is in two folds. Pairs without a fold share no person, image or pair with the folds. "
        "This set shares no person, image or pair with its reference dataset synth."
    )


def test_unknown_people_are_said_to_be_unknown(shown):
    pairs = shown.evaluation.pairs
    nobody = of((0, 0), (0, 17), (0, 12))
    one = counted(shown, ("folds", "photos", nobody), pairs=pairs.assign(subject_a="", subject_b=""))
    assert leakage_words(one) == (
        "No image or pair is in two folds. People could not be compared: the list does not say who is shown."
    )
    first = pairs.assign(subject_a=["", *pairs.subject_a[1:]])
    one = counted(shown, ("folds", "photos", of((0, 6), (1, 17), (0, 12))), pairs=first)
    assert leakage_words(one).endswith(
        "1 of 17 images: figures on these folds are not all on unseen images. 1 image without a known person could not "
        "be compared by person."
    )


def test_names_of_another_collection_are_no_people(shown):
    names = {"names": (16, 144), "images": (0, 17), "pairs": (0, 12)}
    assert leakage_words(counted(shown, ("reference", "synth", names))) == (
        "This set shares no image or pair with its reference dataset synth. It is another collection: whether people "
        "occur in both is not known; 16 of 144 names occur in both, but may stand for different people."
    )


def test_a_run_without_counts_says_nothing(shown):
    assert leakage_words(counted(shown)) == ""


def test_the_transfer_page_says_how_many_of_the_people_judged_a_fit_saw(built, results):
    text = words_of(built / "demo/transfer.html")
    rows = pd.read_parquet(results / "tables/transfer/model=demo/transfer.parquet")
    assert text.count("people seen: 30 ") == (rows["shared_people"] == 30).sum() == 2
    assert ["60", "30", "30"] in [row[-3:] for row in table_rows(built / "demo/transfer.html", "rows")]
    assert text.count("people seen:") == 2, "nothing is said where nobody was seen, or where it is not known"
