"""A threshold and a prior of the reader's own, on pages of pairs and on reports: words, counts, errors, the address."""

import json
import re
import shutil
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.site.words import chances
from whyface.tables import parquet as tables
from whyface.tables import schemas

pytestmark = pytest.mark.browser

PAIR, REPORT = "{}/{}/p/000/{}/index.html", "{}/{}/index.html"
ERROR = PAIR.format("demo", "synth", "000000")  # genuine, 0.81 apart, and called different
SUPPORT = chances.Support(fabricate.FITTED["n_genuine"], fabricate.FITTED["n_impostor"])
THRESHOLD, PRIOR = "#own-threshold", "#own-prior"
WORDS = """([same, decision, support, odds]) => {
    const words = window.whyface.beliefWords, right = decision === "same" ? same : 1 - same;
    return [words.sureness(right), words.frequency(right, decision, support, odds),
        words.probability(same, support, odds), words.confidence(right, decision, support, odds)];
}"""
AXE = {"resultTypes": ["violations"], "preload": False}


def scores(results, model="demo", dataset="synth"):
    """Read a table of scores."""
    return pd.read_parquet(results / f"tables/scores/model={model}/dataset={dataset}/scores.parquet")


def written(same: float, decision: str, support: chances.Support) -> list[str]:
    """Write what a pair's page says of a probability of same under even odds."""
    right = same if decision == "same" else 1 - same
    words = [*chances.sureness(right, decision, support), chances.probability(same, support)]
    return [*words, chances.confidence(right, decision, support)]


def facts_of(page) -> dict:
    """Read what the sliders of a page start from."""
    return next(json.loads(attrs["data-facts"]) for _, attrs in Page(page).tags if attrs.get("id") == "belief")


def shown(tab) -> list[str]:
    """Read what the sliders' part of a pair's page says."""
    sure, frequency = tab.inner_text("#belief-sure").split(". ", 1)
    return [sure, frequency, tab.inner_text("#belief-probability"), tab.inner_text("#belief-confidence")]


def settles(tab, wanted: dict[str, str]) -> bool:
    """Whether the address comes to hold these keys and no others: sliders reach it once they are at rest."""
    for _ in range(50):
        if dict(parse_qsl(urlsplit(tab.url).fragment)) == wanted:
            return True
        tab.wait_for_timeout(100)
    return False


def move(tab, slider: str, value: float) -> None:
    """Move a slider to a value, as a script of the browser would after any gesture."""
    tab.locator(slider).evaluate(
        "(input, value) => { input.value = value; for (const type of ['input', 'change'])"
        " input.dispatchEvent(new Event(type, { bubbles: true })); }",
        value,
    )


def test_untouched_sliders_say_of_every_pair_what_its_page_says(built, results, tab):
    for model in fabricate.MODELS:
        for dataset in fabricate.DATASETS:
            decided = scores(results, model, dataset).dropna(subset="decision")
            tab.goto((built / PAIR.format(model, dataset, decided.pair_id.iloc[0])).as_uri())
            assert shown(tab) == written(decided.p_same.iloc[0], decided.decision.iloc[0], SUPPORT)
            for row in decided.itertuples():
                facts = facts_of(built / PAIR.format(model, dataset, row.pair_id))
                assert facts["distance"] == row.cosine_distance and facts["threshold"] == row.threshold
                same = tab.evaluate("(llr) => window.whyface.belief.probability(llr)", facts["llr"])
                assert tab.evaluate(WORDS, [same, row.decision, facts["support"], 1]) == written(
                    row.p_same, row.decision, SUPPORT
                )


def test_words_are_those_of_the_pages_for_any_evidence(built, tab):
    tab.goto((built / ERROR).as_uri())
    for genuine, impostor in ((1, 1), (30, 990), (3000, 27000), (400_000, 90_000)):
        support = chances.Support(genuine, impostor)
        for llr in np.linspace(-min(6, np.log10(genuine) + 1), min(6, np.log10(impostor) + 1), 61):
            same = float(expit(llr * np.log(10)))
            decision = "same" if llr > 0 else "different"
            assert tab.evaluate(WORDS, [same, decision, support._asdict(), 1]) == written(same, decision, support)


def test_no_share_of_wrong_decisions_is_rounded_to_none_or_to_all():
    many = chances.Support(10**6, 10**6)
    assert chances.sureness(0.99998, "same", many)[1] == "Of 100,000 such decisions about 2 are wrong."
    assert chances.sureness(0.0004, "same", many)[1] == "Of 10,000 such decisions about 9,996 are wrong."


