"""Says in one line what is wrong with a key of the config: its value, what is allowed, and what was perhaps meant."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

MOST_CHARACTERS = 100
_TYPES = {
    **{"object": "a mapping (`key: value`)", "array": "a list (`[one, two]`)", "string": "text", "null": "empty"},
    **{"integer": "a whole number", "number": "a number", "boolean": "true or false"},
}


def describe(error: Any) -> str:
    """Describe an error of the JSON schema: key, value, what is allowed."""
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = [name for name in error.instance if name not in allowed]
        return "; ".join(_describe_unknown(f"{key}.{name}".lstrip("."), str(name), allowed) for name in unknown)
    shown = shorten(error.instance)
    if error.validator == "anyOf":
        choices = [describe(inner) for inner in error.context]
        return f"{key}: {shown} fits none of: " + " | ".join(dict.fromkeys(choices))
    return f"{key or 'config'}: {shown} {_requirement(error)}"


def nearest(value: Any, allowed: Iterable[Any]) -> str:
    """Ask whether the nearest of the allowed values was meant; empty if none is near."""
    near = difflib.get_close_matches(str(value).lower(), [str(one) for one in allowed], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def shorten(value: Any) -> str:
    """Show a value, at most MOST_CHARACTERS of it."""
    shown = repr(dict(value)) if isinstance(value, Mapping) else repr(value)
    return shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + "..."


def _describe_unknown(key: str, name: str, allowed: list[str]) -> str:
    return f"{key}: unknown key; allowed: {', '.join(allowed)}{nearest(name, allowed)}"


def _requirement(error: Any) -> str:
    wanted = error.validator_value
    describe = {
        "enum": lambda: f"allowed: {', '.join(map(str, wanted))}{nearest(error.instance, wanted)}",
        "type": lambda: f"must be {_describe_type(error.instance, error.schema)}",
        "required": lambda: f"needs the key(s) {', '.join(one for one in wanted if one not in error.instance)}",
        "pattern": lambda: f"must be {error.schema.get('description', f'of the form {wanted}')}",
        "minimum": lambda: f"must be at least {wanted}",
        "maximum": lambda: f"must be at most {wanted}",
        "minItems": lambda: "must not be empty",
        "uniqueItems": lambda: "must not repeat an entry",
    }.get(error.validator)
    return describe() if describe else error.message


def _describe_type(value: Any, schema: Mapping[str, Any]) -> str:
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    said = " or ".join(_TYPES[name] for name in names)
    if "string" not in names or value is None or isinstance(value, list | Mapping):
        return said
    is_name = names == ["string"] and "pattern" in schema
    remedy = f"add a letter, as in set-{value}" if is_name else f'put it in quotes, "{value}"'
    return f"{said}, not {type(value).__name__}: {remedy}"
