"""View model of a source: what is stated of a collection's or a model's origin."""

from collections.abc import Mapping
from typing import Any


def source(config: Mapping, section: str, name: str) -> dict[str, Any]:
    """Title, licence, citation, homepage and notice of a collection or model; what is not stated is empty."""
    entry = config[section][name]
    view = {key: entry.get(key) or "" for key in ("licence", "citation", "homepage", "notice")}
    is_link = view["homepage"].startswith(("https://", "http://"))
    kind = {"collections": "Collection", "models": "Model"}[section]
    return {**view, "kind": kind, "name": name, "title": entry.get("title") or name, "is_link": is_link}