def test_a_prior_multiplies_the_odds_and_no_claim_outgrows_the_evidence(built, results, tab):
    row = scores(results).set_index("pair_id").loc["000000"]
    tab.goto((built / ERROR).as_uri() + "#prior=1000")
    assert tab.inner_text("#belief-prior") == "1 in 1,000 such comparisons is of the same person"
    odds = 10**row.llr / 999
    assert float(tab.inner_text("#belief-probability").split()[0]) == pytest.approx(100 * odds / (1 + odds), rel=0.05)
    assert shown(tab)[0] == "Very sure"
    # 300 impostor pairs support a ratio of 300 at most: at 1 in 1,000, at least 769 of 1,000 decisions are wrong.
    capped = [float(expit(np.log(1000 / 999))), "same", SUPPORT._asdict(), 1 / 999]
    assert tab.evaluate(WORDS, capped)[1:] == [
        "Of 1,000 such decisions fewer than 770 are wrong; 300 impostor pairs support no finer claim.",
        "> 23.09 %",
        "> 23.09 %",
    ]
    sure = [1e-12, "different", SUPPORT._asdict(), 1e-6]
    assert tab.evaluate(WORDS, sure)[1].startswith(
        "Of 1,000,000 such decisions fewer than 1 is wrong; 300 genuine pairs"
    )
    missed = [1 - 1e-9, "different", SUPPORT._asdict(), 1]  # nor is a decision surer to be wrong than pairs support
    assert tab.evaluate(WORDS, missed)[1].startswith("Of 1,000 such decisions more than 996 are wrong; 300 impostor")


def test_a_threshold_moves_the_decision_a_mark_and_a_notice_but_not_the_verdict(site_url, tab):
    tab.goto(site_url + ERROR)
    assert (
        tab.inner_text("#belief-decision")
        == "At the protocol's threshold for this pair, 0.6000, the model says “different”."
    )
    assert not tab.is_visible("#belief-changed") and tab.locator(".mark.own").count() == 0
    assert tab.is_disabled("#belief-reset")
    verdict = tab.inner_text("h1")
    move(tab, THRESHOLD, 0.85)
    assert tab.inner_text("#belief-decision").startswith("At 0.850, the model says “same”; at the protocol's")
    assert tab.inner_text("#belief-decision").endswith("0.6000, it says “different”.")
    assert shown(tab)[0] == "Probably wrong"
    assert tab.inner_text("h1") == verdict and tab.is_visible("#belief-changed")
    assert tab.text_content(".mark-label.own") == "your threshold 0.850"
    drawn = [float(tab.get_attribute(f".mark.{kind}", "d")[1:].split()[0]) for kind in ("threshold", "pair", "own")]
    assert (drawn[2] - drawn[1]) / (drawn[1] - drawn[0]) == pytest.approx((0.85 - 0.81) / (0.81 - 0.6), rel=0.02)
    assert "At 0.850" in tab.text_content("#belief-spoken")
    tab.click("#belief-reset")
    assert shown(tab)[0] == "Sure" and not tab.is_visible("#belief-changed") and tab.locator(".mark.own").count() == 0
    assert tab.evaluate("document.activeElement.id") == THRESHOLD[1:] and settles(tab, {})


@pytest.mark.parametrize("site_url", browsing.BOTH, indirect=True)
def test_the_address_keeps_both_beside_other_keys_and_neighbours_take_them_along(site_url, tab):
    tab.goto(site_url + ERROR + "#method=one-to-one&in=outcome%3Derrors%26prior%3D50")
    tab.wait_for_selector("#switches:not([hidden])")
    kept = {"method": "one-to-one", "in": "outcome=errors"}
    assert settles(tab, {**kept, "prior": "50"})  # from the list's state
    move(tab, THRESHOLD, 0.512)
    move(tab, PRIOR, 8)
    assert settles(tab, {**kept, "threshold": "0.512", "prior": "1000"})
    tab.wait_for_selector("#neighbours a[rel=next]")
    tab.click("#neighbours a[rel=next]")
    tab.wait_for_url(lambda url: "/000000/" not in url)
    assert tab.inner_text("#belief-threshold") == "0.512" and tab.input_value(PRIOR) == "8"
    tab.evaluate("location.hash = 'prior=20'")
    browsing.until(tab, "document.getElementById('belief-prior').textContent.startsWith('1 in 20 ')")
    assert tab.inner_text("#belief-threshold") == "0.600, the protocol's"
    for nonsense in ("threshold=17&prior=0", "threshold=x&prior=1e9", "threshold=&prior=2.5"):
        tab.evaluate(f"location.hash = '{nonsense}'")
        assert settles(tab, {})


