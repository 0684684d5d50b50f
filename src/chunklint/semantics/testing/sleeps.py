"""Real sleeps in tests: how long, and whether a clock that is not real, a stub or a deadline excuses them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, function_of, is_function
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.scopes import Kind
from chunklint.semantics.python.scopes import resolve as resolve_python
from chunklint.semantics.testing.jests import JsTest, declared_tests
from chunklint.semantics.testing.pytests import PythonTest, is_test_module, tests_of
from chunklint.semantics.testing.wording import remarks
from chunklint.semantics.wording import shortened

_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "gevent.sleep", "eventlet.sleep"})
_AWAITED = frozenset({"asyncio", "anyio", "trio"})
# A patched or virtual clock: then no sleep of the file takes time.
_FAKE_CLOCK = re.compile(
    r"""["'][\w.]*sleep["']|freeze_time|freezegun|time_machine|looptime|autojump_clock|mock_sleep|aioresponses_sleep"""
)
_JS_FAKE_CLOCK = re.compile(r"useFakeTimers|FakeTimers|clock\.install|mockdate", re.IGNORECASE)
# A store that forgets by its own clock cannot be told the time.
_REAL_TIME = re.compile(r"ttl|expir|refill|decay|elapsed|duration|timing|latency|date_?time|timestamp", re.IGNORECASE)
# What a comment says of two moments that have to differ.
_MOMENTS = re.compile(r"\b(?:older|newer|younger|timestamps?|resolution|precision|granularity)\b", re.IGNORECASE)
# A docstring that names the sleep tells why there is no other way.
_SLEEP_TOLD = re.compile(r"\bsleep", re.IGNORECASE)
_SIMPLE = frozenset({"expression_statement", "assert_statement"})
_LOOPS = frozenset({"while_statement", "for_statement"})
_JS_LOOPS = frozenset({"while_statement", "for_statement", "for_in_statement", "do_statement"})

# What never happens has no event that a test could wait for.
_ABSENCE = re.compile(r"\bnot\b|assert_not|\bis (?:None|False)\b|assert(?:False|IsNone|NotIn|Not)\b")
_JS_ABSENCE = re.compile(r"\.not\.toHaveBeenCalled|toHaveBeenCalledTimes\(0\)|\.not\.toBeCalled")
# Somebody has weighed this wait before and told another linter so.
_JS_DECIDED = re.compile(r"no-unnecessary-waiting|no-wait-for-timeout")

# Shorter sleeps let other tasks run; nobody waits for them.
_NOTICEABLE = 0.2


@record
class Sleep:
    """A sleep in a test: the call, its length in seconds, the call as written, and the test's name."""

    node: Node
    seconds: float
    spelled: str
    test: str


def python_sleeps(file: PythonFile) -> Iterator[Sleep]:
    """The noticeable sleeps of a file's tests."""
    if not is_test_module(file.path) or _FAKE_CLOCK.search(file.content):
        return
    for test in tests_of(file):
        inner = frozenset({"function_definition", "lambda", "class_definition"})
        for call in descendants(test.body, "call", stop=inner):
            function = call.child_by_field_name("function")
            if function is None or not _may_sleep(function, file) or qualified_name(function, file) not in _SLEEPS:
                continue
            if _is_thrown_away(call, function, file):
                continue
            seconds = _seconds(call, file)
            if (
                seconds is None
                or seconds < _NOTICEABLE
                or _is_excused(call, test, file)
                or _is_explained(call, test, file)
            ):
                continue
            yield Sleep(call, seconds, shortened(file.text(call), 70), test.name)


def _is_explained(call: Node, test: PythonTest, file: PythonFile) -> bool:
    """Whether the docstring of the test says why it has to sleep, or a comment that two moments have to differ."""
    line = call.start_point[0] + 1
    if _MOMENTS.search(remarks(file, line - 1, line)):
        return True
    first = test.body.named_children[0] if test.body.named_children else None
    doc = file.text(first) if first is not None and first.type == "expression_statement" else ""
    return doc.lstrip("rRuU").startswith(('"', "'")) and _SLEEP_TOLD.search(doc) is not None


def _is_thrown_away(call: Node, function: Node, file: PythonFile) -> bool:
    """Whether a coroutine that sleeps is made and never awaited: then nothing waits."""
    alone = call.parent is not None and call.parent.type == "expression_statement"
    return alone and (qualified_name(function, file) or "").partition(".")[0] in _AWAITED


def _may_sleep(function: Node, file: PythonFile) -> bool:
    """A cheap first look: a plain name may be any function's where the file gives `sleep` another one."""
    return "sleep" in file.text(function) or (function.type == "identifier" and "sleep as " in file.content)


def _seconds(call: Node, file: PythonFile) -> float | None:
    given = arguments(call, file)
    value = given.get("seconds", 0) or given.get("delay")
    if value is not None and value.type == "identifier":
        found = resolve_python(value, file)
        value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT else None
    if value is None or value.type not in ("integer", "float"):
        return None
    try:
        return float(file.text(value).replace("_", ""))
    except ValueError:
        return None


def _is_excused(call: Node, test: PythonTest, file: PythonFile) -> bool:
    """Whether a poll, an expected timeout, or a sleep that stands for work holds the call, or nothing is to happen."""
    if _REAL_TIME.search(test.name) or _ABSENCE.search(_assertion_after(call, "assert", file)):
        return True
    for around in ancestors(call):
        if around == test.body:
            return False
        if around.type in _LOOPS and _decides(around, file):
            return True
        if around.type == "with_statement":
            if _is_first(call, around):
                return True
            head = file.text(around).partition(":\n")[0]
            if re.search(r"raises|timeout|fail_after|move_on_after|Timer|timer|measure|suppress|span|block", head):
                return True
        # An argument of `wait_for`, `create_task`, `gather` or `Process` is a piece of work that takes long.
        if around.type == "argument_list" and around.parent is not None:
            return True
    return False


