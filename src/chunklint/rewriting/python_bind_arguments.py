"""Where the values of a statement with parameters are handed over, laid out as the calls around it are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Refusal
from chunklint.records import record
from chunklint.rewriting.python_code import width_of
from chunklint.rewriting.python_sql_texts import Slot, Written, placeholders
from chunklint.semantics.sql.sinks import Sink


@record
class Api:
    """How a call takes parameters.

    Attributes:
        mark: What stands in the text for a value, "" for names, as SQLAlchemy has them.
        call: The call that the parameters are given to, or whose result `bindparams` is called on.
        how: "mapping", "bindparams" or "sequence".
        given: Where the parameters are that the call has already.
        wrapper: The name of `text` where the text has to be wrapped first.
        needs: The import that the wrapper takes, "" where the file has it.
        bindparam: The name of `bindparam` where a list is bound.
        typed: Whether the driver sends the type of a value along, and the database compares no text with it.
    """

    mark: str
    call: Node
    how: str
    given: Node | None = None
    wrapper: str = ""
    needs: str = ""
    bindparam: str = ""
    typed: bool = False


@record
class Bound:
    """A value of its own: what stands for it in the text, its name ("" for a repeated one), and its expression."""

    slot: Slot
    mark: str
    name: str


def handed_over(values: Sequence[Bound], text: Written, sink: Sink, api: Api, file: PythonFile) -> list[Edit] | Refusal:
    """The edits that hand the values over."""
    if api.given is not None:
        return _into_given(values, text, api, file)
    if api.how == "bindparams":
        return list(_bindparams(values, text, sink, api, file))
    if api.how == "mapping":
        added = "{" + ", ".join(f'"{one.name}": {one.slot.expression}' for one in values if one.name) + "}"
    else:
        added = ", ".join(one.slot.expression for one in values)
        added = added if api.mark == "${}" else f"({added}{',' if len(values) == 1 else ''})"
    listed = sink.call.parent if sink.call != api.call else sink.text.parent
    return list(_appended(added, listed, values, text, api, file)) if listed is not None else []


@record
class _Line:
    """Where an argument stands: the indentation of its line, how long that becomes, and whether it could be broken."""

    step: str
    length: int
    listed: Node | None


def _line_of(node: Node, values: Sequence[Bound], text: Written, api: Api, file: PythonFile) -> _Line:
    line = file.content.splitlines()[node.start_point[0]]
    step = line[: len(line) - len(line.lstrip())]
    listed = node.parent
    one_line = listed is not None and listed.start_point[0] == node.start_point[0] == listed.end_point[0]
    alone = one_line and listed is not None and listed.type == "argument_list" and len(listed.named_children) == 1
    if node.start_point[0] != node.end_point[0]:
        return _Line(step, len(file.content.splitlines()[node.end_point[0]]), None)
    inside = node.start_point[0] == text.node.start_point[0] == text.node.end_point[0]
    wrapped = len(api.wrapper) + 2 if api.wrapper else 0
    return _Line(step, len(line) + wrapped - (_saved(values, text) if inside else 0), listed if alone else None)


def _saved(values: Sequence[Bound], text: Written) -> int:
    """How many characters shorter the text becomes."""
    filled = text.filled[1] - text.filled[0] if text.filled is not None else 1
    return filled + sum(one.slot.end - one.slot.start - len(one.mark) for one in values)


def _wrapping(node: Node, text: Written, step: str, api: Api, file: PythonFile, *, wide: bool) -> Iterator[Edit]:
    """`text(` and `)` around a text, on lines of their own where it has several lines or would be too long."""
    rows = {one.start_point[0] for one in text.literals}
    broken = (wide and len(rows) == 1) or (len(rows) > 1 and node == text.node)
    start, end = (file.span_of_bytes(at, at) for at in (node.start_byte, node.end_byte))
    yield Edit(start, f"{api.wrapper}(\n{step}    " if broken else f"{api.wrapper}(")
    for one in text.literals:
        if broken and one.start_point[0] > node.start_point[0]:
            yield Edit(file.span_of_bytes(one.start_byte, one.start_byte), "    ")
    yield Edit(end, f"\n{step})" if broken else ")")


def _appended(
    added: str, listed: Node, values: Sequence[Bound], text: Written, api: Api, file: PythonFile
) -> Iterator[Edit]:
    """One more argument behind the text, on a line of its own where the text has one or the line would be too long."""
    first = next(one for one in listed.named_children if one.type != "comment")
    line, most = _line_of(first, values, text, api, file), width_of(file)
    after = file.span_of_bytes(first.end_byte, first.end_byte)
    if api.wrapper:
        wide = line.listed is None and line.length > most
        yield from _wrapping(first, text, line.step, api, file, wide=wide)
    if first.start_point[0] > listed.start_point[0]:
        comma = any(one.type == "," for one in listed.children)
        yield Edit(after, f",\n{' ' * first.start_point[1]}{added}" + ("" if comma else ","))
        return
    if line.listed is None or line.length + len(added) + 2 <= most:
        yield Edit(after, f", {added}")
        return
    inner = f"{line.step}    "
    written = first.end_point[1] - first.start_point[1] + len(api.wrapper) + 2 - _saved(values, text)
    fits = len(inner) + written + len(added) + 2 <= most
    yield Edit(file.span_of_bytes(listed.start_byte + 1, listed.start_byte + 1), f"\n{inner}")
    yield Edit(after, f", {added}\n{line.step}" if fits else f",\n{inner}{added},\n{line.step}")


def _bindparams(values: Sequence[Bound], text: Written, sink: Sink, api: Api, file: PythonFile) -> Iterator[Edit]:
    """`.bindparams(...)` behind `text(...)`, broken as formatters do where one line would be too long."""
    node = sink.text if api.wrapper else api.call
    line, most = _line_of(node, values, text, api, file), width_of(file)
    lists = [one for one in values if one.name and one.slot.many]
    words = [f'{api.bindparam}("{one.name}", {one.slot.expression}, expanding=True)' for one in lists]
    words += [f"{one.name}={one.slot.expression}" for one in values if one.name and not one.slot.many]
    added = f".bindparams({', '.join(words)})"
    step, length, behind = line.step, line.length, ""
    if line.listed is not None and length + len(added) > most:
        listed = line.listed
        yield Edit(file.span_of_bytes(listed.start_byte + 1, listed.start_byte + 1), f"\n{step}    ")
        behind, step = f"\n{step}", f"{step}    "
        length = len(step) + length - len(file.content.splitlines()[node.start_point[0]]) + len(file.text(node))
    elif not api.wrapper and length + len(added) > most and (beside := _beside(node)):
        # Each argument gets a line, as formatters do where they no longer fit one.
        step = f"{step}    "
        length, behind = len(step) + len(file.text(node)), f",\n{step}"
        yield from _one_a_line(beside, line.step, file)
    wide = length + len(".bindparams(") > most
    if api.wrapper:
        yield from _wrapping(node, text, step, api, file, wide=wide)
        length = len(step) + 1 if wide or len({one.start_point[0] for one in text.literals}) > 1 else length
    if length + len(added) > most:
        inner = f"\n{step}    {', '.join(words)}\n{step}"
        if len(step) + 4 + len(", ".join(words)) > most:
            inner = "".join(f"\n{step}    {word}," for word in words) + f"\n{step}"
        added = f".bindparams({inner})"
    gap = _beside(node)[1].start_byte if behind.startswith(",") else node.end_byte
    yield Edit(file.span_of_bytes(node.end_byte, gap), added + behind)


def _beside(node: Node) -> list[Node]:
    """The arguments that a call has, the node first and all on its line; [] where they stand in another way."""
    listed = node.parent
    if listed is None or listed.type != "argument_list" or listed.start_point[0] != listed.end_point[0]:
        return []
    return listed.named_children if listed.named_children[0] == node and len(listed.named_children) > 1 else []


def _one_a_line(beside: Sequence[Node], step: str, file: PythonFile) -> Iterator[Edit]:
    """The line breaks before, between and behind arguments; that behind the first comes with what is added to it."""
    first, last = beside[0], beside[-1]
    yield Edit(file.span_of_bytes(first.start_byte, first.start_byte), f"\n{step}    ")
    for one, following in pairwise(beside[1:]):
        yield Edit(file.span_of_bytes(one.end_byte, following.start_byte), f",\n{step}    ")
    yield Edit(file.span_of_bytes(last.end_byte, last.end_byte), f",\n{step}")


def _into_given(values: Sequence[Bound], text: Written, api: Api, file: PythonFile) -> list[Edit] | Refusal:
    """The values among the parameters that the call has already."""
    given = api.given
    if given is None or (api.mark != "${}" and given.type not in ("dictionary", "tuple", "list")):
        return Refusal("its parameters are not written in the call")
    items = [one for one in given.named_children if one.type != "comment"]
    if api.mark == "${}":
        behind = ", ".join(one.slot.expression for one in values)
        return [Edit(file.span_of_bytes(given.end_byte, given.end_byte), f", {behind}")]
    if not items or any(one.type in ("list_splat", "dictionary_splat") for one in items):
        return Refusal("its parameters cannot all be seen here")
    if given.type == "dictionary":
        if api.mark:
            return Refusal("its parameters have names")
        named = "".join(f', "{one.name}": {one.slot.expression}' for one in values if one.name)
        return [Edit(file.span_of_bytes(items[-1].end_byte, items[-1].end_byte), named)]
    there = list(placeholders(text, re.escape(api.mark)))
    if len(there) != len(items) or "%%" in text.text or (api.mark == "%s" and re.search(r"%[^s]", text.text)):
        return Refusal("its parameters do not match the marks in the text")
    edits: list[Edit] = []
    for position in range(len(items) + 1):
        first = there[position - 1] if position else -1
        last = there[position] if position < len(there) else len(file.source)
        added = [one.slot.expression for one in values if first < one.slot.start < last]
        if added and position < len(items):
            start = items[position].start_byte
            edits.append(Edit(file.span_of_bytes(start, start), "".join(f"{one}, " for one in added)))
        elif added:
            end = items[-1].end_byte
            edits.append(Edit(file.span_of_bytes(end, end), "".join(f", {one}" for one in added)))
    return edits
