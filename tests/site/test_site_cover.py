"""Cover it yourself: the script of single patches, and a patch moved over a face by mouse, finger and keys."""

import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

import browsing
import fabricate
from whyface.scores.calibrators import Isotonic, Logistic
from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.patches import Grid, PairPatches, PatchDistances
from whyface.site.drawing.histogram import MARGIN, WIDTH, distance_histogram
from whyface.site.drawing.patch_script import largest_error, patches_script
from whyface.tables import schemas
from whyface.tables.parquet import write_table

PAIR = "demo/synth/p/000/{:06d}/index.html"
SIDE = fabricate.SIDE
SIZES = (7, 14, 28)


@pytest.fixture(scope="module")
def patches(results):
    """Give the table patches."""
    return pd.read_parquet(results / "tables/patches/model=demo/dataset=synth/patches.parquet")


@pytest.fixture(scope="module")
def table(results):
    """Give the distances of the table patch_distances, by pair_id and side."""
    rows = pd.read_parquet(results / "tables/patch_distances/model=demo/dataset=synth/patch_distances.parquet")
    keys = zip(rows.pair_id, rows.side, strict=True)
    return {key: np.asarray(values, float) for key, values in zip(keys, rows.cosine_distance, strict=True)}


@pytest.fixture(scope="module")
def scores(results):
    return pd.read_parquet(results / "tables/scores/model=demo/dataset=synth/scores.parquet").set_index("pair_id")


def unpacked(script: str) -> dict:
    return json.loads(re.fullmatch(r"window\.whyface\.patches\.receive\((.*)\);\n", script)[1])


def pair_of(distances, clean=0.5, fit=None, measured=(True,) * 4, **more) -> PairPatches:
    """Make a pair with a grid of two by two patches of 10 px."""
    grid = Grid(10, (0, 12), ("black",) * 4, measured, slice(0, 4))
    values = {"threshold": 0.6, "bounds": (-2.0, 2.0), **more}
    return PairPatches((grid,), np.array(distances, np.float32), clean, fit=fit, **values)


def test_scripts_hold_the_distances_of_the_table_within_the_stated_error(built, patches, table, scores):
    folder = built / PAIR.format(0)
    for pair_id in ("000000", "000007", "000012"):
        packed = unpacked(folder.parents[1].joinpath(pair_id, "patches.js").read_text())
        assert packed["side"] == SIDE and packed["clean"] == scores.cosine_distance[pair_id]
        for face, side in enumerate("ab"):
            whole = np.concatenate([size["faces"][face] for size in packed["sizes"]])
            missed = np.abs(packed["clean"] + packed["unit"] * whole - table[pair_id, side])
            assert 0 < missed.max() <= 1.01 * packed["error"] + 1e-7
        moved = max(np.abs(table[pair_id, side] - packed["clean"]).max() for side in "ab")
        assert packed["error"] < 0.01 * moved


def test_scripts_hold_the_place_and_fill_of_every_patch(built, patches):
    packed = unpacked((built / PAIR.format(0)).with_name("patches.js").read_text())
    held = [
        (size["px"], x, y, packed["fills"][int(size["fill"][place])])
        for size in packed["sizes"]
        for place, (y, x) in enumerate(product(size["starts"], size["starts"]))
    ]
    expected = patches.sort_values("place")[["patch_px", "x_px", "y_px", "fill"]]
    assert held == list(expected.itertuples(index=False, name=None))


def test_the_curve_is_the_fit_s(built, scores):
    packed = unpacked((built / PAIR.format(7)).with_name("patches.js").read_text())
    curve = packed["curve"]
    at = np.linspace(curve["low"], curve["high"], len(curve["llr"]))
    between = (at[1:] + at[:-1]) / 2
    for distances in (at, between):
        expected = (12 - 20 * distances) / np.log(10)
        assert np.abs(np.interp(distances, at, curve["llr"]) - expected).max() < 0.01
    assert (packed["llr_low"], packed["llr_high"]) == (-fabricate.LLR_BOUND, fabricate.LLR_BOUND)


def test_the_curve_goes_a_little_beyond_what_patches_reach():
    pair = pair_of([[0.4, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.9]], fit=Logistic(12, -20))
    curve = unpacked(patches_script(pair, 22, "square"))["curve"]
    assert 0.35 < curve["low"] < 0.4 and 0.9 < curve["high"] < 0.95


