"""Fixtures that several test files share."""

import gc
import logging
import sys
from collections import Counter
from pathlib import Path

import pytest

import browsing
import fabricate

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"


def pytest_collection_finish():
    """Exempt all that is loaded by now from garbage collection, which would look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logging_as_before():
    """Undo what an entry script, run inside a test, did to the logs: later tests see what they would see alone."""
    logger, warned, hook = logging.getLogger("whyface"), logging.getLogger("py.warnings"), sys.excepthook
    level, handlers, warned_handlers = logger.level, logger.handlers, warned.handlers
    yield
    logger.setLevel(level)
    logger.handlers, warned.handlers = handlers, warned_handlers
    logging.captureWarnings(False)
    sys.excepthook = hook


@pytest.fixture
def shared():
    """Return the folder of real faces and models, which is never part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent: real data is not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def detector():
    """Return MTCNN on the CPU, loaded once."""
    from whyface.faces.detection import FaceDetector

    return FaceDetector("cpu")


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Return a fabricated run: two models, two datasets of 60 pairs, hostile names. Tests must not write to it."""
    return fabricate.results(tmp_path_factory.mktemp("results"), pairs=60)


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """Return a fabricated run of 12 pairs, for tests that render a site of their own. Tests must not write to it."""
    return fabricate.results(tmp_path_factory.mktemp("few") / "results", pairs=12)


@pytest.fixture(scope="session")
def built(results, tmp_path_factory):
    """Return the site of the fabricated run. Tests must not write to it."""
    from whyface.site import render_site

    folder = tmp_path_factory.mktemp("built") / "site"
    render_site(fabricate.config(), results, folder, REPOSITORY / "site_templates")
    return folder


@pytest.fixture(scope="session")
def browser():
    """Yield a Chromium, the same one for the whole session."""
    with browsing.chromium() as found:
        yield found


@pytest.fixture
def tab(browser):
    """Yield a phone-sized tab that fails the test on console output and on requests that leave the site."""
    with browsing.watched(browser) as page:
        yield page


@pytest.fixture(scope="session", params=browsing.ONE_OR_BOTH)
def site_url(request, built):
    """Yield the address of the built site's root, ending in a slash: once as files, once served below a sub-path."""
    if request.param == "disk":
        yield built.as_uri() + "/"
    else:
        with browsing.served(built) as address:
            yield address


@pytest.fixture
def tried(record_property):
    """Return a function that notes how many cases of a row of docs/faults.md were tried: `tried("archives", 40)`."""

    def note(row, count):
        record_property(f"tried {row}", count)

    return note


def pytest_terminal_summary(terminalreporter):
    """Print what the fault suite tried, a line for each row of docs/faults.md."""
    counts = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, count in report.user_properties:
            if name.startswith("tried "):
                counts[name.removeprefix("tried ")] += count
    if counts:
        terminalreporter.section("faults tried")
        for row, count in sorted(counts.items()):
            terminalreporter.write_line(f"{row}: {count}")
