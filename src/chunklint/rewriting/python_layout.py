"""A call that a longer list of arguments makes too wide for its line, broken as formatters break it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

# What opens a bracket or a text before the call, or stands behind it and would be taken along to another line.
_OPENS = re.compile(r"[(\[{\"']")
_HOLDS = re.compile(r"[#;]")


def fitted(tree: cst.Module, call: cst.Call, wide: str, line: str, room: int) -> cst.Call:
    """The call with its arguments on lines of their own if it no longer fits the line that it is on.

    `line` is the line that the call begins in as it was, `wide` the same line with the new argument, `room` how many
    columns there are. A call that is a part of another bracket stays: a formatter would break that one first.
    """
    indent = line[: len(line) - len(line.lstrip())]
    step = tree.default_indent
    if _is_hugged(call):
        # Its arguments share the line below the opening parenthesis.
        inside = f"{indent}{step}{_listed(tree, call)}"
        return _one_a_line(call, indent, step) if len(inside) > room else call
    before, after = wide.split(tree.code_for_node(call), 1) if tree.code_for_node(call) in wide else (None, "")
    if before is None or len(wide) <= room or len(line) > room or _OPENS.search(before) or _HOLDS.search(after):
        return call
    inside = f"{indent}{step}{_listed(tree, call)}"
    if len(inside) > room or _ends_in_comma(call):
        return _one_a_line(call, indent, step)
    return _broken(call, call.args, indent, step)


def gets_too_wide(before: str, after: str, room: int) -> bool:
    """Whether a line of the text `after` is too long that `before` has not: a formatter would write it otherwise."""
    known = set(before.splitlines())
    return any(len(line) > room and line not in known for line in after.splitlines())


def refitted(tree: cst.Module, before: str, after: str, room: int) -> str:
    """The text `after` with the calls broken that only their new indentation makes too wide for their lines."""
    known, lines = set(before.splitlines()), after.splitlines(keepends=True)
    return "".join(
        line if len(line.rstrip("\r\n")) <= room or line.rstrip("\r\n") in known else _refitted(tree, line, room)
        for line in lines
    )


def _refitted(tree: cst.Module, line: str, room: int) -> str:
    import libcst as cst

    bare = line.rstrip("\r\n")
    indent = bare[: len(bare) - len(bare.lstrip())]
    try:
        statement = cst.parse_statement(bare.strip())
    except cst.ParserSyntaxError:
        return line
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return line
    value = getattr(statement.body[0], "value", None)
    call = value.expression if isinstance(value, cst.Await) else value
    if not isinstance(call, cst.Call) or not call.args:
        return line
    broken = fitted(tree, call, bare, indent, room)
    code = tree.code_for_node(statement.deep_replace(call, broken)).rstrip("\n")
    return indent + code + line[len(bare) :]


def _listed(tree: cst.Module, call: cst.Call) -> str:
    return ", ".join(
        tree.code_for_node(one.with_changes(comma=_default(), whitespace_after_arg=_blank(""))) for one in call.args
    )


def _ends_in_comma(call: cst.Call) -> bool:
    import libcst as cst

    return isinstance(call.args[-1].comma, cst.Comma)


def _is_hugged(call: cst.Call) -> bool:
    """Whether all arguments share one line of their own, between the parentheses' lines."""
    import libcst as cst

    gaps = [one.comma.whitespace_after for one in call.args[:-1] if isinstance(one.comma, cst.Comma)]
    ends = (call.whitespace_before_args, call.args[-1].whitespace_after_arg)
    return (
        not _ends_in_comma(call)
        and all(isinstance(end, cst.ParenthesizedWhitespace) and end.first_line.comment is None for end in ends)
        and all(isinstance(gap, cst.SimpleWhitespace) for gap in gaps)
    )


def _one_a_line(call: cst.Call, indent: str, step: str) -> cst.Call:
    import libcst as cst

    gaps = [cst.Comma(whitespace_after=_break(indent + step))] * (len(call.args) - 1)
    commas = [*gaps, cst.Comma(whitespace_after=_break(indent))]
    args = [
        one.with_changes(comma=comma, whitespace_after_arg=_blank(""))
        for one, comma in zip(call.args, commas, strict=True)
    ]
    return call.with_changes(args=args, whitespace_before_args=_break(indent + step))


def _broken(call: cst.Call, args: Sequence[cst.Arg], indent: str, step: str) -> cst.Call:
    last = args[-1].with_changes(comma=_default(), whitespace_after_arg=_break(indent))
    return call.with_changes(args=[*args[:-1], last], whitespace_before_args=_break(indent + step))


def _break(indent: str) -> cst.ParenthesizedWhitespace:
    import libcst as cst

    return cst.ParenthesizedWhitespace(last_line=_blank(indent))


def _blank(text: str) -> cst.SimpleWhitespace:
    import libcst as cst

    return cst.SimpleWhitespace(text)


def _default() -> cst.MaybeSentinel:
    import libcst as cst

    return cst.MaybeSentinel.DEFAULT