@pytest.mark.parametrize("fit", [None, Isotonic((0.2, 0.4, 0.8), (1.0, 0.9, 0.0))])
def test_without_a_finite_fit_there_is_no_curve(fit):
    packed = unpacked(patches_script(pair_of([[0.1] * 4, [0.9] * 4], fit=fit, bounds=(None, None)), 22, "circle"))
    assert packed["curve"] is None and packed["llr_low"] is None and packed["shape"] == "circle"


def test_a_pair_that_no_patch_moves_is_held_exactly():
    pair = pair_of([[0.5] * 4] * 2, fit=Logistic(12, -20))
    packed = unpacked(patches_script(pair, 22, "square"))
    assert packed["sizes"][0]["faces"] == [[0] * 4] * 2 and "fill" not in packed["sizes"][0]
    assert packed["error"] == largest_error(pair) == 0 and packed["curve"]["low"] < 0.5 < packed["curve"]["high"]
    assert pair.ban_scale is None


def test_the_evidence_scale_is_where_the_smallest_patch_is_worth_a_ban():
    moved = [[0.5, 0.5, 0.5, 0.3], [0.5, 0.6, 0.5, 0.5]]
    bans_per_distance = 20 / np.log(10)
    assert pair_of(moved, fit=Logistic(12, -20)).ban_scale == pytest.approx(1 / bans_per_distance / 100)
    assert pair_of(moved).ban_scale is None and pair_of(moved, fit=Logistic(0, 0)).ban_scale is None
    # Patches reach 0.3 to 0.6, where the log10 odds fall from log10(3) to 0; below 0.3 the fit is steep.
    curved = Isotonic((0.1, 0.3, 0.5, 0.7, 1.0), (0.999, 0.75, 0.7, 0.3, 0.24))
    assert pair_of(moved, fit=curved).ban_scale == pytest.approx(0.3 / np.log10(3) / 100)


def test_tables_of_patches_that_are_no_grid_are_refused(tmp_path):
    rows = pd.DataFrame({"place": range(4), "patch_px": 7, "x_px": [0, 5, 0, 5], "y_px": [0, 0, 5, 6], "fill": "black"})
    rows["measured"] = True
    write_table(rows, tmp_path / "patches.parquet", schemas.PATCHES, {})
    with pytest.raises(ValueError, match="patches of 7 px are not a square grid"):
        _ = PatchDistances(tmp_path / "patches.parquet", tmp_path / "none").grids


def test_pages_without_the_tables_have_no_patch(built, results):
    one = load_evaluation(fabricate.config(), results, "mobile", "synth")
    for pair_id in list(one.methods)[:3]:
        folder = built / one.pair_path(pair_id)
        html = (folder / "index.html").read_text(encoding="utf-8")
        assert not (folder / "patches.js").exists() and 'name="patch"' not in html and 'value="evidence"' not in html
        assert '"evidence":null' in (folder / "maps.js").read_text()


def test_pages_say_what_the_patch_is_filled_with_and_how_exact_values_are(built, table, scores):
    html = (built / PAIR.format(7)).read_text(encoding="utf-8")
    moved = max(np.abs(table["000007", side] - scores.cosine_distance["000007"]).max() for side in "ab")
    stated = float(re.search(r"distances are kept to ±([0-9.]+)\.", html)[1])
    assert moved / 998 <= stated < 2 * moved / 998 + 1e-4
    assert "fill: mean, noise, black and blur in turn" in html


# --- in a browser ---


def opened(tab, address: str):
    tab.goto("about:blank")
    tab.goto(address)
    tab.wait_for_selector("#switches:not([hidden])")


def grid_of(patches, px: int) -> tuple[np.ndarray, slice]:
    rows = patches[patches.patch_px == px]
    return np.unique(rows.x_px), slice(rows.place.min(), rows.place.max() + 1)


def expected_distance(patches, table, key, px: int, x: float, y: float) -> float:
    """Interpolate the table bilinearly at the upper left corner of a patch, clamped to the positions."""
    starts, places = grid_of(patches, px)
    values = table[key][places].reshape(len(starts), -1)
    rows = [np.interp(x, starts, row) for row in values]
    return float(np.interp(y, starts, rows))


