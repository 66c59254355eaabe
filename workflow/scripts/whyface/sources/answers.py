"""Tells a page that a server sends in place of a file: a form to sign in, a warning, an error in XML or JSON."""

import re
from pathlib import Path

# No archive, model or list of images begins so; not even safetensors, where a size stands before the brace.
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|\?xml|[a-z][\w:-]*[\s/>])", re.IGNORECASE)
_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*\{\s*[\"}]")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_READ_BYTES, _SHOWN = 1 << 16, 80


def describe_page(path: Path) -> str | None:
    """Say what a download is if it is a page and no file, with its title; None if it may be a file."""
    with path.open("rb") as file:
        start = file.read(_READ_BYTES)
    if _JSON.match(start):
        return "an answer in JSON"
    if not _MARKUP.match(start):
        return None
    title = _TITLE.search(start.decode("utf-8", "replace"))
    shown = " ".join(title[1].split())[:_SHOWN] if title else ""
    return f"a web page, titled {shown!r}," if shown else "a web page"
