"""One more entry of an object literal, and one more argument of a call, as those that are there are written."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.rewriting.ecmascript_blocks import deepen, end_of_line
from chunklint.rewriting.ecmascript_text import Edits, indent_of, style_of
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.names import unwrap


def with_entry(file: SourceFile, literal: Node, entry: str, edits: Edits) -> None:
    """Add an entry at the end of an object literal."""
    entries = [one for one in literal.named_children if one.type != "comment"]
    if not entries:
        _fill(file, literal, entry, edits)
        return
    last = entries[-1]
    if _has_own_line(file, last):
        _append_line(file, last, entry, edits)
        return
    if literal.start_point[0] == literal.end_point[0] and not _fits(file, literal.end_byte, f", {entry}"):
        _unfold(file, literal, [*map(file.text, entries), entry], edits)
        return
    comma = _comma_after(last)
    edits.insert(comma.end_byte if comma else last.end_byte, f" {entry}," if comma else f", {entry}")


def with_last_argument(file: SourceFile, call: Node, missing: Sequence[str], entry: str, edits: Edits) -> None:
    """Add `missing` and an object of one entry behind the arguments of a call."""
    given, listed = arguments_of(call), call.child_by_field_name("arguments")
    if listed is None:
        return
    alone = braced(file, entry)
    whole = ", ".join((*missing, alone))
    if not given:
        edits.insert(listed.end_byte - 1, whole)
        return
    last = given[-1]
    if _has_own_line(file, last):
        for one in (*missing, alone):
            _append_line(file, last, one, edits)
        return
    breaks = all(one.type != "comment" for one in listed.named_children)
    if breaks and last.start_point[0] < last.end_point[0]:
        # Formatters give each argument a line of its own as soon as one that is not the last has several.
        _break(file, listed, (*missing, alone), edits)
        return
    comma = _comma_after(last)
    at, lead = (comma.end_byte, " ") if comma else (last.end_byte, ", ")
    if _fits(file, call.end_byte, f", {whole}"):
        edits.insert(at, f"{lead}{whole}{',' if comma else ''}")
        return
    style, indent = style_of(file), indent_of(file, last.end_byte)
    start = file.source.rfind(b"\n", 0, at) + 1
    head = lead + "".join(f"{one}, " for one in missing) + "{"
    # Next to an object no other one stays open at the end of a call.
    apart = not missing and unwrap(last).type == "object"
    long = len(file.source[start:at].decode("utf-8", "replace")) + len(head) > style.width
    broken = _broken_before(call)
    if broken is not None:
        edits.replace(broken[0].end_byte, broken[1].start_byte, " ")
    if breaks and (apart or long or broken):
        _break(file, listed, (*missing, alone), edits)
        return
    edits.insert(at, f"{head}\n{indent}{style.indent}{entry}{style.entry_comma}\n{indent}}}{',' if comma else ''}")


def braced(file: SourceFile, entries: str) -> str:
    """Entries of an object on one line, with braces as the file writes them."""
    pad = style_of(file).pad
    return f"{{{pad}{entries}{pad}}}"


def _break(file: SourceFile, listed: Node, added: Sequence[str], edits: Edits) -> None:
    """Give each argument of a call a line of its own, and those that are added, too."""
    broken = _broken_before(listed.parent) if listed.parent is not None else None
    style, base = style_of(file), indent_of(file, (broken[0] if broken else listed).start_byte)
    inner = f"\n{base}{style.indent}"
    before = listed.start_byte + 1
    parts = listed.named_children
    for at, one in enumerate(parts):
        edits.replace(before, one.start_byte, f"{',' if at else ''}{inner}")
        deepen(file, edits, one, style.indent)
        before = one.end_byte
    lines = "".join(f",{inner}{one}" for one in added)
    edits.replace(before, listed.end_byte - 1, f"{lines}{style.comma}\n{base}")


def _broken_before(call: Node) -> tuple[Node, Node] | None:
    """The `=` that a call, or the wait for it, stands behind on a line of its own, and what stands there."""
    value = call.parent if call.parent is not None and call.parent.type == "await_expression" else call
    equals = value.prev_sibling
    if equals is None or equals.type != "=" or equals.end_point[0] == value.start_point[0]:
        return None
    return equals, value


def _fill(file: SourceFile, literal: Node, entry: str, edits: Edits) -> None:
    if literal.named_children:
        indent = indent_of(file, literal.end_byte)
        line_start = file.source.rfind(b"\n", 0, literal.end_byte) + 1
        edits.insert(line_start, f"{indent}{style_of(file).indent}{entry}{style_of(file).entry_comma}\n")
        return
    edits.replace(literal.start_byte, literal.end_byte, braced(file, entry))


def _append_line(file: SourceFile, last: Node, text: str, edits: Edits) -> None:
    """Add a line behind the last of several that have lines of their own, and behind its comment."""
    indent, comma = indent_of(file, last.start_byte), _comma_after(last)
    if comma is None:
        edits.insert(last.end_byte, ",")
    edits.insert(end_of_line(comma or last), f"\n{indent}{text}{',' if comma else ''}")


def _unfold(file: SourceFile, literal: Node, entries: Sequence[str], edits: Edits) -> None:
    """Give each entry of a literal on one line a line of its own."""
    indent = indent_of(file, literal.start_byte)
    style = style_of(file)
    inner = indent + style.indent
    lines = f",\n{inner}".join(entries)
    edits.replace(literal.start_byte, literal.end_byte, f"{{\n{inner}{lines}{style.entry_comma}\n{indent}}}")


def _fits(file: SourceFile, end: int, added: str) -> bool:
    """Whether a text may be added to the line of a byte; formatters do not count the comment behind it."""
    start, stop = file.source.rfind(b"\n", 0, end) + 1, file.source.find(b"\n", end)
    rest = file.source[end : stop if stop >= 0 else None].partition(b"//")[0].rstrip()
    line = (file.source[start:end] + rest).decode("utf-8", "replace")
    return len(line) + len(added) <= style_of(file).width


def _has_own_line(file: SourceFile, node: Node) -> bool:
    """Whether nothing but white space stands before a node on its line."""
    start = file.source.rfind(b"\n", 0, node.start_byte) + 1
    return not file.source[start : node.start_byte].strip()


def _comma_after(node: Node) -> Node | None:
    after = node.next_sibling
    while after is not None and after.type == "comment":
        after = after.next_sibling
    return after if after is not None and after.type == "," else None
