"""HTML as values: what is not `Markup` is text, and `element` escapes it. Nothing else writes a tag."""

from __future__ import annotations

import html
from collections.abc import Iterable

from chunklint.reporters.escaping import escape

_VOID = frozenset({"input", "meta"})


class Markup(str):
    """HTML that `element` or `joined` made, or that is ours to the letter."""

    __slots__ = ()


Attribute = str | int | bool


def element(tag: str, *children: str, **attributes: Attribute) -> Markup:
    """The element with its children, text among them escaped.

    An attribute's name loses an underscore at its end and has dashes for the others; True writes the bare name,
    False writes nothing.
    """
    opening = "".join([tag, *(_attribute(name, value) for name, value in attributes.items() if value is not False)])
    if tag in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{joined(children)}</{tag}>")


def joined(parts: Iterable[str], separator: str = "") -> Markup:
    """The parts one after another, text among them escaped."""
    return Markup(separator.join(part if isinstance(part, Markup) else text(part) for part in parts))


def text(words: str) -> Markup:
    """The words as HTML text: what has a meaning in HTML is quoted, what does not print is shown by its escape."""
    return Markup(html.escape(escape(words)))


def prose(words: str) -> Markup:
    """A message: its `names` become code. An odd number of backticks is no quoting, so they stay as they are."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return text(words)
    return joined(element("code", part) if index % 2 else part for index, part in enumerate(parts))


def _attribute(name: str, value: Attribute) -> str:
    spelled = name.removesuffix("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{text(str(value))}"'