def _assertion_after(call: Node, word: str, file: PythonFile | EcmascriptFile) -> str:
    """The text of the statement that follows a sleep, if it is one that asserts."""
    statement = next((around for around in ancestors(call) if around.type in _SIMPLE), None)
    after = statement.next_named_sibling if statement is not None else None
    while after is not None and after.type == "comment":
        after = after.next_named_sibling
    text = file.text(after) if after is not None and after.type in _SIMPLE else ""
    return text if word in text else ""


def _is_first(call: Node, block: Node) -> bool:
    """Whether the sleep is the first thing under a `with`: the work that the context is to see."""
    body = block.child_by_field_name("body")
    first = next((one for one in body.named_children if one.type != "comment"), None) if body is not None else None
    return first is not None and begins_within(call, first)


def _decides(loop: Node, file: PythonFile) -> bool:
    """Whether a loop ends by what it looks at: a `while` with a condition, or a way out in its body."""
    if loop.type == "while_statement":
        condition = loop.child_by_field_name("condition")
        if condition is not None and file.text(condition) != "True":
            return True
    return next(descendants(loop, "break_statement", "return_statement", "continue_statement"), None) is not None


def js_sleeps(file: EcmascriptFile) -> Iterator[Sleep]:
    """The noticeable sleeps of a file's tests."""
    if _JS_FAKE_CLOCK.search(file.content):
        return
    for test in declared_tests(file):
        if test.suite or test.callback is None:
            continue
        for call in descendants(test.callback, "call_expression", "new_expression"):
            if not _is_awaited(call):
                continue
            milliseconds = _milliseconds(call, file)
            if milliseconds is None or milliseconds < _NOTICEABLE * 1000 or _js_excused(call, test, file):
                continue
            yield Sleep(call, milliseconds / 1000, _short(call, file), test.title)


def _is_awaited(call: Node) -> bool:
    above = call.parent
    if above is not None and above.type == "await_expression":
        return above.parent is not None and above.parent.type == "expression_statement"
    text = call.child_by_field_name("function")
    return text is not None and above is not None and above.type == "expression_statement" and text.text == b"cy.wait"


def _milliseconds(call: Node, file: EcmascriptFile) -> float | None:
    """How long an awaited expression waits for time alone to pass; None when it waits for something else."""
    if call.type == "new_expression":
        return _timer(call, None, file)
    callee = callee_of(call)
    given = arguments_of(call)
    if callee is None or not given:
        return None
    if called_name(file, call) == "waitForTimeout" or dotted(file, callee) == ("cy", "wait"):
        return _number(given[0], file)
    function = function_of(file, callee) if callee.type == "identifier" else None
    if function is None:
        return None
    made = next(descendants(function, "new_expression"), None)
    return _timer(made, _number(given[0], file), file) if made is not None else None


def _timer(promise: Node, argument: float | None, file: EcmascriptFile) -> float | None:
    """The delay of `new Promise((resolve) => setTimeout(resolve, delay))`; a parameter stands for the argument."""
    constructor = callee_of(promise)
    given = arguments_of(promise)
    if constructor is None or file.text(constructor) != "Promise" or not given or not is_function(unwrap(given[0])):
        return None
    body = unwrap(given[0]).child_by_field_name("body")
    calls = list(descendants(promise, "call_expression"))
    if body is None or len(calls) != 1 or called_name(file, calls[0]) != "setTimeout":
        return None
    inner = arguments_of(calls[0])
    if len(inner) < 2 or inner[0].type != "identifier":
        return None
    number = _number(inner[1], file)
    return argument if number is None and inner[1].type == "identifier" else number


def _number(node: Node, file: EcmascriptFile) -> float | None:
    node = unwrap(node)
    if node.type == "identifier":
        found = resolve(file, node)
        if found is None or found.kind != "variable" or found.value is None or found.keys:
            return None
        node = unwrap(found.value)
    try:
        return float(file.text(node).replace("_", "")) if node.type == "number" else None
    except ValueError:
        return None


def _js_excused(call: Node, test: JsTest, file: EcmascriptFile) -> bool:
    """Whether the sleep stands in a stub, a handler, or a loop that polls, is a decision, or nothing is to happen."""
    if _REAL_TIME.search(test.title) or _JS_DECIDED.search(_lines_around(call, file)):
        return True
    if _JS_ABSENCE.search(_assertion_after(call, "expect", file)):
        return True
    for around in ancestors(call):
        if around == test.callback:
            return False
        if is_function(around) and not _runs_in_place(around, file):
            return True
        if around.type in _JS_LOOPS and next(descendants(around, "break_statement", "return_statement"), None):
            return True
        if around.type == "while_statement":
            return True
    return False


def _lines_around(call: Node, file: EcmascriptFile) -> str:
    """The lines of a call and the one above them, where comments for linters stand."""
    lines = file.lines[max(call.start_point[0] - 1, 0) : call.end_point[0] + 1]
    return b"\n".join(lines).decode("utf-8", "replace")


def _runs_in_place(function: Node, file: EcmascriptFile) -> bool:
    """Whether a function is the argument of `act` or `test.step`, which run it on the spot."""
    listed = function.parent
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    return call is not None and called_name(file, call) in ("act", "step")


def _short(node: Node, file: EcmascriptFile) -> str:
    return shortened(file.text(node), 70)