@pytest.mark.parametrize("gesture", ["mouse", "touch", "keyboard"])
@pytest.mark.parametrize("address", [ERROR, REPORT.format("demo", "synth")])
def test_sliders_move_by(site_url, browser, gesture, address):
    with browsing.watched(browser, has_touch=gesture == "touch") as tab:
        tab.goto(site_url + address)
        for slider, name in ((THRESHOLD, "threshold"), (PRIOR, "prior")):
            before, box = tab.inner_text(f"#belief-{name}"), tab.locator(slider).bounding_box()
            assert box["height"] >= 24
            at = {"x": 0.8 * box["width"], "y": box["height"] / 2}
            if gesture == "mouse":
                tab.click(slider, position=at)
            elif gesture == "touch":
                tab.tap(slider, position=at)
            else:
                tab.focus(slider)
                tab.keyboard.press("ArrowRight")
            assert tab.inner_text(f"#belief-{name}") != before
            assert tab.get_attribute(slider, "aria-valuetext") == tab.inner_text(f"#belief-{name}")
            tab.wait_for_url(re.compile(f"[#&]{name}="))
        if gesture == "keyboard":
            assert settles(tab, {"threshold": "0.601", "prior": "5"})


def counted(rows: pd.DataFrame, threshold: float) -> dict[str, pd.DataFrame]:
    """Divide labelled pairs by what a threshold makes of them."""
    rows = rows.dropna(subset=["cosine_distance", "is_genuine"])
    same, genuine = rows.cosine_distance < threshold, rows.is_genuine.astype(bool)
    parts = {"True match": same & genuine, "False match": same & ~genuine}
    parts |= {"True non-match": ~same & ~genuine, "False non-match": ~same & genuine}
    return {name: rows[chosen] for name, chosen in parts.items()}


def table(tab) -> dict[str, list[str]]:
    """Read the restated counts and rates."""
    tab.wait_for_selector("#belief-results:not([hidden])")
    rows = tab.locator("#belief-counts tr").all()
    return {cells[0]: cells[1:] for cells in (row.locator("th, td").all_inner_texts() for row in rows)}


def rate(errors: int, of: int, kind: str) -> list[str]:
    """Write a rate as the report's part does."""
    share = f"{100 * errors / of:.2f} %" if errors else f"< {300 / of:.2f} %"
    return [share, f"{errors} of {of} {kind} pairs"]


@pytest.mark.parametrize("dataset", fabricate.DATASETS)
def test_a_report_counts_outcomes_rates_and_errors_at_any_threshold(site_url, results, tab, dataset):
    rows = scores(results, "demo", dataset)
    tab.goto(site_url + REPORT.format("demo", dataset))
    assert not tab.is_visible("#belief-results")
    move(tab, PRIOR, 1)
    for threshold in (0.6, 0.44, 0.3, 0.75, 0.9):
        move(tab, THRESHOLD, threshold)
        parts, said = counted(rows, threshold), table(tab)
        assert {name: int(said[name][0]) for name in parts} == {name: len(part) for name, part in parts.items()}
        tm, fm, tn, fn = (len(part) for part in parts.values())
        assert said["FMR"] == rate(fm, fm + tn, "impostor") and said["FNMR"] == rate(fn, tm + fn, "genuine")
        wrong = pd.concat([parts["False match"], parts["False non-match"]])
        wrong = wrong.assign(beyond=(wrong.cosine_distance - threshold).abs()).sort_values("beyond", ascending=False)
        listed = tab.locator("#belief-errors li a")
        assert listed.all_inner_texts() == [f"Pair {pair_id}" for pair_id in wrong.pair_id[:25]]
        assert tab.inner_text("#belief-wrong").startswith(f"{len(wrong)} error")
        assert ("the 25 furthest beyond it" in tab.inner_text("#belief-wrong")) == (len(wrong) > 25)
        for row, item in zip(wrong.itertuples(), tab.locator("#belief-errors li").all(), strict=False):
            kind = "false non-match" if row.is_genuine else "false match"
            assert item.inner_text() == f"Pair {row.pair_id} {kind} at {row.cosine_distance:.3f}"
        if dataset == "photos":
            unlabelled = rows[rows.is_genuine.isna() & rows.cosine_distance.notna()]
            same = int((unlabelled.cosine_distance < threshold).sum())
            assert said["No label"] == [str(len(unlabelled)), f"{same} of them called same"]