def told(tab) -> dict:
    """Read what the page says of the patch."""
    tab.wait_for_selector("#faces .patch")
    text = tab.inner_text("#covered")
    number = r"([−+]?[0-9.]+)"
    found = re.match(
        rf"([AB]) covered here: the model would say “(\w+)”\. Distance {number} \({number} uncovered\), "
        rf"evidence {number} bans(, beyond what the pairs support)?; (\w* ?\d+) % “same”\. (Measured here|Between)",
        text,
    )
    assert found, text
    face, decision, distance, clean, bans, beyond, chance, where = found.groups()
    return {
        "face": face,
        "decision": decision,
        "distance": float(distance),
        "clean": float(clean),
        "bans": float(bans.replace("−", "-")),
        "beyond": bool(beyond),
        "chance": chance,
        "measured": where == "Measured here",
        "text": text,
    }


def point(tab, face: int, x: float, y: float, how: str = "hover"):
    """Point at a place given in pixels of the model's input."""
    stack = tab.locator("#faces .stack").nth(face)
    stack.scroll_into_view_if_needed()
    box = stack.bounding_box()
    getattr(stack, how)(position={"x": x / SIDE * box["width"], "y": y / SIDE * box["height"]})


def place_of(tab) -> tuple[int, float, float]:
    """Which face the patch lies on, and its upper left corner in pixels of the model's input."""
    return tab.evaluate(
        """(side) => {
          const patch = document.querySelector(".patch"), stacks = [...document.querySelectorAll("#faces .stack")];
          const at = (name) => parseFloat(patch.style[name]) / 100 * side;
          return [stacks.indexOf(patch.parentElement), at("left"), at("top")];
        }""",
        SIDE,
    )


def agrees(tab, patches, table, scores, pair_id: str, px: int):
    """Whether the page says of the patch, wherever it lies, what the tables say."""
    found, (face, x, y) = told(tab), place_of(tab)
    distance = expected_distance(patches, table, (pair_id, "ab"[face]), px, x, y)
    clean, threshold = scores.cosine_distance[pair_id], scores.threshold[pair_id]
    assert found["face"] == "AB"[face]
    assert found["distance"] == pytest.approx(distance, abs=0.0011) and found["clean"] == pytest.approx(clean, abs=6e-4)
    if abs(distance - threshold) > 0.001:
        assert found["decision"] == ("same" if distance < threshold else "different")
    whole, left = ((12 - 20 * value) / np.log(10) for value in (clean, distance))
    assert found["bans"] == pytest.approx(whole - left, abs=0.06)
    if min(abs(abs(llr) - fabricate.LLR_BOUND) for llr in (whole, left)) > 0.02:
        assert found["beyond"] == (max(abs(whole), abs(left)) > fabricate.LLR_BOUND)
    share = 100 / (1 + 10 ** -np.clip(left, -fabricate.LLR_BOUND, fabricate.LLR_BOUND))
    assert float(found["chance"].split()[-1]) == pytest.approx(share, abs=1.1)
    return found


@pytest.mark.browser
def test_a_patch_follows_the_mouse_over_either_face(site_url, tab, patches, table, scores):
    tab.set_viewport_size(browsing.DESK)
    loaded = []
    tab.on("request", lambda request: loaded.append(request.url))
    opened(tab, site_url + PAIR.format(7))
    assert not any(url.endswith("/000007/patches.js") for url in loaded)
    decisions = set()
    for px in SIZES:
        tab.check(f"[name=patch][value='{px}']", force=True)
        for face, x, y in ((0, 40.3, 60.8), (1, 71, 33), (0, 1, 111), (1, 111, 111)):
            point(tab, face, x, y)
            browsing.until(
                tab, "face => document.querySelectorAll('#faces .stack')[face].querySelector('.patch')", face
            )
            found = agrees(tab, patches, table, scores, "000007", px)
            decisions.add(found["decision"])
            starts, _ = grid_of(patches, px)
            corner = np.clip([x - px / 2, y - px / 2], starts[0], starts[-1])
            assert place_of(tab)[0] == face and np.allclose(place_of(tab)[1:], corner, atol=0.4)
            assert tab.locator(".patch").count() == 1
    assert [url for url in loaded if url.endswith("/000007/patches.js")] != []
    assert tab.text_content("#spoken") == ""  # a moving pointer is not announced


