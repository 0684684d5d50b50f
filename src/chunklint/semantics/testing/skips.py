"""Tests that are switched off unconditionally, and whether anybody says why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, enclosing_function
from chunklint.semantics.ecmascript.names import dotted
from chunklint.semantics.python.names import arguments
from chunklint.semantics.testing.jests import declared_tests, is_switched_off
from chunklint.semantics.testing.wording import is_explained, is_reason

_MARKS = ("pytest.mark.skip", "mark.skip", "unittest.skip", "skip")
_MARKED = ("(decorator (_) @mark)", "(assignment right: (_) @mark)", "(keyword_argument value: (_) @mark)")
_CALLS = ("(call function: [(identifier) (attribute)] @callee) @call",)
_TODO = re.compile(r"/[/*]+\s*todo\b", re.IGNORECASE)
_REMARKS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_CONDITIONAL = frozenset(
    {"if_statement", "try_statement", "except_clause", "match_statement", "conditional_expression", "lambda"}
    | {"while_statement", "for_statement", "with_statement", "boolean_operator"}
)
_JS_CONDITIONAL = frozenset(
    {"if_statement", "ternary_expression", "switch_statement", "try_statement", "catch_clause", "binary_expression"}
)


@record
class Skip:
    """An unconditional skip without a reason.

    Attributes:
        node: What to show: the decorator's expression, the call, or the head of the declaration.
        spelled: The skip as written, without its arguments.
        subject: The name or title of what is skipped; "" when it is a whole module.
        group: Whether it takes a class, a suite or a module with it.
        given: The placeholder that stands where the reason should; "" when there is nothing.
        parameters: How many parameters of a test, or of a table of them, are skipped; 0 when it is a test or more.
    """

    node: Node
    spelled: str
    subject: str
    group: bool
    given: str = ""
    parameters: int = 0


def python_skips(file: PythonFile) -> Iterator[Skip]:
    """The skips of pytest and unittest that are unconditional and unexplained."""
    marks = [one for _, captures in PYTHON.matches(file, _MARKED) for one in _marks(captures["mark"][0])]
    tables: dict[int, list[Skip]] = {}
    for mark in {one.id: one for one in marks}.values():
        parameter = _parameter(mark, file)
        if parameter is None:
            yield from _mark(mark, file)
            continue
        table = _table(parameter)
        tables.setdefault(table.id, []).extend(_skipped_parameter(mark, parameter, table, file))
    for found in tables.values():
        if found:
            yield replace(found[0], parameters=len(found))
    for _, captures in PYTHON.matches(file, _CALLS):
        yield from _call(captures["call"][0], file)


def _marks(value: Node) -> list[Node]:
    """A mark, or the marks of a list."""
    return value.named_children if value.type in ("list", "tuple") else [value]


def _parameter(mark: Node, file: PythonFile) -> Node | None:
    """The `pytest.param(...)` that a mark is given to."""
    for around in ancestors(mark):
        if around.type == "call" and (callee := around.child_by_field_name("function")) is not None:
            if file.text(callee).rsplit(".", 1)[-1] == "param":
                return around
        elif around.type not in ("argument_list", "keyword_argument", "list", "tuple"):
            return None
    return None


def _table(parameter: Node) -> Node:
    """What parameters are told of together: the test that they are written at, or the statement that lists them."""
    around = [parameter, *ancestors(parameter)]
    test = next((one for one in around if one.type == "decorated_definition"), None)
    return test or next((one for one in around if one.type == "expression_statement"), parameter)


def _skipped_parameter(mark: Node, parameter: Node, table: Node, file: PythonFile) -> Iterator[Skip]:
    callee = mark.child_by_field_name("function") if mark.type == "call" else mark
    given = _reason(mark, file) if mark.type == "call" else ""
    spelled = file.text(callee) if callee is not None else ""
    if spelled not in _MARKS or given is None or is_reason(given):
        return
    if is_explained(file, parameter.start_point[0] + 1, parameter.end_point[0] + 1):
        return
    definition = table.child_by_field_name("definition")
    named = definition.child_by_field_name("name") if definition is not None else None
    if named is None and table.named_children and table.named_children[0].type == "assignment":
        named = table.named_children[0].child_by_field_name("left")
    subject = file.text(named) if named is not None else ""
    yield Skip(mark, spelled, subject, definition is None, given)


def _mark(mark: Node, file: PythonFile) -> Iterator[Skip]:
    callee = mark.child_by_field_name("function") if mark.type == "call" else mark
    spelled = file.text(callee) if callee is not None else ""
    if spelled not in _MARKS or (spelled == "skip" and "from unittest import" not in file.content):
        return
    given = _reason(mark, file) if mark.type == "call" else ""
    if given is None or is_reason(given):
        return
    decorated = _decorated(mark)
    first = mark.start_point[0] + 1
    last = decorated.start_point[0] + 1 if decorated is not None else first
    if is_explained(file, first, max(first, last)) or _says_why(decorated, file):
        return
    name = decorated.child_by_field_name("name") if decorated is not None else None
    group = decorated is None or decorated.type == "class_definition"
    yield Skip(mark, spelled, file.text(name) if name is not None else "", group, given)


def _reason(call: Node, file: PythonFile) -> str | None:
    """The reason that a skip is given: "" for none; None when it is computed, and so says something."""
    given = arguments(call, file)
    if given.splat or given.double_splat:
        return None
    value = given.get("reason", 0) or given.get("msg")
    if value is None:
        return ""
    return file.text(value).lstrip("rRbBuUfF").strip("\"' ") if value.type == "string" else None


def _decorated(mark: Node) -> Node | None:
    above = next((one for one in ancestors(mark) if one.type in ("decorated_definition", "block", "module")), None)
    return above.child_by_field_name("definition") if above is not None else None


def _says_why(definition: Node | None, file: PythonFile) -> bool:
    """Whether the docstring of what is skipped speaks of the skip."""
    body = definition.child_by_field_name("body") if definition is not None else None
    first = next(iter(body.named_children), None) if body is not None else None
    if first is None or first.type not in ("expression_statement", "comment"):
        return False
    text = file.text(first).lower()
    return text[:1] in "\"'r#" and "skip" in text and is_reason(text)


def _call(call: Node, file: PythonFile) -> Iterator[Skip]:
    callee = call.child_by_field_name("function")
    if callee is None or file.text(callee) not in ("pytest.skip", "self.skipTest"):
        return
    statement = call.parent
    if statement is None or statement.type != "expression_statement":
        return
    given = _reason(call, file)
    if given is None or is_reason(given):
        return
    function = None
    for around in ancestors(call):
        if around.type in _CONDITIONAL:
            return
        if around.type == "function_definition":
            function = around
            break
    name = function.child_by_field_name("name") if function is not None else None
    if name is not None and not file.text(name).startswith("test"):
        return
    line = call.start_point[0] + 1
    if is_explained(file, line, call.end_point[0] + 1):
        return
    yield Skip(call, file.text(callee), file.text(name) if name is not None else "", function is None, given)


def js_skips(file: EcmascriptFile) -> Iterator[Skip]:
    """The skips of jest, vitest, mocha and playwright that are unconditional and unexplained: the outermost of each."""
    ends = 0
    for test in declared_tests(file):
        if test.call.start_byte < ends or not is_switched_off(test):
            continue
        if {"skipIf", "runIf", "if"}.intersection(test.modifiers) or test.callback is None:
            continue
        ends = test.call.end_byte
        if any(around.type in _JS_CONDITIONAL for around in ancestors(test.call)):
            continue
        line = test.call.start_point[0] + 1
        if not is_explained(file, line, line) and not _title_says(test.title) and not _is_planned(test.callback, file):
            yield Skip(test.head, file.text(test.head).partition("(")[0], test.title, test.suite)
    yield from _skips_within(file)


def _is_planned(callback: Node, file: EcmascriptFile) -> bool:
    """Whether a test holds nothing but a TODO that says what is to be done: it is yet to be written."""
    body = callback.child_by_field_name("body")
    inside = body.named_children if body is not None and body.type == "statement_block" else []
    if not inside or any(one.type != "comment" for one in inside):
        return False
    return _TODO.match(file.text(inside[0])) is not None and any(is_reason(file.text(one)) for one in inside)


def _title_says(title: str) -> bool:
    """Whether a title carries a link, a "because", or a remark in brackets such as "(no Redis on the runners)"."""
    return "://" in title or " because " in title or any(is_reason(remark) for remark in _REMARKS.findall(title))


def _skips_within(file: EcmascriptFile) -> Iterator[Skip]:
    """`test.skip();` in the body of a test, with neither a condition nor a reason."""
    for test in declared_tests(file):
        if test.suite or test.callback is None:
            continue
        for call in descendants(test.callback, "call_expression"):
            callee = callee_of(call)
            if (
                callee is None
                or called_name(file, call) != "skip"
                or dotted(file, callee)[:1] not in (("test",), ("it",))
            ):
                continue
            if arguments_of(call) or enclosing_function(file, call) != test.callback:
                continue
            conditional = any(around.type in _JS_CONDITIONAL for around in _inside(call, test.callback))
            line = call.start_point[0] + 1
            if not conditional and not is_explained(file, line, line):
                yield Skip(call, file.text(callee), test.title, False)


def _inside(node: Node, end: Node) -> Iterator[Node]:
    for around in ancestors(node):
        if around == end:
            return
        yield around
