"""Compare A with B: both faces in one square, wiped and flickered, with and without maps, enlarged as one."""

import io

import numpy as np
import pytest
from PIL import Image

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page
from whyface.site import render_site
from whyface.site.content.evaluation import load_evaluation

PAIR = "demo/synth/p/000/{:06d}/index.html"
AXE = {"resultTypes": ["violations"], "preload": False}
# Changes of the face on top during some milliseconds, each with its time.
WATCH = """(ms) => new Promise((resolve) => {
  const letter = document.querySelector(".letter"), times = [];
  let last = letter.hidden;
  const observer = new MutationObserver(() => {
    if (letter.hidden !== last) times.push(performance.now());
    last = letter.hidden;
  });
  observer.observe(letter, {attributes: true});
  setTimeout(() => { observer.disconnect(); resolve(times); }, ms);
})"""


@pytest.fixture(scope="module")
def evaluations(results):
    return {name: load_evaluation(fabricate.config(), results, "demo", name) for name in ("synth", "photos")}


@pytest.fixture(scope="module")
def crops(built, evaluations):
    """Give the published faces of pair 0, A and B."""
    one = evaluations["synth"]
    rows = [one.pairs[f"face_{side}"][0] for side in "ab"]
    return [Image.open(built / f"{one.faces_path}/0/{row}.webp").convert("RGB") for row in rows]


def test_every_pair_of_two_readable_faces_can_be_compared(built, evaluations):
    """Nothing shows until a script finds that it can."""
    for one in evaluations.values():
        for row in one.pairs.to_dict("records"):
            page = Page(built / one.pair_path(row["pair_id"]) / "index.html")
            tags = {attrs["id"]: attrs for _, attrs in page.tags if "id" in attrs}
            assert ("compare" in tags) == ("failed" not in (row["status_a"], row["status_b"]))
            assert "hidden" in tags.get("compare-opener", {"hidden": ""}) and "open" not in tags.get("compare", {})
    assert (evaluations["photos"].pairs[["status_a", "status_b"]] == "failed").any(axis=None)


def opened(tab, address: str) -> None:
    tab.goto("about:blank")
    tab.goto(address)
    tab.wait_for_selector("#switches:not([hidden])")
    tab.click("#compare-opener button")
    browsing.until(tab, "[...document.querySelectorAll('.lay img')].every((one) => one.complete)")


def seen(tab) -> np.ndarray:
    """Colours of the square."""
    shot = Image.open(io.BytesIO(tab.locator(".laid").screenshot())).convert("RGB")
    return np.asarray(shot.resize((300, 300)), float)


def same(picture: np.ndarray, crop: Image.Image, left: float, right: float, window=(0.0, 0.0, 1.0)) -> bool:
    """Whether the square shows a window (left, top, side as shares) of a face between two shares of its width."""
    x, y, side = (share * crop.width for share in window)
    expected = np.asarray(crop.resize((300, 300), box=(x, y, x + side, y + side)), float)
    part = np.s_[60:290, round(300 * left) + 4 : round(300 * right) - 4]  # without letters and edge
    return bool(np.abs(picture[part] - expected[part]).mean() < 6)


@pytest.mark.browser
def test_left_of_the_edge_is_a_and_right_of_it_is_b(site_url, tab, crops):
    a, b = crops
    opened(tab, site_url + PAIR.format(0))
    tab.uncheck("[name=maps]")
    picture = seen(tab)
    assert same(picture, a, 0, 0.5) and same(picture, b, 0.5, 1)
    assert not same(picture, b, 0, 0.5) and not same(picture, a, 0.5, 1)
    assert tab.locator(".letter:visible").all_inner_texts() == ["A", "B"]
    for edge, crop, letters in (("100", a, ["A"]), ("0", b, ["B"])):
        tab.fill("[name=edge]", edge)
        assert same(seen(tab), crop, 0, 1) and tab.locator(".letter:visible").all_inner_texts() == letters


