"""Names and metadata written by strangers stay text: no script of theirs runs, whether or not the policy is obeyed.

The fabricated run is given one payload after the other in every title, licence, citation, address and group.
"""

import re

import pytest
from breakages import Breakage

import browsing
import fabricate
from conftest import REPOSITORY

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
]

ROW = "site attacked: payloads, each in nine fields"
RUN = "window.pwned=1;alert(1)"
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


def attacked_config(number):
    """Make the fabricated run's config, with a payload in every text that a stranger may have written."""
    texts = iter(PAYLOADS[(number + i) % len(PAYLOADS)] for i in range(100))
    found = fabricate.config()
    for collection in found["collections"].values():
        collection.update({key: next(texts) for key in ("title", "licence", "citation", "homepage", "notice")})
    for dataset in found["datasets"].values():
        dataset["title"] = next(texts)
    for model in found["models"].values():
        model.update({key: next(texts) for key in ("title", "licence", "citation", "homepage")})
    found["site"]["title"] = next(texts)
    return found


@pytest.fixture(
    scope="module", params=[0, pytest.param(17, marks=pytest.mark.long), pytest.param(34, marks=pytest.mark.long)]
)
def attacked(request, tmp_path_factory):
    """Return a site, with every text of its config hostile, and its file names and groups with it."""
    from whyface.site import render_site

    folder = tmp_path_factory.mktemp("attacked")
    made = fabricate.results(folder / "results", pairs=12)
    render_site(attacked_config(request.param), made, folder / "site", REPOSITORY / "site_templates")
    return folder / "site"


def test_every_page_has_a_policy_that_allows_no_inline_script(attacked, tried):
    pages = sorted(attacked.rglob("*.html"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert policy and text.index(policy[0]) < text.index("<title>"), page
        assert "default-src 'none'" in policy[1] and "script-src 'self';" in policy[1], page
        assert not re.search(r'(href|src)="\s*(javascript|vbscript|data:text)', text, re.IGNORECASE), page
        assert 'href="//evil' not in text, page
    tried("site attacked: pages with their policy", len(pages))


@pytest.mark.parametrize("obeyed", [True, False], ids=["policy", "no policy"])
@pytest.mark.parametrize("place", ["disk", "sub-path"])
@pytest.mark.slow
def test_no_page_runs_anything(attacked, browser, place, obeyed, tried):
    pages = [page.relative_to(attacked).as_posix() for page in sorted(attacked.rglob("*.html"))]
    few = [page for page in pages if "/p/" not in page] + [page for page in pages if "/p/" in page][:4]
    dialogs = []

    def visit(root):
        with browsing.watched(browser, bypass_csp=not obeyed, viewport=browsing.DESK) as tab:
            tab.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
            for page in few:
                tab.goto(root + page)
                assert tab.evaluate("window.pwned") is None and tab.url.startswith(root), page
                assert tab.locator("iframe, object, embed, base, [onerror], [onload], [onfocus]").count() == 0, page

    if place == "disk":
        visit(attacked.as_uri() + "/")
    else:
        with browsing.served(attacked) as root:
            visit(root)
    assert dialogs == []
    tried(ROW, len(PAYLOADS))
