"""Python's ways to fill a template of which only parts are known: `%`, `.format()`, `Template`, `.replace()`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from chunklint.records import record
from chunklint.semantics.python.shapes import Hole, Parts, joined_text

_PERCENT = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>[diouxXeEfFgGcrsa%])"
)
_DOLLAR = re.compile(r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})")
_FIELD_END = re.compile(r"[.\[]")


@record
class Fillings:
    """What fills a template: by position, by name, and `rest` for whatever the code does not say."""

    positional: Sequence[Parts]
    named: Mapping[str, Parts]
    rest: Parts

    def at(self, position: int) -> Parts:
        """What stands at a position."""
        return self.positional[position] if position < len(self.positional) else self.rest

    def by_name(self, name: str) -> Parts:
        """What stands under a name."""
        return self.named.get(name, self.rest)


def fill_percent(parts: Parts, fillings: Fillings) -> Parts:
    """`parts % fillings`."""
    return joined_text(_percent(parts, fillings))


def _percent(parts: Parts, fillings: Fillings) -> Iterator[str | Hole]:
    position = 0
    for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        end = 0
        for found in _PERCENT.finditer(part):
            yield part[end : found.start()]
            end = found.end()
            if found["kind"] == "%":
                yield "%"
            elif found["key"] is not None:
                yield from fillings.by_name(found["key"])
            else:
                yield from fillings.at(position)
                position += 1
        yield part[end:]


def fill_braces(parts: Parts, fillings: Fillings) -> Parts | None:
    """`parts.format(...)`; None for a template that Python would refuse."""
    try:
        return joined_text(_braces(parts, fillings))
    except ValueError:
        return None


def _braces(parts: Parts, fillings: Fillings) -> Iterator[str | Hole]:
    position = 0
    for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        for text, field, _, _ in Formatter().parse(part):
            yield text
            if field is None:
                continue
            name = _FIELD_END.split(field, maxsplit=1)[0]
            if not name:
                yield from fillings.at(position)
                position += 1
            elif name.isdigit():
                yield from fillings.at(int(name))
            else:
                yield from fillings.by_name(name)


def fill_dollars(parts: Parts, fillings: Fillings) -> Parts:
    """`string.Template(parts).substitute(...)`."""
    return joined_text(_dollars(parts, fillings))


def _dollars(parts: Parts, fillings: Fillings) -> Iterator[str | Hole]:
    for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        end = 0
        for found in _DOLLAR.finditer(part):
            yield part[end : found.start()]
            end = found.end()
            if found["escaped"]:
                yield "$"
            else:
                yield from fillings.by_name(found["name"] or found["braced"])
        yield part[end:]


def replace_text(parts: Parts, old: str, new: Parts) -> Parts:
    """`parts.replace(old, new)` in the known text."""
    return joined_text(_replaced(parts, old, new)) if old else parts


def _replaced(parts: Parts, old: str, new: Parts) -> Iterator[str | Hole]:
    for part in parts:
        if not isinstance(part, str):
            yield part
            continue
        first, *others = part.split(old)
        yield first
        for other in others:
            yield from new
            yield other


def interleave(separator: Parts, items: Sequence[Parts]) -> Parts:
    """`separator.join(items)`."""
    joined: list[str | Hole] = []
    for number, item in enumerate(items):
        joined.extend((*separator, *item) if number else item)
    return joined_text(joined)
