"""How a TypeScript or JavaScript file is written, and edits that read as if its author had made them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Edit, Fix, Refusal
from chunklint.records import record
from chunklint.semantics.ecmascript.names import bindings, scopes_around

_SEMICOLONS = frozenset({"expression_statement", "lexical_declaration", "import_statement", "return_statement"})
_NAMES = (
    "identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
    "type_identifier",
)
_USUAL_WIDTH = 80
_WIDE = 120

# Formatters cannot break every line, so a few may be longer than the width they keep.
_TOLERATED = 0.03


@record
class Style:
    """How a file is written.

    Attributes:
        indent: One level of indentation.
        quote: What strings stand in.
        end: What ends a statement: a semicolon, or nothing.
        comma: What follows the last of several arguments that stand on lines of their own.
        entry_comma: What follows the last entry of an object whose entries stand on lines of their own.
        width: How many columns a line may have.
        pad: What stands on the inner side of braces on one line: a blank, or nothing.
    """

    indent: str
    quote: str
    end: str
    comma: str
    entry_comma: str
    width: int
    pad: str


@record
class Told:
    """What the project tells its formatter.

    Attributes:
        width: How many columns a line may have; 0 when it does not say.
        commas: What gets a trailing comma: "all", "es5" (entries, but no arguments), "none"; "" when it does not say.
    """

    width: int = 0
    commas: str = ""


def tell(file: SourceFile, told: Told) -> None:
    """Let what the project tells its formatter count for more than how the file is written."""
    file.remember("told style of ecmascript", lambda: told)


def style_of(file: SourceFile) -> Style:
    """The style that most of the file keeps to."""

    def read() -> Style:
        lines = file.content.splitlines()
        long = sum(len(line) > _USUAL_WIDTH for line in lines)
        told = file.remember("told style of ecmascript", Told)
        return Style(
            indent=_indent_unit(lines),
            quote=_quote(file),
            end=";" if _ends_with_semicolons(file) else "",
            comma="," if _has_comma(file, told, "arguments") else "",
            entry_comma="," if _has_comma(file, told, "object") else "",
            pad=" " if _has_pads(file) else "",
            width=told.width or (_USUAL_WIDTH if long <= len(lines) * _TOLERATED else _WIDE),
        )

    return file.remember("style of ecmascript", read)


def _indent_unit(lines: list[str]) -> str:
    deeper: Counter[str] = Counter()
    before = ""
    for line in lines:
        if not line.strip():
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if indent.startswith(before) and indent != before and not line.lstrip().startswith("*"):
            deeper[indent.removeprefix(before)] += 1
        before = indent
    return deeper.most_common(1)[0][0] if deeper else "  "


def _quote(file: SourceFile) -> str:
    strings = (node for node in descendants(file.root, "string") if node.parent and "jsx" not in node.parent.type)
    marks = Counter(file.text(node)[:1] for node in strings)
    return "'" if marks["'"] > marks['"'] else '"'


def _ends_with_semicolons(file: SourceFile) -> bool:
    ends = Counter(node.children[-1].type == ";" for node in descendants(file.root, *_SEMICOLONS) if node.children)
    return ends[True] >= ends[False]


def _has_pads(file: SourceFile) -> bool:
    """Whether braces on one line have blanks inside, as most of the file's have."""
    held = (node for node in descendants(file.root, "object", "named_imports") if node.named_children)
    pads = Counter(
        node.children[0].end_byte < node.named_children[0].start_byte
        for node in held
        if node.start_point[0] == node.end_point[0]
    )
    return pads[True] >= pads[False]


def _has_comma(file: SourceFile, told: Told, sort: str) -> bool:
    if told.commas:
        return told.commas == "all" or (told.commas == "es5" and sort == "object")
    ends = _trailing_commas(file, sort)
    return ends[True] >= ends[False] and (sort == "object" or bool(ends))


def _trailing_commas(file: SourceFile, sort: str) -> Counter[bool]:
    """How many lists of a sort whose parts have lines of their own end with a comma, and how many do not."""
    ends: Counter[bool] = Counter()
    for node in descendants(file.root, sort):
        given = node.named_children
        if len(given) > 1 and given[0].start_point[0] > node.start_point[0]:
            ends[node.children[-2].type == ","] += 1
    return ends


def indent_of(file: SourceFile, at: int) -> str:
    """The white space that the line of a byte begins with."""
    start = file.source.rfind(b"\n", 0, at) + 1
    found = re.match(rb"[ \t]*", file.source[start:])
    return found.group().decode() if found is not None else ""