@pytest.mark.browser
def test_the_edge_is_dragged_by_mouse_and_by_finger(site_url, browser, crops):
    a, b = crops
    with browsing.watched(browser, has_touch=True) as page:
        opened(page, site_url + PAIR.format(0))
        page.uncheck("[name=maps]")
        box = page.locator(".laid").bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=3)
        page.mouse.up()
        page.mouse.move(box["x"] + 0.1 * box["width"], middle)  # released: it stays
        assert same(seen(page), a, 0, 0.8) and same(seen(page), b, 0.8, 1)
        finger = page.context.new_cdp_session(page)
        for kind, x in (("touchStart", 0.75), ("touchMove", 0.5), ("touchMove", 0.25), ("touchEnd", None)):
            points = [] if x is None else [{"x": box["x"] + x * box["width"], "y": middle}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        browsing.until(page, "document.querySelector('[name=edge]').value === '25'")
        assert same(seen(page), a, 0, 0.25) and same(seen(page), b, 0.25, 1)


@pytest.mark.browser
def test_both_faces_are_enlarged_and_moved_as_one(site_url, tab, crops):
    opened(tab, site_url + PAIR.format(0))
    tab.uncheck("[name=maps]")
    tab.fill("[name=zoom]", "2")
    assert tab.inner_text("#compare-zoom") == "2×"
    tab.focus(".laid")

    def shows(window) -> None:
        for edge, crop in (("100", crops[0]), ("0", crops[1])):
            tab.fill("[name=edge]", edge)
            assert same(seen(tab), crop, 0, 1, window) and not same(seen(tab), crop, 0, 1)

    shows((0.25, 0.25, 0.5))
    tab.focus(".laid")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        tab.keyboard.press(key)
    shows((0.35, 0.2, 0.5))
    box = tab.locator(".laid").bounding_box()
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    tab.mouse.up()
    shows((0.15, 0.4, 0.5))
    tab.focus(".laid")
    for _ in range(9):
        tab.keyboard.press("ArrowLeft")  # no farther than the face
    shows((0, 0.4, 0.5))
    assert PAIR.format(0) in tab.url  # keys of the page lead to other pairs


@pytest.mark.browser
def test_maps_are_those_of_the_page_and_can_be_left_out(site_url, tab):
    copied = """() => {
      const pixels = (canvas) => {
        const copy = new OffscreenCanvas(canvas.width, canvas.width).getContext("2d", {willReadFrequently: true});
        copy.drawImage(canvas, 0, 0);
        return Array.from(copy.getImageData(0, 0, canvas.width, canvas.width).data);
      };
      const [page, copies] = ["#faces .stack", ".lay .stack"].map((one) => [...document.querySelectorAll(one)]);
      const all = (stacks) => stacks.map((stack) => pixels(stack.querySelector("canvas.map")));
      return [all(page), all(copies)];
    }"""
    opened(tab, site_url + PAIR.format(0))
    first, shown = tab.evaluate(copied)
    assert first == shown and first[0] != first[1]
    tab.keyboard.press("Escape")
    tab.check("#switches [value=one-to-one]", force=True)
    tab.click("#compare-opener button")
    second, shown = tab.evaluate(copied)
    assert second == shown and second != first
    with_maps = seen(tab)
    tab.uncheck("[name=maps]")
    assert tab.locator(".lay .map").count() == 0 and np.abs(seen(tab) - with_maps).mean() > 3
    tab.evaluate("document.dispatchEvent(new Event('whyface:state'))")
    assert tab.locator(".lay .map").count() == 0
    tab.check("[name=maps]")
    tab.evaluate("""() => {
      const canvas = document.querySelector("#faces canvas.map");
      canvas.getContext("2d").fillRect(0, 0, canvas.width, canvas.height);
      document.dispatchEvent(new Event("whyface:state"));
    }""")
    third, shown = tab.evaluate(copied)
    assert third == shown != second


@pytest.mark.browser
def test_faces_flicker_once_a_second_and_never_fast(site_url, tab, crops):
    opened(tab, site_url + PAIR.format(0))
    tab.uncheck("[name=maps]")
    tab.check("[name=way][value=flicker]", force=True)
    times = tab.evaluate(WATCH, 2600)
    assert 3 <= len(times) <= 6 and np.diff(times).min() > 190
    tab.click("[name=play]")
    assert tab.inner_text("[name=play]") == "Play" and tab.evaluate(WATCH, 1100) == []
    for _ in range(2):
        tab.wait_for_timeout(250)
        tab.click("[name=swap]")
        (letter,) = tab.locator(".letter:visible").all_inner_texts()
        assert same(seen(tab), crops["AB".index(letter)], 0, 1)
        assert tab.text_content("#compare-said") == f"Face {letter}"
    tab.focus(".laid")
    tab.evaluate(f"void (window.swaps = ({WATCH})(1200))")
    for _ in range(60):
        tab.keyboard.down(" ")  # held
    assert 1 <= len(tab.evaluate("window.swaps")) <= 6
    tab.check("[name=way][value=wipe]", force=True)
    assert tab.locator(".letter:visible").all_inner_texts() == ["A", "B"]


@pytest.mark.browser
def test_who_wants_less_motion_starts_the_flicker_alone(built, browser):
    with browsing.watched(browser, reduced_motion="reduce") as page:
        opened(page, built.as_uri() + "/" + PAIR.format(0))
        page.check("[name=way][value=flicker]", force=True)
        assert page.inner_text("[name=play]") == "Play" and page.evaluate(WATCH, 800) == []
        page.click("[name=play]")
        assert page.inner_text("[name=play]") == "Pause" and page.evaluate(WATCH, 800)


@pytest.mark.browser
def test_keys_alone_reach_everything_and_escape_closes(site_url, tab):
    tab.goto(site_url + PAIR.format(0))
    tab.wait_for_selector("#switches:not([hidden])")
    tab.focus("#compare-opener button")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.name") == "close"
    reached = []
    for _ in range(5):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.name || document.activeElement.className"))
    assert reached == ["laid wiped", "way", "edge", "zoom", "maps"]
    tab.focus(".laid")
    tab.keyboard.press("ArrowRight")
    assert tab.input_value("[name=edge]") == "52"
    tab.keyboard.press("Escape")
    assert not tab.is_visible("#compare") and PAIR.format(0) in tab.url
    assert tab.evaluate("document.activeElement.textContent") == "Compare A with B"
    browsing.until(tab, "!document.querySelector('.lay img, .lay canvas')")


@pytest.mark.browser
@pytest.mark.parametrize(("size", "scheme"), [(browsing.PHONE, "light"), (browsing.DESK, "dark")])
def test_axe_finds_no_violation_while_open(built, browser, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        opened(page, built.as_uri() + "/" + PAIR.format(0))
        for way in ("wipe", "flicker"):
            page.check(f"[name=way][value={way}]", force=True)
            assert page.evaluate(
                "document.querySelector('.compare').scrollWidth <= document.querySelector('.compare').clientWidth"
            )
            found = axe.run(page, options=AXE).response["violations"]
            assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
        heights = "all => all.filter((one) => one.checkVisibility()).map((one) => one.offsetHeight)"
        sizes = page.eval_on_selector_all(".compare button, .compare label, .compare [type=range]", heights)
        assert min(sizes) >= 24


@pytest.mark.browser
def test_maps_without_faces_are_compared_and_pairs_without_maps_too(built, results, tmp_path, tab):
    tab.goto((built / PAIR.format(4)).as_uri())  # has no maps
    tab.click("#compare-opener button")
    assert tab.locator(".lay img").count() == 2 and tab.locator("[name=maps]").count() == 0
    config = fabricate.config(images="none")
    config["run"] = {"datasets": ["synth"], "models": ["demo"]}
    render_site(config, results, tmp_path / "site", REPOSITORY / "site_templates")
    opened(tab, (tmp_path / "site" / PAIR.format(0)).as_uri())
    assert tab.locator(".lay canvas").count() == 2 and tab.locator(".lay img, [name=maps]").count() == 0
    assert "speaks" not in tab.inner_text("#compare") and np.ptp(seen(tab)) > 50
    assert 'id="compare"' not in (tmp_path / "site" / PAIR.format(4)).read_text(encoding="utf-8")


@pytest.mark.browser
def test_without_javascript_nothing_of_it_shows(built, browser):
    with browsing.watched(browser, java_script_enabled=False) as page:
        page.goto((built / PAIR.format(0)).as_uri())
        assert not page.is_visible("#compare-opener") and not page.is_visible("#compare")
