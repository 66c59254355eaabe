"""The pair page: maps, what is read in them, regions in words, neighbours, and the ways to take a pair along."""

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import jinja2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import browsing
import fabricate
from conftest import REPOSITORY
from whyface.faces.regions import GROUPS, face_regions
from whyface.site import render_site
from whyface.site.content.evaluation import load_evaluation
from whyface.site.content.maps import display_scales, read_pair_maps
from whyface.site.drawing.colours import PALETTES, lookup, palette_places
from whyface.site.drawing.histogram import WIDTH, distance_histogram
from whyface.site.drawing.images import crop_files
from whyface.site.drawing.map_script import STEPS
from whyface.site.rendering.pair_files import pair_files
from whyface.site.views.shown import Shown

PAIR = "demo/synth/p/000/{:06d}/index.html"
SIDE = fabricate.MAP_SIDE
METHODS = fabricate.METHODS
# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
DEFICIENCIES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.fixture(scope="module")
def evaluation(results):
    return load_evaluation(fabricate.config(), results, "demo", "synth")


@pytest.fixture(scope="module")
def shown(evaluation):
    return Shown(evaluation, fabricate.config(), display_scales(evaluation))


@pytest.fixture(scope="module")
def maps(results):
    """Give the maps of the table, each side x side, by pair_id, method and side."""
    table = pd.read_parquet(results / "tables/explanations/model=demo/dataset=synth/explanations.parquet")
    values = np.stack(table["map"].to_numpy()).astype(float).reshape(-1, SIDE, SIDE)
    return dict(zip(zip(table.pair_id, table.method, table.side, strict=True), values, strict=True))


def unpacked(script: str) -> tuple[dict, np.ndarray]:
    """Unpack a maps.js as its reader does: what it holds, and all layers, side x side."""
    packed = json.loads(re.fullmatch(r"window\.whyface\.maps\.receive\((.*)\);\n", script)[1])
    differences = np.frombuffer(zlib.decompress(base64.b64decode(packed["values"])), np.uint8)
    layers = differences.reshape(-1, packed["side"], packed["side"])
    whole = np.cumsum(np.cumsum(layers, axis=1, dtype=np.uint8), axis=2, dtype=np.uint8)
    return packed, whole.view(np.int8).astype(float)


