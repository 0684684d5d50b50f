"""What counts as a check in a Python test: in its own code, in what it calls, in what other files offer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, local_function
from chunklint.semantics.testing.pytests import statements

FUNCTIONS = frozenset({"function_definition", "lambda", "class_definition"})

# Names of functions that check something, or of contexts that do, whoever wrote them.
_CHECKS = re.compile(
    r"(?i:assert|expect|verif|should|ensure|snapshot|approv)"
    r"|^_*(?:check|fail|raises|warns|deprecated_call|compare|validate|require|confirm|test|run_?test|skip|xfail|exit"
    r"|importorskip|wait_for|wait_until|timeout|fail_after|move_on_after|match|raise_for|call_and_validate|must"
    r"|resource_(?:properties_)?count_is|template_matches|run_doctest|eventually|retry|poll|has_(?:calls|entries|resource\w*|output|mapping|parameter)|that$|reveal_type|inline_run|runpytest|gradcheck|diff)"
)

# Of a function that is handed on to be called, only a name that surely tells of a check counts.
_HANDED_ON = re.compile(r"(?:^|_)assert(?:_|$)")


@record
class Checker:
    """A function, method or fixture of test support that checks, by its name."""

    name: str
    kind: str


def checkers(file: PythonFile) -> Iterator[Checker]:
    """What a file of tests or for tests offers that checks: functions, methods, fixtures that check after the test."""
    if not _serves_tests(file.path):
        return
    for node, decorators in statements(file.root):
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            continue
        if node.type == "class_definition":
            yield from (Checker(one, "method") for one in _checking_methods(body, file))
        elif any("fixture" in file.text(one) for one in decorators):
            if _checks_afterwards(body, file):
                yield Checker(_fixture_name(file.text(name), decorators, file), "fixture")
        elif checks(body, file):
            yield Checker(file.text(name), "function")


def _serves_tests(path: str) -> bool:
    place = PurePosixPath(path)
    return "test" in place.as_posix().lower() or place.stem in ("conftest", "helpers", "utils")


def _checking_methods(body: Node, file: PythonFile) -> Iterator[str]:
    for node, decorators in statements(body):
        name, inner = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or inner is None or node.type != "function_definition" or file.text(name).startswith("test"):
            continue
        if any("fixture" in file.text(one) for one in decorators):
            continue
        if checks(inner, file):
            yield file.text(name)


def _fixture_name(name: str, decorators: Sequence[Node], file: PythonFile) -> str:
    for one in decorators:
        given = arguments(one, file).keywords.get("name") if one.type == "call" else None
        if given is not None and given.type == "string":
            return file.text(given).strip("\"'")
    return name


def _checks_afterwards(body: Node, file: PythonFile) -> bool:
    """Whether a fixture checks after its `yield`, or hands out something that checks."""
    given = next((one.start_byte for one in descendants(body, "yield", stop=FUNCTIONS)), None)
    inner = descendants(body, *FUNCTIONS)
    if any(checks(one, file) for one in inner):
        return True
    return given is not None and any(one.start_byte > given for one in _plain_checks(body, file))


def _plain_checks(body: Node, file: PythonFile) -> Iterator[Node]:
    for node in descendants(body, "assert_statement", "raise_statement", "call"):
        if node.type != "call" or _CHECKS.search(called(node, file)):
            yield node


def called(call: Node, file: PythonFile) -> str:
    """The last name of what is called."""
    function = call.child_by_field_name("function")
    if function is None:
        return ""
    if function.type == "attribute":
        name = function.child_by_field_name("attribute")
        return file.text(name) if name is not None else ""
    return file.text(function) if function.type == "identifier" else ""


def checks(body: Node, file: PythonFile) -> bool:
    """Whether running the code may fail by a check: its own, or that of a function of this file which it names."""
    pending, seen = [body], {body.id}
    while pending:
        for node in descendants(pending.pop(), "assert_statement", "raise_statement", "call", "yield", "identifier"):
            if node.type in ("assert_statement", "raise_statement"):
                return True
            if node.type == "call" and (_is_check(node, body, file) or _must_succeed(node, file)):
                return True
            if node.type == "identifier" and _is_handed_on(node) and _HANDED_ON.search(file.text(node)):
                return True
            helper = _named_function(node, file)
            if helper is not None and helper.id not in seen:
                seen.add(helper.id)
                pending.append(helper)
    return False


def _is_check(call: Node, body: Node, file: PythonFile) -> bool:
    """Whether a call checks by its name; to skip where something is missing checks nothing of the rest."""
    name = called(call, file)
    if name not in ("skip", "skipTest"):
        return _CHECKS.search(name) is not None
    around = takewhile(lambda one: one != body, ancestors(call))
    return not any(one.type in ("if_statement", "except_clause") for one in around)


def helpers_check(body: Node, file: PythonFile) -> bool:
    """Whether a function of this file that the code calls checks something."""
    helpers = (_named_function(call, file) for call in descendants(body, "call"))
    return any(checks(one, file) for one in helpers if one is not None)


def _is_handed_on(name: Node) -> bool:
    return name.parent is not None and name.parent.type == "argument_list"


def _named_function(node: Node, file: PythonFile) -> Node | None:
    """The body of the function of this file that a call or a name refers to."""
    callee = node.child_by_field_name("function") if node.type == "call" else node
    if callee is None or callee.type not in ("identifier", "attribute"):
        return None
    found = local_function(callee, file)
    return found.child_by_field_name("body") if found is not None else None


def _must_succeed(call: Node, file: PythonFile) -> bool:
    """Whether a subprocess that fails raises."""
    given = arguments(call, file).keywords.get("check")
    return given is not None and file.text(given) == "True"
