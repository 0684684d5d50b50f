"""Tests of jest, vitest, mocha and playwright: which calls declare them, and which of them check nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.languages.ecmascript import ECMASCRIPT, EcmascriptFile
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap
from chunklint.semantics.testing.evidence import Checker
from chunklint.semantics.testing.unchecked import Kind, Unchecked
from chunklint.semantics.testing.wording import accepts, admits, claims, endures, is_reason, remarks

_CALLS = ("(call_expression) @call",)
_TESTS = frozenset({"it", "test", "specify", "xit", "xtest", "fit", "ftest"})
_MODIFIERS = frozenset(
    {"only", "skip", "concurrent", "sequential", "each", "todo", "describe", "parallel", "serial", "skipIf", "runIf"}
    | {"for", "fixme", "shuffle", "failing", "fails", "fail", "if"}
)
_SUITES = frozenset({"describe", "suite", "context", "xdescribe", "fdescribe", "xcontext"})
_RUNNERS = re.compile(
    r"^(?:vitest|jest|@jest/globals|mocha|bun:test|node:test|@playwright/\S+|ava|uvu|@storybook/\S+|\.{0,2}/.*|@/.*|~/.*)$"
)
_TEST_PATH = re.compile(
    r"(?:^|/)(?:__tests__|tests?|e2e|cypress|playwright|spec)/|\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?$"
)

# Functions that check, whoever wrote them; those of testing-library throw when they find nothing.
_CHECKS = re.compile(
    r"(?i:expect|assert|verif|should|snapshot|approv)"
    r"|^(?:get|find)(?:All)?By|^(?:check|fail|waitFor|validate|ensure|must|done|reject|toPass|testRule|match|bench|run|throw)"
    r"|^(?:axe|plan|ruleTester|test)(?:$|[A-Z])"
)
_EXPECTS = re.compile(r"\bexpect\s*[(.<]")
_LOOKUP = re.compile(r"^(?:get|find)(?:All)?By")
_STATEMENTS = frozenset({"expression_statement", "await_expression"})
_SETTLED = frozenset({"todo", "fails", "failing", "fail"})
_ACTS = frozenset({"call_expression", "new_expression", "jsx_element", "jsx_self_closing_element", "throw_statement"})


@record
class JsTest:
    """A call that declares a test or a suite.

    Attributes:
        head: What is called, as written: `it.skip`.
        modifiers: What follows the first name: ("skip",).
        title: The title as written, without its quotes; "" when it is not a literal.
        callback: The function that is the test; None when it is not written on the spot.
        suite: Whether it declares a group of tests.
    """

    call: Node
    head: Node
    name: str
    modifiers: tuple[str, ...]
    title: str
    callback: Node | None
    suite: bool


def is_test_path(path: str) -> bool:
    """Whether a file is one of tests by its name or folder."""
    return _TEST_PATH.search(path) is not None


def declared_tests(file: EcmascriptFile) -> tuple[JsTest, ...]:
    """The tests and suites that a file declares, in source order; () for files that are not tests by their path."""
    return file.remember("js tests", lambda: tuple(_declared(file)) if is_test_path(file.path) else ())


def _declared(file: EcmascriptFile) -> Iterator[JsTest]:
    for _, captures in ECMASCRIPT.matches(file, _CALLS):
        call = captures["call"][0]
        callee = callee_of(call)
        if callee is None:
            continue
        # `it.each(table)(title, test)`: what is called is itself a call.
        inner = callee_of(callee) if callee.type == "call_expression" else callee
        names = dotted(file, inner) if inner is not None else ()
        if not names or names[0] not in _TESTS | _SUITES or not _MODIFIERS.issuperset(names[1:]):
            continue
        if not _belongs_to_a_runner(inner, file):
            continue
        given = arguments_of(call)
        callback = next((one for one in map(unwrap, given) if is_function(one)), None)
        modifiers = names[1:]
        suite = names[0] in _SUITES or "describe" in modifiers
        title = file.text(given[0])[1:-1] if given and given[0].type in ("string", "template_string") else ""
        if given and (title or callback is not None):
            yield JsTest(call, callee, names[0], modifiers, title, callback, suite)


def _belongs_to_a_runner(callee: Node | None, file: EcmascriptFile) -> bool:
    """Whether the name is a global of the runner or imported, and not a variable of the file."""
    root = root_of(callee) if callee is not None else None
    found = resolve(file, root) if root is not None and root.type == "identifier" else None
    if found is None:
        return True
    return found.kind == "import" and _RUNNERS.match(found.module) is not None


def js_checks(file: SourceFile, body: Node) -> bool:
    """Whether running a function may fail by a check: its own, or one of a function of this file that it names."""
    pending, seen = [body], {body.id}
    while pending:
        for node in descendants(pending.pop(), "call_expression", "throw_statement", "member_expression", "identifier"):
            if node.type == "throw_statement":
                return True
            if node.type == "member_expression":
                if file.text(node).startswith(("cy.", "expect.", "assert.")):
                    return True
                continue
            name = called_name(file, node) if node.type == "call_expression" else file.text(node)
            if _CHECKS.search(name) if node.type == "call_expression" else name in ("expect", "assert", "cy"):
                return True
            helper = _helper(file, node)
            if helper is not None and helper.id not in seen:
                seen.add(helper.id)
                pending.append(helper)
    return False


def _helper(file: SourceFile, node: Node) -> Node | None:
    target = callee_of(node) if node.type == "call_expression" else node
    return function_of(file, target) if target is not None and target.type == "identifier" else None


def js_checkers(file: EcmascriptFile) -> Iterator[Checker]:
    """The named functions of a file that check: helpers that tests of other files may call."""
    for node in descendants(file.root, "function_declaration", "variable_declarator", "method_definition"):
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value") if node.type == "variable_declarator" else node
        if name is None or value is None:
            continue
        # What a call gives is a helper where other files can have it; within a function it is a value.
        made = value.type == "call_expression" and enclosing_function(file, node) is None
        if not is_function(unwrap(value)) and not made:
            continue
        if _EXPECTS.search(file.text(value)) and js_checks(file, value):
            yield Checker(file.text(name), "function")


def js_unchecked(file: EcmascriptFile) -> Iterator[Unchecked]:
    """The tests of a file that check nothing as far as this file shows."""
    tests = declared_tests(file)
    off = [one.call for one in tests if is_switched_off(one)]
    for test in tests:
        if test.suite or test.callback is None or is_switched_off(test) or _SETTLED.intersection(test.modifiers):
            continue
        if any(begins_within(test.call, one) for one in off) or _reports_back(test):
            continue
        body = test.callback.child_by_field_name("body")
        if body is None or (js_checks(file, test.callback) and not _only_prepares(test, test.callback, file)):
            continue
        found = _kind(test, body, file)
        if found is None:
            continue
        calls = tuple(dict.fromkeys(_called_names(body, file)))
        yield Unchecked(file.location(test.head), test.title, found, "", calls, (), (), False)


def is_switched_off(test: JsTest) -> bool:
    """Whether the declaration says unconditionally that the test does not run."""
    return test.name in ("xit", "xtest", "xdescribe", "xcontext") or bool({"skip", "fixme"} & set(test.modifiers))


def _reports_back(test: JsTest) -> bool:
    """Whether the test is given a `done` callback or a context that may check for it."""
    if test.callback is None:
        return False
    listed = test.callback.child_by_field_name("parameters") or test.callback.child_by_field_name("parameter")
    if listed is None:
        return False
    if listed.type == "identifier":
        return True
    first = listed.named_children[0] if listed.named_children else None
    pattern = first.child_by_field_name("pattern") if first is not None and first.type.endswith("parameter") else first
    return pattern is not None and pattern.type == "identifier" and "each" not in test.modifiers


def _kind(test: JsTest, body: Node, file: EcmascriptFile) -> Kind | None:
    first, last = test.call.start_point[0] + 1, test.call.end_point[0] + 1
    said = remarks(file, first - 1, last)
    if endures(f"{test.title} {said}") or "@ts-expect-error" in file.text(body):
        return None
    statements = [one for one in body.named_children if one.type not in ("comment", "empty_statement")]
    if not statements:
        # An empty test that says what it is there for was left empty on purpose.
        return None if is_reason(said) and not admits(said) else Kind.EMPTY
    if next(descendants(body, *_ACTS), None) is None and body.type not in _ACTS:
        return None
    if admits(said) or claims(test.title):
        return Kind.CALLED
    return None if accepts(test.title) else Kind.CALLED


def _only_prepares(test: JsTest, callback: Node, file: EcmascriptFile) -> bool:
    """Whether a test whose comments own that a check is missing looks up elements only to act on them."""
    first, last = test.call.start_point[0] + 1, test.call.end_point[0] + 1
    if not admits(remarks(file, first, last)):
        return False
    lookups = [one for one in descendants(callback, "call_expression") if _LOOKUP.match(called_name(file, one))]
    if not lookups or any(one.parent is not None and one.parent.type in _STATEMENTS for one in lookups):
        return False
    others = (one for one in descendants(callback, "call_expression", "throw_statement") if one not in lookups)
    return not any(one.type == "throw_statement" or _CHECKS.search(called_name(file, one)) for one in others)


def _called_names(body: Node, file: EcmascriptFile) -> Iterator[str]:
    if body.type == "call_expression":
        yield called_name(file, body)
    for node in descendants(body, "call_expression", "identifier"):
        yield called_name(file, node) if node.type == "call_expression" else file.text(node)