def test_scripts_hold_the_values_of_the_table_within_half_a_step(built, evaluation, maps):
    for pair_id in evaluation.methods:
        script = (built / evaluation.pair_path(pair_id) / "maps.js").read_text()
        packed, layers = unpacked(script)
        assert list(packed["scales"]) == list(METHODS) and len(layers) == 2 * len(METHODS) + 1
        for i, (method, side) in enumerate((method, side) for method in METHODS for side in "ab"):
            table, peak = maps[pair_id, method, side], packed["peaks"][i // 2][i % 2]
            assert peak == pytest.approx(np.abs(table).max(), rel=1e-5)
            assert np.abs(layers[i] * peak / STEPS - table).max() <= 0.501 * peak / STEPS


def test_scripts_hold_the_region_of_every_place(built):
    packed, layers = unpacked((built / PAIR.format(0)).with_name("maps.js").read_text())
    regions = face_regions("five-point", SIDE)
    assert packed["regions"] == list(regions)
    for index, region in enumerate(regions.values()):
        assert np.array_equal(layers[-1] == index, region)


def test_thumbnails_show_the_first_method_on_the_dataset_s_scale(built, maps, shown):
    for side in "ab":
        image = np.asarray(Image.open((built / PAIR.format(0)).with_name(f"{side}.webp")).convert("RGB"), float)
        expected = lookup()[palette_places(maps["000000", METHODS[0], side], shown.scales[METHODS[0]])]
        assert np.abs(image - expected).mean() < 6  # lossy, but hardly


def test_display_scales_are_the_99th_percentile_of_the_peaks(shown, maps):
    for method, scale in shown.scales.items():
        peaks = [np.abs(values).max() for key, values in maps.items() if key[1] == method]
        assert scale == pytest.approx(np.percentile(peaks, 99), rel=1e-6)


def test_files_of_pairs_do_not_depend_on_how_the_pairs_are_shared_out(shown):
    loader = jinja2.DictLoader({"pair.html": "{{ pair.id }} {{ position }} {{ previous }} {{ evidence }}"})
    template = jinja2.Environment(loader=loader).get_template("pair.html")

    def files(start, stop):
        return list(pair_files(shown, [], lambda path, name, **views: template.render(**views), start, stop))

    whole = files(0, None)
    assert whole == [file for start in range(0, 60, 7) for file in files(start, start + 7)]
    names = {Path(path).name for path, _ in whole}
    assert names == {"index.html", "a.webp", "b.webp", "maps.js", "patches.js"}


def test_maps_of_some_pairs_come_in_their_order(evaluation, maps):
    wanted = [pair_id for pair_id in evaluation.methods][3:20:4]
    found = list(read_pair_maps(evaluation, wanted))
    assert [one.pair_id for one in found] == wanted
    for one in found:
        for (i, method), (j, side) in ((m, s) for m in enumerate(METHODS) for s in enumerate("ab")):
            assert np.array_equal(one.values[i, j], maps[one.pair_id, method, side].astype(np.float32))


def test_maps_that_do_not_belong_to_the_pairs_are_refused(evaluation):
    with pytest.raises(ValueError, match="is not in the table pairs"):
        display_scales(replace(evaluation, pairs=evaluation.pairs.iloc[1:]))
    mixed = {**evaluation.methods, "000000": METHODS[:1]}
    with pytest.raises(ValueError, match="different methods"):
        display_scales(replace(evaluation, methods=mixed))


def blended(grey: float, colour: np.ndarray) -> np.ndarray:
    """Give the colour the lightness of a grey, as `mix-blend-mode: color` does (W3C compositing, SetLum)."""
    weights = np.array([0.3, 0.59, 0.11])
    colour = colour / 255
    colour = colour + (grey - colour @ weights)
    if colour.min() < 0:
        colour = grey + (colour - grey) * grey / (grey - colour.min())
    if colour.max() > 1:
        colour = grey + (colour - grey) * (1 - grey) / (colour.max() - grey)
    return colour


def lab(colour: np.ndarray, deficiency: str) -> np.ndarray:
    """CIELAB of sRGB 0 to 1 as somebody with a colour deficiency sees it."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_difference(palette) -> float:
    """CIE 1976 difference of equally strong opposite values over a face; the least over deficiencies and greys."""
    return min(
        np.linalg.norm(np.subtract(*(lab(blended(grey, lookup(palette)[place]), kind) for place in (at, 255 - at))))
        for kind in DEFICIENCIES
        for grey in (0.3, 0.5, 0.7)
        for at in (0, 32, 64)
    )


def test_the_second_palette_tells_signs_apart_in_every_colour_deficiency():
    usual, safe = PALETTES
    assert least_difference(safe) > 55 > 1.1 * least_difference(usual)


def test_the_label_of_the_threshold_keeps_clear_of_the_pair():
    distances = np.linspace(0, 1.5, 200)
    frame = pd.DataFrame({"cosine_distance": distances, "threshold": 0.7, "is_genuine": distances < 0.7})
    drawn = distance_histogram(frame)
    for distance, anchor in ((0.72, "end"), (0.68, "start")):
        marks = drawn.marks(0.7, distance)
        assert marks["threshold"]["anchor"] == anchor and 0 < marks["threshold"]["x"] < WIDTH
    assert drawn.marks(0.7, None)["pair"] is None


def test_the_script_of_a_face_holds_its_image(tmp_path):
    np.save(tmp_path / "crops.npy", np.random.default_rng(0).integers(0, 255, (1235, 8, 8, 3), dtype=np.uint8))
    files = dict(crop_files(tmp_path / "crops.npy", "faces", [1234], {1234}))
    assert list(files) == ["faces/1/1234.webp", "faces/js/1/1234.js"]
    found = re.search(r'face\((\d+), "data:image/webp;base64,(.*)"\);', files["faces/js/1/1234.js"].decode())
    assert found[1] == "1234" and base64.b64decode(found[2]) == files["faces/1/1234.webp"]


# --- in a browser ---


def read(tab) -> list[float]:
    """Values that the page shows of the place under the cross, of face a and of face b."""
    return [
        float(value)
        for value in tab.eval_on_selector_all("#readout [data-value]", "all => all.map(e => e.dataset.value)")
    ]


def close_to_the_table(found: list[float], maps, pair_id: str, method: str, x: int, y: int) -> bool:
    tables = [maps[pair_id, method, side] for side in "ab"]
    return all(
        abs(value - table[y, x]) <= 0.501 * np.abs(table).max() / STEPS
        for value, table in zip(found, tables, strict=True)
    )


def pixels(tab, face: int) -> np.ndarray:
    """Colours of the drawn map in the middle of each of its places."""
    script = """([face, side]) => {
      const canvas = document.querySelectorAll("canvas.map")[face], step = canvas.width / side;
      const copy = new OffscreenCanvas(canvas.width, canvas.width).getContext("2d", {willReadFrequently: true});
      copy.drawImage(canvas, 0, 0);
      const data = copy.getImageData(0, 0, canvas.width, canvas.width).data;
      const at = (x, y) => 4 * (Math.floor((y + .5) * step) * canvas.width + Math.floor((x + .5) * step));
      const all = Array.from({length: side * side}, (_, i) => at(i % side, Math.floor(i / side)));
      return all.map((i) => [data[i], data[i + 1], data[i + 2]]);
    }"""
    return np.array(tab.evaluate(script, [face, SIDE]), float).reshape(SIDE, SIDE, 3)


def opened(tab, address: str):
    tab.goto("about:blank")  # an address that differs in its hash alone would not load anew
    tab.goto(address)
    tab.wait_for_selector("#switches:not([hidden])")


@pytest.mark.browser
def test_maps_are_drawn_by_method_scale_and_palette(site_url, tab, maps, shown):
    opened(tab, site_url + PAIR.format(0))
    for method in ("all-to-all", "one-to-one"):
        for scale in ("dataset", "pair"):
            for palette in PALETTES:
                for name, value in (("method", method), ("scale", scale), ("palette", palette.name)):
                    tab.check(f"[name={name}][value={value}]", force=True)
                tables = [maps["000000", method, side] for side in "ab"]
                full = shown.scales[method] if scale == "dataset" else max(np.abs(table).max() for table in tables)
                for face, table in enumerate(tables):
                    expected = lookup(palette)[palette_places(table, full)]
                    assert np.abs(pixels(tab, face) - expected).mean() < 4
                assert float(tab.inner_text("#scale-note")) == pytest.approx(full, rel=0.05)
                legend = tab.inner_text(".legend:not([hidden])")
                assert palette.same.capitalize() in legend and palette.different.capitalize() in legend
                assert tab.locator(".legend:visible").count() == 1
        assert tab.inner_text("#method-note").startswith(method)


@pytest.mark.browser
def test_the_address_keeps_the_switches_and_storage_the_palette(site_url, tab):
    opened(tab, site_url + PAIR.format(0))
    assert "#" not in tab.url
    tab.check("[value=one-to-one]", force=True)
    tab.check("[value=pair]", force=True)
    tab.check("[value=orange-blue]", force=True)
    tab.fill("[name=strength]", "40")
    assert tab.evaluate("getComputedStyle(document.querySelector('canvas.map')).opacity") == "0.4"
    address = tab.url
    opened(tab, address)
    for value in ("one-to-one", "pair", "orange-blue"):
        assert tab.is_checked(f"[value={value}]")
    assert tab.input_value("[name=strength]") == "40"
    tab.click("[rel=next]")
    tab.wait_for_selector("#switches:not([hidden])")
    assert PAIR.format(1) in tab.url and tab.is_checked("[value=one-to-one]")
    opened(tab, site_url + PAIR.format(2))
    assert tab.is_checked("[value=orange-blue]") and tab.is_checked("[value=all-to-all]")
    assert tab.inner_text(".legend:visible b >> nth=0") == "Blue"


@pytest.mark.browser
def test_a_place_is_read_in_both_faces_by_pointer_tap_and_keys(site_url, tab, maps):
    opened(tab, site_url + PAIR.format(0) + "#method=clean-to-all&patch=none")
    regions = face_regions("five-point", SIDE)
    for face, x, y in ((0, 3, 5), (1, 20, 13), (0, SIDE - 1, SIDE - 1)):
        stack = tab.locator("#faces .stack").nth(face)
        box = stack.bounding_box()
        position = {"x": (x + 0.5) / SIDE * box["width"], "y": (y + 0.5) / SIDE * box["height"]}
        stack.hover(position=position)
        assert close_to_the_table(read(tab), maps, "000000", "clean-to-all", x, y)
        name = next(name for name, region in regions.items() if region[y, x])
        assert tab.inner_text("#readout b") == name.capitalize()
        assert tab.locator(".read .cross").count() == 2
    tab.locator("#faces .stack").first.click(position={"x": 1, "y": 1})
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Shift+ArrowDown")
    assert close_to_the_table(read(tab), maps, "000000", "clean-to-all", 1, 6)
    spoken = tab.text_content("#spoken")
    for letter, value in zip("AB", read(tab), strict=True):
        word = "hardly matters" if "hardly" in spoken.split(letter)[1][:8] else "same" if value > 0 else "different"
        assert word in spoken
    tab.check("[value=one-to-one]", force=True)
    assert close_to_the_table(read(tab), maps, "000000", "one-to-one", 1, 6)


@pytest.mark.browser
def test_a_named_region_is_shown_by_dimming_the_rest(site_url, tab):
    opened(tab, site_url + PAIR.format(0))
    buttons = tab.locator(".bans .region")
    dimmed = """() => Array.from(document.querySelectorAll(".spotlight"), (canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.width).getContext("2d", {willReadFrequently: true});
      copy.drawImage(canvas, 0, 0);
      return Array.from(copy.getImageData(0, 0, canvas.width, canvas.width).data).filter((_, i) => i % 4 === 3);
    })"""
    regions = face_regions("five-point", SIDE)
    for place in range(buttons.count()):
        button = buttons.nth(place)
        button.focus()
        tab.keyboard.press("Enter")
        assert button.get_attribute("aria-pressed") == "true"
        assert tab.locator("[aria-pressed=true]").count() == 1
        lit = np.any([regions[part] for part in GROUPS[button.inner_text()]], axis=0)
        for alphas in tab.evaluate(dimmed):
            assert np.array_equal(np.array(alphas).reshape(SIDE, SIDE) == 0, lit)
    button.click()
    assert not np.any(tab.evaluate(dimmed))
    assert {"eyes", "nose", "mouth"} == set(buttons.all_inner_texts())


@pytest.mark.browser
def test_arrow_keys_step_through_pairs_but_not_from_a_control(site_url, tab):
    opened(tab, site_url + PAIR.format(1))
    tab.focus("[name=strength]")
    tab.keyboard.press("ArrowLeft")
    assert PAIR.format(1) in tab.url and tab.input_value("[name=strength]") == "99"
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url("**/000002/**")
    tab.wait_for_selector("#switches:not([hidden])")
    assert tab.input_value("[name=strength]") == "99"
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_url("**/000001/**")


@pytest.mark.browser
def test_neighbours_are_those_of_the_selection_that_the_page_was_opened_from(site_url, tab, results):
    scores = pd.read_parquet(results / "tables/scores/model=demo/dataset=synth/scores.parquet")
    wrong = scores[scores.outcome.isin(["false-match", "false-non-match"])]
    ids = wrong.sort_values("cosine_distance", ascending=False, kind="stable").pair_id.tolist()
    state = "model=demo&dataset=synth&outcome=errors&sort=-distance"
    assert len(ids) > 1
    opened(tab, f"{site_url}{PAIR.format(int(ids[0]))}#method=one-to-one&in={quote(state, safe='')}")
    for place, pair_id in enumerate(ids, 1):
        tab.wait_for_selector(f"text={place} of {len(ids)} in this selection")
        assert PAIR.format(int(pair_id)) in tab.url and tab.is_checked("[value=one-to-one]")
        assert tab.locator("[rel=prev]").count() == (place > 1)
        if place < len(ids):
            tab.keyboard.press("ArrowRight")
            tab.wait_for_url(f"**/{ids[place]}/**")
    assert tab.locator("[rel=next]").count() == 0
    back = tab.get_attribute("#neighbours a >> text=back to the list", "href")
    assert back.endswith(f"explore.html#{state}")


@pytest.mark.browser
def test_a_pair_outside_its_selection_keeps_its_neighbours(site_url, tab):
    opened(tab, f"{site_url}{PAIR.format(1)}#in={quote('model=mobile', safe='')}")
    tab.wait_for_selector("text=back to the list")
    assert "2 of 60" in tab.inner_text("#neighbours")
    assert tab.get_attribute("[rel=next]", "href").split("#")[0].endswith(PAIR.format(2))


def saved_picture(tab) -> np.ndarray:
    with tab.expect_download() as download:
        tab.click("#save")
    assert download.value.suggested_filename == "whyface-demo-synth-000000.png"
    return np.asarray(Image.open(download.value.path()).convert("RGB"), float)


@pytest.mark.browser
def test_the_pair_is_saved_as_a_png_with_the_hues_of_the_map_and_the_lightness_of_the_face(
    site_url, tab, built, evaluation, maps
):
    opened(tab, site_url + PAIR.format(0))
    picture = saved_picture(tab)
    weights = [0.3, 0.59, 0.11]
    for face, side in enumerate("ab"):
        left = 60 + face * 544
        part = picture[60:596, left : left + 536]
        row = evaluation.pairs[f"face_{side}"][0]
        crop = Image.open(built / f"{evaluation.faces_path}/0/{row}.webp").convert("RGB").resize((536, 536))
        assert np.abs(part @ weights - np.asarray(crop, float) @ weights).mean() < 4
        values = np.asarray(Image.fromarray(maps["000000", METHODS[0], side].astype(np.float32)).resize((536, 536)))
        greenness = part[..., 1] - (part[..., 0] + part[..., 2]) / 2
        lit = (part @ weights > 60) & (part @ weights < 200)  # black and white have no hue
        assert np.corrcoef(values[lit], greenness[lit])[0, 1] > 0.8
    assert picture.shape[1] == 1200 and (picture[620:] < 100).mean() > 0.01  # and words below the faces


@pytest.mark.browser
def test_a_picture_at_strength_0_shows_the_faces_alone(site_url, tab, built, evaluation):
    opened(tab, site_url + PAIR.format(0) + "#strength=0")
    part = saved_picture(tab)[60:596, 60:596]
    crop = Image.open(built / f"{evaluation.faces_path}/0/{evaluation.pairs.face_a[0]}.webp").convert("RGB")
    assert np.abs(part - np.asarray(crop.resize((536, 536)), float)).mean() < 4


def clipboard(value: str) -> str:
    return f"Object.defineProperty(navigator, 'clipboard', {{value: {value}}})"


@pytest.mark.browser
@pytest.mark.parametrize("site_url", browsing.BOTH, indirect=True)
def test_a_link_is_copied_or_at_least_shown(site_url, browser):
    with browsing.watched(browser) as page:
        page.add_init_script(clipboard("{writeText: async (text) => { window.copied = text; }}"))
        opened(page, site_url + PAIR.format(0) + "#method=one-to-one&in=sort%3Ddistance")
        page.click("#copy")
        page.wait_for_selector("text=Link copied.")
        assert page.evaluate("window.copied") == site_url + PAIR.format(0) + "#method=one-to-one"
        opened(page, page.evaluate("window.copied"))
        assert page.is_checked("[value=one-to-one]")
    with browsing.watched(browser) as page:
        page.add_init_script(clipboard("undefined"))
        opened(page, site_url + PAIR.format(0))
        page.click("#copy")
        assert page.input_value("#told input") == site_url + PAIR.format(0)


@pytest.mark.browser
def test_a_pair_prints_on_one_sheet_without_its_switches(site_url, tab):
    for pair in (0, 2):
        opened(tab, site_url + PAIR.format(pair))
        assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(prefer_css_page_size=True))) == 1
        tab.emulate_media(media="print")
        assert not tab.is_visible("#switches") and not tab.is_visible("#save")
        assert tab.locator("canvas.map:visible").count() == 2 and tab.is_visible(".facts")
        assert (
            tab.locator(".bans tbody tr:visible").count() >= 3
            and tab.is_visible(".said")
            and tab.is_visible(".on-paper")
        )
        for part in ("#compare-opener", "#belief", ".evidence details", ".readouts"):
            assert not tab.is_visible(part), part
        tab.emulate_media(media="null")
        assert not tab.is_visible(".on-paper")


@pytest.mark.browser
def test_a_pair_prints_its_evidence_without_javascript(built, browser):
    with browsing.watched(browser, java_script_enabled=False, viewport=browsing.DESK) as page:
        page.goto((built / PAIR.format(0)).as_uri())
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", print_background=True))) == 1
        page.emulate_media(media="print")
        assert page.locator(".bans tbody tr:visible").count() >= 3 and page.is_visible(".on-paper")


@pytest.mark.browser
def test_without_javascript_the_page_shows_the_first_map_and_its_words(site_url, browser):
    with browsing.watched(browser, java_script_enabled=False) as page:
        page.goto(site_url + PAIR.format(0))
        images = page.locator("img.map")
        assert images.count() == 2 and images.first.is_visible() and "mix-blend-mode: color" in blend_rule()
        assert page.locator(".evidence .said:visible").count() == 1
        assert not page.is_visible("#switches") and not page.is_visible("#tools") and not page.is_visible("#readout")
        assert page.is_visible("#permalink") and page.locator(".legend:visible").count() == 1


def blend_rule() -> str:
    return (REPOSITORY / "site_templates/static/parts.css").read_text()


@pytest.mark.browser
def test_maps_without_faces_lie_on_plain_ground(few, tmp_path, tab):
    config = fabricate.config(images="none")
    config["run"] = {"datasets": ["synth"], "models": ["demo"]}
    config["site"]["base_url"] = "https://example.org/audit/"
    render_site(config, few, tmp_path / "site", REPOSITORY / "site_templates")
    assert not (tmp_path / "site/faces").exists()
    opened(tab, (tmp_path / "site" / PAIR.format(0)).as_uri())
    assert tab.locator("#faces img:visible").count() == 0
    labels = [one.get_attribute("aria-label") for one in tab.locator("canvas.map").all()]
    assert all("pair 000000" in label for label in labels)
    assert tab.evaluate("getComputedStyle(document.querySelector('canvas.map')).mixBlendMode") == "normal"
    part = saved_picture(tab)[60:596, 60:596]
    assert np.ptp(part[..., 1] - part[..., 0]) > 50  # pink and green
    permanent = "https://example.org/audit/" + PAIR.format(0)
    assert tab.get_attribute("#permalink", "href") == permanent
    assert tab.get_attribute("link[rel=canonical]", "href") == permanent


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pair_pages_are_accessible(built, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with browsing.watched(browser, color_scheme=scheme, bypass_csp=True) as page:
        for path in (PAIR.format(0), PAIR.format(2), PAIR.format(4), "demo/photos/p/000/000005/index.html"):
            page.goto((built / path).as_uri())
            page.wait_for_load_state()
            page.wait_for_timeout(300)
            violations = Axe().run(page, options={"preload": False}).response["violations"]  # it would fetch styles
            assert not [(one["id"], one["nodes"][0]["html"]) for one in violations], path