@pytest.mark.browser
def test_keys_go_from_one_measured_position_to_the_next(site_url, tab, patches, table, scores):
    opened(tab, site_url + PAIR.format(5) + "#patch=28")
    tab.locator("#faces .stack").nth(1).focus()
    tab.keyboard.press("ArrowRight")
    starts, places = grid_of(patches, 28)
    fills = patches.sort_values("place").fill.to_numpy()[places].reshape(len(starts), -1)
    tab.wait_for_selector(".patch")
    seen = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", *["ArrowLeft"] * 12):
        tab.keyboard.press(key)
        face, x, y = place_of(tab)
        column, row = (int(np.flatnonzero(np.isclose(starts, at))[0]) for at in (x, y))
        found = agrees(tab, patches, table, scores, "000005", 28)
        assert face == 1 and found["measured"] and f"with fill {fills[row, column]}." in found["text"]
        exact = table["000005", "b"][places].reshape(len(starts), -1)[row, column]
        assert found["distance"] == pytest.approx(exact, abs=0.0008)
        assert found["text"] in tab.text_content("#spoken")
        seen.append((column, row))
    (c, r), *_ = seen
    assert seen[:4] == [(c, r), (c, r + 1), (c - 1, r + 1), (c - 1, r)] and seen[-1] == (0, r)
    tab.keyboard.press("Shift+ArrowRight")
    found = agrees(tab, patches, table, scores, "000005", 28)
    assert f"Between positions x {starts[0]} and {starts[1]}, y" in found["text"] and 0 < place_of(tab)[1] < starts[1]


@pytest.mark.browser
def test_a_finger_drags_the_patch_once_it_has_tapped_the_face(site_url, browser, patches, table, scores):
    with browsing.watched(browser, has_touch=True, is_mobile=True) as page:
        opened(page, site_url + PAIR.format(5) + "#patch=14")
        action = "face => getComputedStyle(document.querySelectorAll('#faces .stack')[face]).touchAction"
        assert page.evaluate(action, 0) == "manipulation"  # so that the page scrolls
        point(page, 0, 30, 80, "tap")
        found = agrees(page, patches, table, scores, "000005", 14)
        assert found["text"] in page.text_content("#spoken")
        assert page.evaluate(action, 0) == "none" and page.evaluate(action, 1) == "manipulation"
        box = page.locator("#faces .stack").first.bounding_box()
        touch = page.context.new_cdp_session(page)
        scrolled = page.evaluate("scrollY")
        for kind, share in (("touchStart", 0.3), ("touchMove", 0.4), ("touchMove", 0.55), ("touchEnd", None)):
            points = (
                [] if share is None else [{"x": box["x"] + share * box["width"], "y": box["y"] + share * box["height"]}]
            )
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        browsing.until(page, "parseFloat(document.querySelector('.patch').style.left) > 45")
        agrees(page, patches, table, scores, "000005", 14)
        assert np.allclose(place_of(page)[1:], 0.55 * SIDE - 7, atol=1) and page.evaluate("scrollY") == scrolled
        page.locator("#readout").tap()
        browsing.until(page, "document.querySelector('.held') === null")
        page.locator("[name=patch][value=none]").check(force=True)
        point(page, 0, 30, 80, "tap")
        assert page.evaluate(action, 0) == "manipulation" and page.locator(".patch").count() == 0


@pytest.mark.browser
def test_the_address_keeps_the_size(site_url, tab):
    opened(tab, site_url + PAIR.format(7))
    assert tab.is_checked("[name=patch][value='7']") and "#" not in tab.url
    tab.check("[name=patch][value='28']", force=True)
    assert tab.url.endswith("#patch=28")
    opened(tab, tab.url)
    assert tab.is_checked("[name=patch][value='28']")
    point(tab, 0, 50, 50)
    tab.wait_for_selector(".patch")
    tab.check("[name=patch][value=none]", force=True)
    assert tab.url.endswith("#patch=none") and tab.locator(".patch, .moving").count() == 0
    assert not tab.is_visible("#covered")
    point(tab, 0, 20, 20)
    assert tab.locator(".patch").count() == 0 and tab.locator(".read .cross").count() == 2


