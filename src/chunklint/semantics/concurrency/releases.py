"""Locks taken by `acquire()`: whether every path gives them back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants, is_within
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.held import locks_held_at
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock, lock_of
from chunklint.semantics.python.guards import leaves
from chunklint.semantics.python.names import arguments, enclosing_function

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
_HANDLERS = ("except_clause", "except_group_clause")
# What may fail, and so skip a `release()` that stands further down.
_RISKS = ("call", "await", "raise_statement", "yield", "assert_statement")
# Calls that do not fail in practice.
_SAFE_CALL = re.compile(
    r"^(?:_?(?:log|logger|logging|LOG|_logger)|self\.(?:_?log|_?logger))\.|^time\.(?:time|monotonic|perf_counter)"
    r"|^(?:print|len|id|isinstance|bool|str|set|dict|list)$"
    r"|\.(?:locked|owned|time|get|items|keys|values|append|add|acquire|release|notify|notify_all|notifyAll|clear|discard|is_set)$"
)
# A function that takes locks more often than this was not written by hand.
_MOST_TAKEN = 100
_LENDERS = re.compile(r"acquire|lock|enter|begin|reserve|checkout|wait|take|hold", re.IGNORECASE)
_EXPIRES = frozenset({"timeout", "ttl", "lock_timeout", "lock_ttl", "expire", "lease_time", "auto_release_time"})


class Way(StrEnum):
    """How a lock stays locked."""

    FAILS = "an exception before its release"
    FAILS_EARLY = "an exception before the `try` that releases it"
    CANCELLED = "a cancellation, which `except Exception` lets pass"
    LEAVES = "a path that leaves without releasing"
    NEVER = "no release at all"


@record
class Stuck:
    """A lock that `acquire()` took and that may stay locked.

    Attributes:
        at: What fails or leaves; the call of `acquire` itself when nothing releases the lock.
        release: A release that would be skipped, if there is one.
        expires: Whether the lock frees itself after a time, as those of servers may.
    """

    lock: Lock
    way: Way
    at: Node
    release: Node | None
    expires: bool = False


def stays_locked(call: Node, file: PythonFile) -> Stuck | None:
    """How the lock that a call of `acquire` takes may stay locked; None when it cannot, or this cannot be known."""
    receiver = _receiver(call)
    lock = lock_of(receiver, file) if receiver is not None else None
    if lock is None or lock.kind is LockKind.PRESUMED or call.has_error:
        return None
    body = enclosing_function(call) or file.root
    if body.type == "lambda" or len(_calls_named("acquire", body, file)) > _MOST_TAKEN:
        return None
    if _takes_back(call, lock, file) or _hands_out_release(lock, file):
        return None
    releases = [one for one in _calls_named("release", body, file) if _is_of(one, lock, file)]
    own = [one for one in releases if _encloses(body, one)]
    if len(own) < len(releases):
        return None
    if not own:
        return _never_released(call, lock, body, file)
    found = _skipped(call, lock, own, file)
    if found is None or lock.kind is not LockKind.DISTRIBUTED:
        return found
    if _is_kept(lock, body, file):
        return None
    return (
        None
        if found.way is Way.FAILS_EARLY
        else Stuck(found.lock, found.way, found.at, found.release, _expires(receiver, file))
    )


def _receiver(call: Node) -> Node | None:
    function = call.child_by_field_name("function")
    return function.child_by_field_name("object") if function is not None else None


def _calls_named(method: str, body: Node, file: PythonFile) -> tuple[Node, ...]:
    """The calls of a method in a function and in the functions within it, in order."""

    def collect() -> Iterator[Node]:
        for call in descendants(body, "call"):
            function = call.child_by_field_name("function")
            if function is not None and file.text(function).endswith(f".{method}"):
                yield call

    return file.remember((method, "calls in", body.id), lambda: tuple(collect()))


def _is_of(release: Node, lock: Lock, file: PythonFile) -> bool:
    receiver = _receiver(release)
    if receiver is None:
        return False
    other = lock_of(receiver, file)
    return file.text(receiver) == lock.name or (other is not None and other.is_same(lock))


def _encloses(body: Node, node: Node) -> bool:
    """Whether a node runs as part of a function itself, and not of one that is defined in it."""
    inner = next((around for around in ancestors(node) if around.type in ("function_definition", "lambda")), None)
    return inner == body or (inner is None and body.type == "module")


def _takes_back(call: Node, lock: Lock, file: PythonFile) -> bool:
    """Whether the call takes a lock again that was lent for a while: in a `finally`, or within its own `with`."""
    function = enclosing_function(call)
    for around in ancestors(call):
        if around == function:
            break
        if around.type == "finally_clause":
            return True
    return any(one.lock.is_same(lock) and one.by.end_byte < call.start_byte for one in locks_held_at(call, file))


def _hands_out_release(lock: Lock, file: PythonFile) -> bool:
    """Whether `lock.release` is given to something that calls it later: a callback, an exit stack, a thread."""
    word = re.escape(lock.name.rsplit(".", 1)[-1])
    pattern = rf"\b{word}\.release\b(?!\s*\()"
    return file.remember(("release handed out", word), lambda: re.search(pattern, file.content) is not None)


def _is_kept(lock: Lock, body: Node, file: PythonFile) -> bool:
    """Whether a lock is stored for others to release: `self.held[tenant] = lock`."""
    return re.search(rf"[\w\]]\s*=\s*{re.escape(lock.name)}\s*$", file.text(body), re.MULTILINE) is not None


def _never_released(call: Node, lock: Lock, body: Node, file: PythonFile) -> Stuck | None:
    """A private lock that nothing in its file releases; with another method that does, the split is by design."""
    word = lock.name.rsplit(".", 1)[-1]
    name = body.child_by_field_name("name")
    plain = not arguments(call, file).positional and not arguments(call, file).keywords
    if not plain or not lock.shared or not word.startswith("_") or "(" in lock.name or "[" in lock.name:
        return None
    if name is None or _LENDERS.search(file.text(name)) or re.search(r"\brelease\b", file.content):
        return None
    handed_on = re.search(rf"[(,=]\s*(?:self\.|cls\.)?{re.escape(word)}\s*[,)\n]", file.content)
    return None if handed_on else Stuck(lock, Way.NEVER, call, None)


def _skipped(call: Node, lock: Lock, releases: list[Node], file: PythonFile) -> Stuck | None:
    """What may skip the releases of the function that takes a lock."""
    if any(_in_body(call, release, "finally_clause") for release in releases):
        return None
    until = min((one.start_byte for one in _taken_again(call, lock, file)), default=file.root.end_byte)
    after = [one for one in releases if call.end_byte < one.start_byte < until]
    after = after or [one for one in releases if one.start_byte > call.end_byte] or releases
    risk, leaving = None, None
    for statement in _path_from(call, file):
        guard = _guard_in(statement, releases)
        if guard is not None:
            risk = risk or _risk(statement, file, guard.start_byte)
            way, at = (Way.LEAVES, leaving) if leaving is not None else (Way.FAILS_EARLY, risk)
            return Stuck(lock, way, at, after[-1]) if at is not None else None
        if _handlers_release(statement, after):
            missed = _misses_cancellation(statement, lock, after, file)
            return Stuck(lock, Way.CANCELLED, statement, after[-1]) if missed else None
        held = [release for release in after if is_within(release, statement)]
        leaving = leaving or _leaves_without(statement, held)
        risk = risk or _risk(statement, file, held[0].start_byte if held else statement.end_byte)
        if held and held[-1] == after[-1]:
            way, at = (Way.LEAVES, leaving) if leaving is not None else (Way.FAILS, risk)
            return Stuck(lock, way, at, after[-1]) if at is not None else None
    return None


def _taken_again(call: Node, lock: Lock, file: PythonFile) -> Iterator[Node]:
    """The later calls of `acquire` of the same lock in the function: what is released after them is theirs."""
    for other in _calls_named("acquire", enclosing_function(call) or file.root, file):
        if other.start_byte > call.end_byte and _is_of(other, lock, file):
            yield other


def _guard_in(statement: Node, releases: list[Node]) -> Node | None:
    """The `try` of a statement that releases the lock whatever happens in it, be it in a `with` or an `if`."""
    tries = (one for one in (statement, *descendants(statement, "try_statement", stop=_NESTED)))
    return next((one for one in tries if _is_guard(one, releases)), None)


def _leaves_without(statement: Node, releases: list[Node]) -> Node | None:
    """A `return` in a statement that passes none of the releases in it."""
    for leaving in (statement, *descendants(statement, "return_statement", stop=_NESTED)):
        if leaving.type != "return_statement":
            continue
        if not any(one.start_byte < leaving.start_byte for one in releases):
            return leaving
    return None


def _in_body(call: Node, release: Node, clause: str) -> bool:
    """Whether the release stands in a clause of a `try` whose body holds the call."""
    inner = release
    for around in ancestors(release):
        if around.type == "try_statement" and inner.type == clause:
            body = around.child_by_field_name("body")
            if body is not None and is_within(call, body):
                return True
        inner = around
    return False


def _path_from(call: Node, file: PythonFile) -> Iterator[Node]:
    """The statements that follow the taking of a lock, block by block outwards, until the function ends."""
    inner, outcome = call, _outcome(call, file)
    for around in ancestors(call):
        if around.type in _NESTED:
            return
        if around.type == "if_statement" and inner == around.child_by_field_name("condition"):
            branch = around.child_by_field_name("consequence")
            if inner.type != "not_operator" and branch is not None:
                yield from _statements(branch.named_children, outcome, file)
                return
        if around.type in ("block", "module"):
            following = [one for one in around.named_children if one.start_byte >= inner.end_byte]
            yield from _statements(following, outcome, file)
        inner = around


def _outcome(call: Node, file: PythonFile) -> str:
    """The variable that says whether the lock was had, "" when none does."""
    for around in ancestors(call):
        target = around.child_by_field_name("left" if around.type == "assignment" else "name")
        if around.type in ("assignment", "named_expression") and target is not None:
            return file.text(target)
        if around.type.endswith("statement"):
            break
    return ""


def _statements(block: list[Node], outcome: str, file: PythonFile) -> Iterator[Node]:
    """The statements of a block that count: `if not acquired: return` is passed over, `if acquired:` is entered."""
    for statement in block:
        if statement.type == "comment":
            continue
        condition, branch = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
        if condition is None or branch is None or not outcome or outcome not in file.text(condition):
            yield statement
        elif condition.type != "not_operator" and not leaves(branch, file):
            yield from branch.named_children
        elif any(child.type == "boolean_operator" for child in (condition, *descendants(condition))):
            yield statement


def _is_guard(statement: Node, releases: list[Node]) -> bool:
    """Whether a statement is a `try` that releases the lock whatever happens in it."""
    if statement.type != "try_statement":
        return False
    clauses = [one for one in statement.named_children if one.type == "finally_clause"]
    return any(is_within(release, clause) for clause in clauses for release in releases)


def _releasing_handlers(statement: Node, releases: list[Node]) -> list[Node]:
    handlers = [one for one in statement.named_children if one.type in _HANDLERS and one.named_children]
    return [one for one in handlers if any(is_within(release, one) for release in releases)]


def _handlers_release(statement: Node, releases: list[Node]) -> bool:
    return statement.type == "try_statement" and bool(_releasing_handlers(statement, releases))


def _misses_cancellation(statement: Node, lock: Lock, releases: list[Node], file: PythonFile) -> bool:
    """Whether the handlers that release catch no CancelledError, and something in the body waits."""
    handlers = _releasing_handlers(statement, releases)
    caught = [one.named_children[0] for one in handlers]
    if lock.kind is not LockKind.ASYNCIO or any(one.type == "block" for one in caught):
        return False
    if any(word in file.text(one) for one in caught for word in ("BaseException", "CancelledError")):
        return False
    body = statement.child_by_field_name("body")
    return body is not None and next(descendants(body, "await", stop=_NESTED), None) is not None


def _risk(statement: Node, file: PythonFile, until: int) -> Node | None:
    """The first thing in a statement that may fail before an offset."""
    return next((one for one in _risks(statement, file) if one.end_byte <= until), None)


def _risks(statement: Node, file: PythonFile) -> Iterator[Node]:
    if statement.type in _NESTED:
        return
    for node in (statement, *descendants(statement, *_RISKS, stop=_NESTED)):
        if not node.is_named:
            continue  # The word `await` is called as the expression is.
        function = node.child_by_field_name("function") if node.type == "call" else None
        if node.type not in _RISKS or (function is not None and _SAFE_CALL.search(file.text(function))):
            continue
        yield node


def _expires(receiver: Node | None, file: PythonFile) -> bool:
    """Whether the server frees the lock after a time: the call that makes it says so."""
    word = re.escape(file.text(receiver)) if receiver is not None else ""
    made = re.search(rf"{word}[^=\n]*=[^=][\s\S]{{0,300}}", file.content)
    return made is not None and any(f"{option}=" in made.group() for option in _EXPIRES)
