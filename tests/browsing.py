"""A real Chromium, and a server of a site below a sub-path; their fixtures are in conftest.py.

`tab` (a phone's width) and `watched` fail a test for anything on the console and for any request that leaves the site.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--no-zygote", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SUB_PATH = "/sub/path/"
# How a site is opened. Most tests open files; those that ask for both show in CI that a server changes nothing.
ONE_OR_BOTH = ["disk", pytest.param("server", marks=pytest.mark.long)]
BOTH = ["disk", pytest.param("server", marks=pytest.mark.slow)]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


@contextmanager
def chromium() -> Iterator:
    """Start the system's Chromium; skips the test where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser, **options) -> Iterator:
    """Open a tab in a context of its own; afterwards nothing may have gone wrong in it, nor left the site.

    `options` are those of Playwright's `new_context`, such as `viewport=DESK`, `color_scheme="dark"`.
    """
    context = browser.new_context(**{"viewport": PHONE, **options})
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(f"{message.type}: {message.text} ({page.url})"))
    page.on("pageerror", lambda error: problems.append(f"{error} ({page.url})"))
    # Leaving a page aborts what it was still loading; that every file exists is another test.
    page.on("requestfailed", lambda r: "ABORTED" in (r.failure or "") or problems.append(f"failed: {r.url}"))
    page.on("request", lambda request: _is_inside(request.url) or problems.append(f"outside: {request.url}"))
    try:
        yield page
    finally:
        context.close()
    assert not problems, problems


def until(page, expression: str, argument=None) -> None:
    """Wait until an expression is true on a page, whose policy forbids what Playwright's own waiting does."""
    for _ in range(250):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never true: {expression}")


def _is_inside(url: str) -> bool:
    scheme, _, rest = url.partition(":")
    return scheme in ("file", "data", "blob") or (rest.startswith("//127.0.0.1:") and SUB_PATH in rest)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a site below a sub-path, as a static host would; gives the address of its root, ending in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_SubPath, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _SubPath(SimpleHTTPRequestHandler):
    """Serves a folder below SUB_PATH and nothing elsewhere."""

    def translate_path(self, path: str) -> str:
        inside = path.startswith(SUB_PATH)
        return super().translate_path("/" + path.removeprefix(SUB_PATH) if inside else "/nothing-lives-here")

    def log_message(self, *_) -> None:
        """Stay silent: pytest shows what failed."""
