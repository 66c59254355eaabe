"""Looks into the files that Snakemake has read as config, for what its merged config no longer shows."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000  # with what stands behind aliases counted each time: a page of them can stand for a billion


def check_files(paths: Iterable[Path | str], schema_path: Path | str) -> None:
    """Check that overlays are overlays, and that no key stands twice: YAML silently keeps the last.

    Parameters
    ----------
    paths : iterable of path
        Files in YAML or JSON, each a mapping.
    schema_path : path
        The config's JSON schema, in YAML.

    Raises
    ------
    ValueError
        Names each file and line.
    """
    sections = yaml.safe_load(Path(schema_path).read_text(encoding="utf-8"))["properties"]
    problems = [problem for path in map(_nearby, paths) for problem in _check(path, list(sections))]
    if problems:
        raise ValueError("the config cannot run:\n  " + "\n  ".join(problems))


def _nearby(path: Path | str) -> Path:
    """Shorten a path below the working directory, as Snakemake gives absolute ones."""
    path = Path(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _check(path: Path, sections: list[str]) -> Iterator[str]:
    if path.stat().st_size > MOST_BYTES:
        yield f"{path}: has {path.stat().st_size:,} bytes; a config has at most {MOST_BYTES:,}"
        return
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        yield _describe(path, error)
        return
    if root is None:  # an empty file changes nothing
        return
    if not isinstance(root, yaml.MappingNode):
        yield f"{path}:1: is no config, which has keys and values, such as `run: {{device: cpu}}`"
    elif _count(root, {}) > MOST_VALUES:
        yield f"{path}: holds more than {MOST_VALUES:,} values, aliases written out"
    else:
        yield from _check_keys(path, root, sections)


def _describe(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "nested too deeply"
    return f"{path}{line}: is not YAML in UTF-8: {why[:200]}"


def _count(node: yaml.Node, counts: dict[int, float]) -> float:
    """Count what a node holds, aliases written out; one that holds itself holds infinitely much."""
    if id(node) not in counts:
        counts[id(node)] = float("inf")
        counts[id(node)] = 1 + sum(_count(child, counts) for child in _children(node))
    return counts[id(node)]


def _check_keys(path: Path, root: yaml.MappingNode, sections: list[str]) -> Iterator[str]:
    keys = [key.value for key, _ in root.value if isinstance(key.value, str)]
    if keys and not set(keys) & set(sections):
        yield (
            f"{path}: is no config: its keys are {', '.join(keys)[:100]}; known: {', '.join(sections)}. "
            "Snakemake reads every file after --configfile as config: name targets before it"
        )
    else:
        yield from _find_repeated(path, root)


def _find_repeated(path: Path, root: yaml.Node) -> Iterator[str]:
    nodes, seen = [root], {id(root)}
    while nodes:
        node = nodes.pop()
        first: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and (other := first.setdefault((key.tag, key.value), key)) is not key:
                line, before = key.start_mark.line + 1, other.start_mark.line + 1
                yield f"{path}:{line}: {key.value} is already on line {before}, and only one of the two would count"
        for child in _children(node):
            if id(child) not in seen:  # an alias leads to a node again
                seen.add(id(child))
                nodes.append(child)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