def call(style: Style, indent: str, callee: str, given: Iterable[str], lead: str = "") -> str:
    """A call on one line behind `lead`, or with an argument a line where that would be too long."""
    listed = list(given)
    line = f"{lead}{callee}({', '.join(listed)})"
    if not listed or len(indent) + len(line) + len(style.end) <= style.width or "\n" in line:
        return line
    inner = indent + style.indent
    return f"{lead}{callee}(\n{inner}" + f",\n{inner}".join(listed) + f"{style.comma}\n{indent})"


def moved(file: SourceFile, node: Node, indent: str) -> str:
    """The text of a node as it reads when it begins on a line of that indentation; strings stay as they are."""
    text = file.text(node)
    former = indent_of(file, node.start_byte)
    if former == indent or "\n" not in text:
        return text
    kept = rows_in_strings(node)
    lines = text.split("\n")
    rows = enumerate(lines[1:], node.start_point[0] + 1)
    changed = [
        line if row in kept or not line.startswith(former) else indent + line.removeprefix(former) for row, line in rows
    ]
    return "\n".join([lines[0], *changed])


def rows_in_strings(node: Node) -> frozenset[int]:
    """The lines that begin inside of a template or a text of JSX, where white space counts."""
    return frozenset(
        row
        for string in (*([node] if node.type == "template_string" else ()), *descendants(node, "template_string"))
        for row in range(string.start_point[0] + 1, string.end_point[0] + 1)
    )


def free_name(file: SourceFile, around: Node, *wanted: str, given: Collection[str] = ()) -> str:
    """The first of the names that neither a node nor what it sees uses, nor a fix has given; else one with a number."""
    seen = file.remember(("names seen from", around.id), lambda: frozenset(_seen(file, around)))
    taken = seen.union(given)
    numbered = (f"{wanted[0]}{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (*wanted, *numbered) if name not in taken)


def _seen(file: SourceFile, around: Node) -> Iterator[str]:
    yield from (file.text(node) for node in descendants(around, *_NAMES))
    for scope in scopes_around(file, around):
        yield from bindings(file, scope)


class Edits:
    """The edits of one fix, gathered in any order; what is inserted at one place keeps the order of the calls."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._inserted: dict[int, str] = {}
        self._replaced: dict[tuple[int, int], str] = {}
        self._named: set[str] = set()

    def free_name(self, around: Node, *wanted: str) -> str:
        """A name that is free around a node, and that none of these edits gives to anything else."""
        name = free_name(self._file, around, *wanted, given=self._named)
        self._named.add(name)
        return name

    def insert(self, at: int, text: str) -> None:
        """Insert at a byte, behind what has been inserted there before."""
        self._inserted[at] = self._inserted.get(at, "") + text

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text into the stead of some bytes; what is inserted at their start comes before it."""
        self._replaced[start, end] = text

    def remove_line(self, statement: Node) -> None:
        """Remove a statement with the rest of its line, which must hold nothing else."""
        source = self._file.source
        start = source.rfind(b"\n", 0, statement.start_byte) + 1
        end = source.find(b"\n", statement.end_byte) + 1 or len(source)
        self.replace(start, end, "")

    def fix(self, title: str, *, safe: bool) -> Fix | Refusal:
        """The fix, with neighbouring edits as one; a refusal when two of them want the same code."""
        parts = [*((at, at, text) for at, text in self._inserted.items()), *self._spans()]
        parts.sort(key=lambda part: part[:2])
        merged: list[tuple[int, int, str]] = []
        for start, end, text in parts:
            if merged and start < merged[-1][1]:
                return Refusal("two of its changes concern the same code")
            if merged and start == merged[-1][1]:
                former, _, before = merged.pop()
                merged.append((former, end, before + text))
            else:
                merged.append((start, end, text))
        edits = tuple(
            Edit(self._file.span_of_bytes(start, end), text)
            for start, end, text in merged
            if self._file.source[start:end].decode("utf-8", "replace") != text
        )
        if not edits:
            return Refusal("the code is as the fix would leave it")
        return Fix(title, edits, safe and not self._is_too_wide(merged))

    def _is_too_wide(self, merged: Iterable[tuple[int, int, str]]) -> bool:
        """Whether a line gets longer than the file's lines may be: a formatter would write it otherwise."""
        parts, end = list[str](), 0
        for start, stop, text in merged:
            parts += (self._file.source[end:start].decode("utf-8", "replace"), text)
            end = stop
        parts.append(self._file.source[end:].decode("utf-8", "replace"))
        known, width = set(self._file.content.splitlines()), style_of(self._file).width
        return any(len(line) > width and line not in known for line in "".join(parts).splitlines())

    def _spans(self) -> Iterator[tuple[int, int, str]]:
        return ((start, end, text) for (start, end), text in self._replaced.items())