def test_a_report_says_how_many_decisions_are_wrong_under_a_prior(site_url, results, tab):
    tab.goto(site_url + REPORT.format("demo", "synth") + "#prior=1000&threshold=0.6")
    tm, fm, tn, fn = (len(part) for part in counted(scores(results), 0.6).values())
    table(tab)
    share = (fm / (fm + tn)) * 0.999 / ((fm / (fm + tn)) * 0.999 + (tm / (tm + fn)) * 0.001)
    assert tab.inner_text("#belief-same") == f"Of 1,000 decisions “same” about {round(1000 * share)} are wrong."
    share = (fn / (tm + fn)) * 0.001 / ((fn / (tm + fn)) * 0.001 + (tn / (fm + tn)) * 0.999)
    assert (
        tab.inner_text("#belief-different") == f"Of 100,000 decisions “different” about {round(1e5 * share)} are wrong."
    )
    move(tab, PRIOR, 0)
    low = scores(results).query("not is_genuine").cosine_distance.min()
    move(tab, THRESHOLD, np.floor(1000 * low) / 1000)  # no impostor passes: at most 3 of 30
    hits = len(counted(scores(results), low)["True match"]) / 30
    assert 0 < hits < 1
    least = int(np.ceil(1000 * 0.1 / (0.1 + hits)))
    assert tab.inner_text("#belief-same") == f"Of 1,000 decisions “same” fewer than {least} are wrong."
    move(tab, THRESHOLD, float(tab.get_attribute(THRESHOLD, "min")))
    assert tab.inner_text("#belief-same") == "At this threshold, no labelled pair is called “same”."


def test_a_report_hands_its_state_on_and_keeps_it_beside_its_own_anchors(site_url, tab):
    tab.goto(site_url + REPORT.format("demo", "synth"))
    link = tab.locator("main a[href*='explore.html#']").first
    before = link.evaluate("(link) => link.hash")
    move(tab, THRESHOLD, 0.75)
    move(tab, PRIOR, 5)
    mine = {"threshold": "0.75", "prior": "100"}
    assert link.evaluate("(link) => link.hash") == before + "&threshold=0.75&prior=100"
    tab.click("nav.contents a[href='#limits']")
    assert settles(tab, mine) and tab.inner_text("#belief-threshold") == "0.750"
    table(tab)
    tab.locator("#belief-errors a").first.click()
    tab.wait_for_url(re.compile("/p/"))
    assert settles(tab, mine) and tab.inner_text("#belief-threshold") == "0.750"
    tab.go_back()
    assert tab.inner_text("#belief-threshold") == "0.750"
    link.click()  # the explorer keeps both for the pairs that are opened from it
    tab.locator("#pairs a[href*='/p/']").first.click()
    tab.wait_for_url(re.compile("/p/"))
    assert tab.inner_text("#belief-threshold") == "0.750"
    tab.goto(site_url + REPORT.format("demo", "synth") + "#threshold=0.75&prior=100")
    tab.click("#belief-reset")
    assert settles(tab, {}) and link.evaluate("(link) => link.hash") == before
    tab.click("nav.contents a[href='#limits']")
    assert urlsplit(tab.url).fragment == "limits"


def test_nothing_shows_without_javascript(built, browser):
    with browsing.watched(browser, java_script_enabled=False) as tab:
        for address in (ERROR, REPORT.format("demo", "synth")):
            tab.goto((built / address).as_uri())
            assert not tab.is_visible("#belief") and tab.locator("#belief").count() == 1


def test_a_pair_without_a_decision_has_no_sliders(built, results):
    undecided = scores(results, "demo", "photos").query("decision.isna()").pair_id
    assert len(undecided)
    for pair_id in undecided:
        page = Page(built / PAIR.format("demo", "photos", pair_id))
        assert not [attrs for _, attrs in page.tags if attrs.get("id", "").startswith("belief")]
        assert not [link for _, link in page.links() if "belief" in link]


def test_a_pair_without_a_probability_has_a_threshold_only(few, tmp_path, tab):
    made = shutil.copytree(few, tmp_path / "results")
    path = made / "tables/scores/model=demo/dataset=synth/scores.parquet"
    blank = tables.read_table(path, schemas.SCORES).assign(llr=np.nan, p_same=np.nan, confidence=np.nan)
    tables.write_table(blank, path, schemas.SCORES, {"model": "demo", "dataset": "synth", "weights": "ab" * 32})
    render_site(fabricate.config(), made, tmp_path / "site", REPOSITORY / "site_templates")
    tab.goto((tmp_path / "site" / ERROR).as_uri() + "#threshold=0.85&prior=10")
    assert tab.inner_text("#belief-decision").startswith("At 0.850, the model says “same”")
    assert "The prior has nothing to work on." in tab.inner_text("#belief")
    assert tab.locator("#belief-sure").count() == 0 and settles(tab, {"threshold": "0.85", "prior": "10"})


@pytest.mark.parametrize(("scheme", "viewport"), [("light", browsing.PHONE), ("dark", browsing.DESK)])
def test_axe_finds_no_violation_in_use(built, browser, scheme, viewport):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=viewport, color_scheme=scheme) as tab:
        for address in (ERROR, REPORT.format("demo", "photos")):
            tab.goto((built / address).as_uri() + "#threshold=0.5&prior=1000")
            tab.wait_for_load_state("networkidle")
            found = axe.run(tab, options=AXE).response["violations"]
            assert [node["html"] for violation in found for node in violation["nodes"]] == []
            assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
