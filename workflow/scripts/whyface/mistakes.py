"""Says in one line what is wrong with a key of the config: its value, what is allowed, and what was perhaps meant."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

MOST_CHARACTERS = 100
_TYPES = {
    **{"object": "a mapping (`key: value`)", "array": "a list (`[one, two]`)", "string": "text", "null": "empty"},
    **{"integer": "a whole number", "number": "a number", "boolean": "true or false"},
}
_WORDS = "YAML reads no, off, yes and on as true or false"


def describe(error: Any) -> list[str]:
    """Describe an error of the JSON schema, a line for each mistake: key, value, what is allowed.

    A key that is missing because it is misspelt is no mistake of its own.
    """
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        return [_describe_unknown(f"{key}.{name}".lstrip("."), str(name), allowed) for name in _unknown(error)]
    if error.validator == "required":
        missing = [
            name for name in error.validator_value if name not in error.instance and not _is_misspelt(name, error)
        ]
        return [f"{key or 'config'}: needs the key(s) {', '.join(missing)}"] if missing else []
    if error.validator == "anyOf":
        return _describe_choice(key, error)
    return [f"{key or 'config'}: {shorten(error.instance)} {_requirement(error)}"]


def nearest(value: Any, allowed: Iterable[Any]) -> str:
    """Ask whether the nearest of the allowed values was meant; empty if none is near."""
    near = _near(value, allowed)
    return f"; did you mean {near[0]}?" if near else ""


def _near(value: Any, allowed: Iterable[Any]) -> list[str]:
    return difflib.get_close_matches(str(value).lower(), [str(one) for one in allowed], n=1)


def shorten(value: Any) -> str:
    """Show a value, at most MOST_CHARACTERS of it."""
    shown = repr(dict(value)) if isinstance(value, Mapping) else repr(value)
    return shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + "..."


# --- keys ---


def _describe_unknown(key: str, name: str, allowed: list[str]) -> str:
    return f"{key}: unknown key; allowed: {', '.join(allowed)}{nearest(name, allowed)}"


def _unknown(error: Any) -> list[Any]:
    return [name for name in error.instance if name not in error.schema.get("properties", {})]


def _is_misspelt(wanted: str, error: Any) -> bool:
    """Whether an unknown key is nearest to the wanted one, which the error of that key says."""
    allowed = sorted(error.schema.get("properties", {}))
    return any(_near(name, allowed) == [wanted] for name in _unknown(error))


# --- values ---


def _describe_choice(key: str, error: Any) -> list[str]:
    """Describe what is wrong with the alternative that the value is of; if it is of none, name all alternatives."""
    if all(inner.validator == "required" for inner in error.context):
        wanted = [name for inner in error.context for name in inner.validator_value]
        return [] if any(_is_misspelt(name, error) for name in wanted) else [f"{key}: needs {' or '.join(wanted)}"]
    others = {inner.schema_path[0] for inner in error.context if not inner.path and inner.validator in ("type", "enum")}
    chosen = [inner for inner in error.context if inner.schema_path[0] not in others]
    if chosen:
        return [line for inner in chosen for line in describe(inner)]
    allowed = ", or ".join(_describe_alternative(one) for one in error.context)
    words = [value for one in error.context if one.validator == "enum" for value in one.validator_value]
    return [f"{key}: {shorten(error.instance)} {_refuse(error.instance, allowed, words)}"]


def _describe_alternative(error: Any) -> str:
    wanted = error.validator_value
    return ", ".join(map(str, wanted)) if error.validator == "enum" else _name_types(wanted)


def _refuse(value: Any, allowed: str, words: Iterable[Any]) -> str:
    """Say what is allowed instead; a word that YAML reads as true or false is like no other."""
    hint = f" ({_WORDS})" if isinstance(value, bool) else nearest(value, words)
    return f"is not allowed; allowed: {allowed}{hint}"


def _requirement(error: Any) -> str:
    wanted = error.validator_value
    describe = {
        "enum": lambda: _refuse(error.instance, ", ".join(map(str, wanted)), wanted),
        "type": lambda: f"must be {_describe_type(error.instance, error.schema)}",
        "pattern": lambda: f"must be {error.schema.get('description', f'of the form {wanted}')}",
        "minimum": lambda: f"must be at least {wanted}",
        "maximum": lambda: f"must be at most {wanted}",
        "minItems": lambda: "must not be empty",
        "uniqueItems": lambda: "must not repeat an entry",
    }.get(error.validator)
    return describe() if describe else error.message


def _name_types(wanted: str | list[str]) -> str:
    return " or ".join(_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted))


def _describe_type(value: Any, schema: Mapping[str, Any]) -> str:
    said = _name_types(schema["type"])
    if "string" not in schema["type"] or value is None or isinstance(value, list | Mapping):
        return said
    if isinstance(value, bool):
        return f"{said}, not true or false: put it in quotes ({_WORDS})"
    is_name = schema["type"] == "string" and "pattern" in schema
    remedy = f"add a letter, as in set-{value}" if is_name else f'put it in quotes, "{value}"'
    return f"{said}, not {type(value).__name__}: {remedy}"
