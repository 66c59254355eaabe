"""Pages of a built site as tests read them: their tags, their text, and where their links lead."""

import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Tags of a page, and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Keep a tag and its attributes."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep text."""
        self.text += data

    def links(self):
        """List tag and target of everything that refers to something."""
        return [(tag, attrs[key]) for tag, attrs in self.tags for key in ("href", "src") if key in attrs]

    def local_links(self):
        """List link, file and anchor of everything that refers to this site, other than by its published address."""
        for tag, link in self.links():
            parts = urlsplit(link)
            if not parts.scheme and not (tag == "link" and link.startswith("//")):
                path = os.path.normpath(self.path.parent / unquote(parts.path)) if parts.path else self.path
                yield link, Path(path), unquote(parts.fragment)


def pages(folder: Path) -> list[Path]:
    """List the pages of a site, or of a part of it."""
    return sorted(folder.rglob("*.html"))


# A page of each kind in the fabricated site, and the pattern that all of its kind match.
KINDS = {
    "start": ("index.html", "index.html"),
    "explorer": ("explore.html", "explore.html"),
    "method": ("method.html", "method.html"),
    "data": ("data.html", "data.html"),
    "about": ("about.html", "about.html"),
    "report": ("demo/photos/index.html", "*/*/index.html"),
    "numbers": ("demo/photos/rows.html", "*/*/rows.html"),
    "sheet": ("demo/photos/sheet.html", "*/*/sheet.html"),
    "regions": ("demo/photos/regions.html", "*/*/regions.html"),
    "compare": ("compare/photos/index.html", "compare/*/index.html"),
    "pair list": ("protocol/photos.html", "protocol/*.html"),
    "trust": ("demo/trust.html", "*/trust.html"),
    "transfer": ("demo/transfer.html", "*/transfer.html"),
    "pair": ("demo/synth/p/000/000000/index.html", "*/*/p/*/*/index.html"),
    "pair of hostile names": ("demo/photos/p/000/000002/index.html", "*/*/p/*/*/index.html"),
    "pair without maps": ("demo/synth/p/000/000004/index.html", "*/*/p/*/*/index.html"),
}
