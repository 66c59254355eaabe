"""The whole site in a real browser: from disk and below a sub-path, light and dark, narrow and wide, by keyboard."""

import re

import pytest

import browsing
from html_pages import KINDS

pytestmark = pytest.mark.browser

# Axe would fetch the style sheets, which a page from disk may not.
AXE = {"resultTypes": ["violations"], "preload": False}
WIDTHS = {"phone": browsing.PHONE, "desk": browsing.DESK}
ADDRESSES = [address for address, _ in KINDS.values()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_opens_and_fits_a_phone(site_url, tab, kind):
    tab.goto(site_url + KINDS[kind][0])
    assert tab.evaluate("getComputedStyle(document.querySelector('.masthead')).display") == "flex"
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert tab.locator("h1").count() == 1 and tab.title()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        ("phone", "light"),
        ("desk", "dark"),
        pytest.param("phone", "dark", marks=pytest.mark.long),
        pytest.param("desk", "light", marks=pytest.mark.long),
    ],
)
def test_axe_finds_no_violation(built, browser, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = []
    with browsing.watched(browser, viewport=WIDTHS[width], color_scheme=scheme) as page:
        for address in ADDRESSES:
            page.goto((built / address).as_uri())
            page.wait_for_load_state("networkidle")
            for violation in axe.run(page, options=AXE).response["violations"]:
                found += [f"{address}: {violation['id']}: {node['html'][:160]}" for node in violation["nodes"][:3]]
    assert not found, "\n".join(found)


def test_axe_is_awake(browser):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with browsing.watched(browser) as page:
        page.set_content("<main><img src='data:,'></main>")
        found = {violation["id"] for violation in axe.run(page, options=AXE).response["violations"]}
    assert "image-alt" in found


@pytest.mark.parametrize("site_url", browsing.BOTH, indirect=True)
def test_images_that_should_show_do(site_url, tab):
    for address in ADDRESSES:
        tab.goto(site_url + address)
        # Lazy images load once they are near; one that cannot be decoded is counted below.
        tab.evaluate("""Promise.all([...document.images].filter((image) => image.getAttribute("src")).map((image) => {
            image.loading = "eager";
            return image.decode().catch(() => null);
        }))""")
        empty = "[...document.images].filter((i) => i.getAttribute('src') && !i.naturalWidth).map((i) => i.src)"
        assert tab.evaluate(empty) == [], address


def press_to(page, wanted: str, key: str = "Tab", most: int = 150) -> None:
    """Press a key until an element that matches the selector has focus; whatever has focus must be seen to have it."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate(f"document.activeElement.matches({wanted!r})"):
            style = "(({outlineStyle, boxShadow}) => outlineStyle !== 'none' || boxShadow !== 'none')"
            assert page.evaluate(f"{style}(getComputedStyle(document.activeElement))"), f"focus on {wanted} is not seen"
            return
    raise AssertionError(f"{key} does not reach {wanted} on {page.url}")


@pytest.mark.parametrize("site_url", browsing.BOTH, indirect=True)
def test_keyboard_alone_leads_from_the_start_to_a_pair_and_back(site_url, browser):
    with browsing.watched(browser, viewport=browsing.DESK) as page:
        page.goto(site_url + "index.html")
        start = page.url
        press_to(page, "main a[href*='explore.html']")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("explore.html"))
        page.wait_for_load_state("networkidle")
        press_to(page, "main a[href*='/p/']")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/p/"))
        first = page.url
        press_to(page, "a[rel=next], a[rel=prev]")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/p/" in url and url != first)
        press_to(page, "main nav a[href*='explore.html']")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("explore.html"))
        press_to(page, ".wordmark")
        page.keyboard.press("Enter")
        page.wait_for_url(start)


def test_keyboard_skips_to_the_content(tab, site_url):
    tab.goto(site_url + KINDS["report"][0])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/*#main")


@pytest.mark.parametrize("kind", ["pair", "pair of hostile names", "pair without maps"])
def test_a_pair_prints_on_one_page(built, browser, kind):
    with browsing.watched(browser, viewport=browsing.DESK) as page:
        page.goto((built / KINDS[kind][0]).as_uri())
        page.wait_for_load_state("networkidle")
        printed = page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_without_javascript_every_page_has_its_words_and_its_images(built, browser):
    with browsing.watched(browser, java_script_enabled=False, viewport=browsing.DESK) as page:
        for address in ADDRESSES:
            page.goto((built / address).as_uri())
            assert len(page.inner_text("main")) > 200, address
        page.goto((built / KINDS["pair"][0]).as_uri())
        assert page.locator("img.map").count() == 2
