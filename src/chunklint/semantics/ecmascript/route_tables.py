"""Route tables as front ends write them: the pattern of each route and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.names import string_value
from chunklint.semantics.ecmascript.react import jsx_elements

_SHOWS = frozenset({"element", "component", "Component", "render"})
_PARAMETER = re.compile(r"(?:^|/)([^/:*]*)/?:(\w+)")


def routes_in(file: SourceFile) -> Iterator[tuple[str, Node]]:
    """The pattern of each route of a file with a parameter, and the name of each component that it shows."""
    if "path" not in file.content or ":" not in file.content:
        return
    for element in jsx_elements(file):
        parts = [one for one in element.named_children if one.type == "jsx_attribute" and len(one.named_children) == 2]
        yield from _routed(file, {file.text(one.named_children[0]): one.named_children[1] for one in parts})
    for made in descendants(file.root, "object"):
        pairs = [one for one in made.named_children if one.type == "pair"]
        keys = ((one.child_by_field_name("key"), one.child_by_field_name("value")) for one in pairs)
        yield from _routed(
            file, {file.text(key): value for key, value in keys if key is not None and value is not None}
        )


def word_before(pattern: str, parameter: str) -> str | None:
    """The word that stands before a parameter in a pattern; None for a pattern without it, "" where none stands there.

    `configure` for `id` of `/shelves/configure/:id?`.
    """
    return next((word for word, name in _PARAMETER.findall(pattern) if name == parameter), None)


def _routed(file: SourceFile, parts: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    pattern = string_value(file, parts["path"]) if "path" in parts else None
    for key in _SHOWS & parts.keys() if pattern is not None and ":" in pattern else ():
        for name in (parts[key], *descendants(parts[key], "identifier")):
            if name.type == "identifier" and file.text(name)[:1].isupper() and pattern is not None:
                yield pattern, name