@pytest.mark.browser
def test_the_histogram_marks_the_distance_of_the_covered_pair(site_url, tab, results, scores):
    drawn = distance_histogram(load_evaluation(fabricate.config(), results, "demo", "synth").pairs)
    opened(tab, site_url + PAIR.format(7) + "#patch=28")
    marks = []
    for x in (10, 100):
        point(tab, 0, x, x)
        tab.wait_for_selector(".moving", state="attached")
        found = told(tab)
        marks.append(float(tab.get_attribute("text.moving", "x")))
        span = (drawn.high - drawn.low) / (WIDTH - 2 * MARGIN)
        assert marks[-1] == pytest.approx(drawn.place(found["distance"]), abs=0.1 + 0.0006 / span)
        assert tab.text_content("text.moving") == f"A covered {found['distance']:.3f}"
        assert tab.locator("path.moving").count() == 1
    assert marks[1] - marks[0] > 50


@pytest.mark.browser
def test_the_reader_s_threshold_and_prior_decide(site_url, tab, scores):
    opened(tab, site_url + PAIR.format(5) + "#patch=28&threshold=0.9")
    assert scores.cosine_distance["000005"] > 0.6
    point(tab, 0, 56, 56)
    found = told(tab)
    assert found["decision"] == "same" and 0.6 < found["distance"] < 0.9
    opened(tab, site_url + PAIR.format(5) + "#patch=28&prior=1000")
    point(tab, 0, 56, 56)
    rarer = told(tab)
    assert (rarer["decision"], rarer["bans"], rarer["chance"]) == ("different", found["bans"], "under 1")


@pytest.mark.browser
def test_values_that_cannot_be_loaded_are_not_made_up(built, browser):
    with browsing.served(built) as address, browsing.watched(browser) as page:
        page.route("**/p/**/patches.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        opened(page, address + PAIR.format(7))
        point(page, 0, 20, 20)
        page.wait_for_timeout(300)
        assert page.inner_text("#covered").startswith("Cover it yourself") and page.locator(".patch").count() == 0
        assert page.locator("#readout [data-value]").count() == 2


@pytest.mark.browser
def test_the_words_keep_their_height_while_the_pointer_moves(site_url, tab):
    for width in (360, 700, 1000, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        opened(tab, site_url + PAIR.format(5))
        heights = set()
        for face, at in product((0, 1), (3, 31, 55, 76, 109)):
            heights.add(tab.evaluate("document.querySelector('.readouts').offsetHeight"))
            point(tab, face, at, 110 - at)
            tab.wait_for_selector(".patch")
        assert len(heights) == 1


@pytest.mark.browser
def test_maps_are_drawn_in_units_of_evidence(site_url, tab, table, scores):
    opened(tab, site_url + PAIR.format(5) + "#scale=evidence")
    assert tab.is_checked("[name=scale][value=evidence]")
    assert "Full colour at ±1 ban for a patch of 7 x 7 px." in tab.inner_text(".pair-faces")
    assert not tab.is_visible("#scale-note")
    scale = tab.evaluate("window.whyface.maps.load().then((maps) => maps.evidence)")
    assert scale == pytest.approx(1 / (20 / np.log(10) * 49), rel=1e-4)
    tab.check("[name=scale][value=dataset]", force=True)
    assert tab.is_visible("#scale-note") and "±1 ban" not in tab.inner_text(".pair-faces")


@pytest.mark.browser
def test_a_pair_without_the_tables_is_read_as_before(site_url, tab):
    opened(tab, site_url + PAIR.format(0).replace("demo", "mobile", 1) + "#patch=14&scale=evidence")
    point(tab, 0, 20, 20)
    assert tab.locator("#readout [data-value]").count() == 2 and tab.locator(".patch, .moving").count() == 0
    assert tab.is_checked("[name=scale][value=dataset]")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_a_patch_is_accessible(built, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with browsing.watched(browser, color_scheme=scheme, bypass_csp=True) as page:
        opened(page, (built / PAIR.format(7)).as_uri() + "#scale=evidence")
        point(page, 1, 60, 60)
        page.wait_for_selector(".patch")
        violations = Axe().run(page, options={"preload": False}).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in violations]
