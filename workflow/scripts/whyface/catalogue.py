"""The catalogue: sets and models known by name. A run takes over the entries that it names; the others cost nothing."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

# Every entry of a section has this key. One that lacks it can only mean the catalogue's entry of that name.
_SAYS_WHAT_IT_IS = {"collections": "layout", "datasets": "protocol", "models": "kind"}


def read_catalogue(path: Path | str | None) -> dict[str, dict[str, Any]]:
    """Read the entries by section and name; without a path there are none."""
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8")) if path else {}
    return {section: content.get(section, {}) for section in _SAYS_WHAT_IT_IS}


def take_over(config: Mapping[str, Any], catalogue: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add the catalogue's entries that a config names: in `run`, as a collection, a reference, or an entry of its own.

    An entry of the config that says its layout, protocol or kind stands alone. One that does not is completed from the
    catalogue: its own keys win, each as a whole.

    Parameters
    ----------
    config : mapping
        Not checked yet: what is not of the right type is left for the check.
    catalogue : mapping
        Entries by section and name.

    Returns
    -------
    dict
        The config with more entries.
    """
    parts = {name: config.get(name, {}) for name in ("run", *_SAYS_WHAT_IT_IS)}
    if not all(isinstance(part, Mapping) for part in parts.values()):
        return dict(config)
    taken = {"models": _take("models", parts, catalogue, _names(parts["run"].get("models")))}
    datasets = _take("datasets", parts, catalogue, _names(parts["run"].get("datasets")))
    references = _names(_values(datasets, "reference"))
    taken["datasets"] = datasets = _take("datasets", {"datasets": datasets}, catalogue, references)
    taken["collections"] = _take("collections", parts, catalogue, _names(_values(datasets, "collection")))
    return {**config, **taken}


def _take(
    section: str, parts: Mapping[str, Any], catalogue: Mapping[str, Mapping[str, Any]], named: Iterable[str]
) -> dict[str, Any]:
    entries = dict(parts[section])
    for name in dict.fromkeys([*entries, *named]):
        own = entries.get(name, {})
        if name in catalogue[section] and isinstance(own, Mapping) and _SAYS_WHAT_IT_IS[section] not in own:
            entries[name] = {**catalogue[section][name], **own}
    return entries


def _values(entries: Mapping[str, Any], key: str) -> list[Any]:
    return [entry.get(key) for entry in entries.values() if isinstance(entry, Mapping)]


def _names(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
