"""Checks in JavaScript tests that cannot fail, or that never run."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function
from chunklint.semantics.ecmascript.names import dotted, root_of, unwrap
from chunklint.semantics.testing.jests import JsTest, declared_tests, is_switched_off
from chunklint.semantics.testing.vacuous import Flaw, Vacuous
from chunklint.semantics.testing.wording import endures, remarks
from chunklint.semantics.wording import shortened

_MATCHERS = ("to", "resolves", "rejects", "not", "any")
_CONSTANTS = frozenset({"true", "1", "'x'", "!0"})
_WRAPPERS = frozenset({"parenthesized_expression", "as_expression", "non_null_expression"})


def hollow_checks(file: EcmascriptFile) -> Iterator[Vacuous]:
    """The checks in a file's tests that cannot fail or never run."""
    for test in declared_tests(file):
        if test.suite or test.callback is None:
            continue
        yield from _without_matcher(test.callback, file)
        yield from _not_awaited(test.callback, file)
        yield from _swallowed(test.callback, file)
        # A test that is switched off passes for nothing.
        if not is_switched_off(test):
            yield from _placeholder(test, test.callback, file)


def _expects(node: Node, file: EcmascriptFile) -> Iterator[Node]:
    """The calls of `expect` itself."""
    for call in descendants(node, "call_expression"):
        callee = callee_of(call)
        if callee is not None and callee.type == "identifier" and file.text(callee) == "expect":
            yield call


def _without_matcher(callback: Node, file: EcmascriptFile) -> Iterator[Vacuous]:
    """`expect(x);` and `expect(x).toBe;`: the matcher is never called. Not what a function hands back."""
    for call in _expects(callback, file):
        top = _chain(call)
        if top.parent is None or top.parent.type != "expression_statement":
            continue
        if top == call:
            yield Vacuous(call, Flaw.NOT_CALLED, _short(call, file))
        elif top.type == "member_expression" and _last(top, file).startswith("to"):
            yield Vacuous(top, Flaw.NOT_CALLED, _short(top, file))


def _chain(call: Node) -> Node:
    """The whole chain of members and calls that starts with a call."""
    top = call
    while top.parent is not None:
        above = top.parent
        grows = above.type == "member_expression" and above.child_by_field_name("object") == top
        grows = grows or (above.type == "call_expression" and above.child_by_field_name("function") == top)
        if not grows and above.type not in _WRAPPERS:
            break
        top = above
    return top


def _last(member: Node, file: EcmascriptFile) -> str:
    name = member.child_by_field_name("property")
    return file.text(name) if name is not None else ""


def _not_awaited(callback: Node, file: EcmascriptFile) -> Iterator[Vacuous]:
    """`expect(promise).resolves.toBe(x);` as a statement of its own: the test ends before it is decided."""
    for call in _expects(callback, file):
        top = _chain(call)
        if top.type != "call_expression" or top.parent is None or top.parent.type != "expression_statement":
            continue
        first = call.parent
        if first is None or first.type != "member_expression" or _last(first, file) not in ("resolves", "rejects"):
            continue
        yield Vacuous(top, Flaw.NOT_AWAITED, _last(first, file))


def _swallowed(callback: Node, file: EcmascriptFile) -> Iterator[Vacuous]:
    for statement in descendants(callback, "try_statement"):
        body, handler = statement.child_by_field_name("body"), statement.child_by_field_name("handler")
        caught = handler.child_by_field_name("body") if handler is not None else None
        if body is None or handler is None or caught is None or _in_loop(statement):
            continue
        if any(not _is_quiet(one, file) for one in caught.named_children):
            continue
        check = next(_expects(body, file), None)
        if check is not None and not any(is_function(one) for one in _between(check, body)):
            yield Vacuous(check, Flaw.SWALLOWED, "catch", handler)


def _is_quiet(statement: Node, file: EcmascriptFile) -> bool:
    if statement.type in ("comment", "empty_statement"):
        return True
    value = statement.named_children[0] if statement.type == "expression_statement" else None
    return value is not None and dotted(file, root_of(value))[:1] == ("console",)


def _in_loop(node: Node) -> bool:
    for around in ancestors(node):
        if around.type in ("for_statement", "for_in_statement", "while_statement", "do_statement"):
            return True
        if is_function(around):
            return False
    return False


def _between(node: Node, end: Node) -> Iterator[Node]:
    for around in ancestors(node):
        if around == end:
            return
        yield around


def _placeholder(test: JsTest, callback: Node, file: EcmascriptFile) -> Iterator[Vacuous]:
    """A test whose every check is of the kind `expect(true).toBe(true)`."""
    checks = list(_expects(callback, file))
    if not checks or not all(_is_constant(one, file) for one in checks):
        return
    others = (called_name(file, one) for one in descendants(callback, "call_expression"))
    if any(name.startswith(("getBy", "findBy", "assert", "waitFor", "expect_", "fail")) for name in others):
        return
    acts = sum(1 for _ in descendants(callback, "call_expression", "new_expression")) > 2 * len(checks)
    first, last = test.call.start_point[0] + 1, test.call.end_point[0] + 1
    if acts and endures(f"{test.title} {remarks(file, first, last)}"):
        return
    if any(one.type in ("catch_clause", "if_statement") for one in _between(checks[0], callback)):
        return
    yield Vacuous(_chain(checks[0]), Flaw.PLACEHOLDER, test.title)


def _is_constant(expect: Node, file: EcmascriptFile) -> bool:
    """Whether both sides are the same literal, or a true literal is said to be truthy or defined."""
    given = arguments_of(expect)
    top = _chain(expect)
    if len(given) != 1 or top.type != "call_expression" or unwrap(given[0]).type not in ("true", "number", "string"):
        return False
    matcher, wanted = called_name(file, top), [file.text(one) for one in arguments_of(top)]
    if ".not." in file.text(top):
        return False
    literal = file.text(given[0])
    return (matcher in ("toBe", "toEqual", "toStrictEqual", "equal") and wanted == [literal]) or (
        matcher in ("toBeTruthy", "toBeDefined", "ok") and literal == "true"
    )


def _short(node: Node, file: EcmascriptFile) -> str:
    return shortened(file.text(node), 60)
