"""Effects whose slow answer to an earlier question overwrites the answer to a later one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.changes import ITSELF, ways_of
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions, is_guarded
from chunklint.semantics.ecmascript.functions import (
    Running,
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.gathered import gathered
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import Deps, Effect, hook_of, is_read, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.shut_fields import is_idle_at, is_shut

# What a request needs but does not ask for: another token gives the same answer.
_CREDENTIALS = (
    "token",
    "session",
    "auth",
    "client",
    "header",
    "apikey",
    "secret",
    "password",
    "apiurl",
    "baseurl",
    "getter",
    "user",
)
# Calls that do something rather than ask; their answer is not a matter of what is shown.
ACTS = ("create", "post", "put", "patch", "save", "update", "delete", "submit", "start", "send", "add", "remove")

# What a client's methods are called that change something, and hardly anything else is.
_VERBS = ("post", "put", "patch")

_ACTING_METHOD = re.compile(r"""\bmethod:\s*["'](?:POST|PUT|PATCH|DELETE)["']""", re.IGNORECASE)

# What draws a picture answers in the order in which it was asked.
_DRAWS = frozenset({"todataurl", "render"})

# Wrappers that may drop the answers of earlier calls.
_SETTLES_ORDER = ("debounce", "throttle", "latest", "cancel")
_CONTINUES = frozenset({"then", "finally", "catch"})
_HOPS = 4

_NAMES = ("identifier", "shorthand_property_identifier")


@record
class Stale:
    """A request whose answer sets state, whatever has been asked since.

    Attributes:
        request: The call that is waited for.
        setter: The call that sets the state with its answer, or the setter that a promise goes on with.
        dependency: The dependency that the request asks with.
        fed: The dependencies that change only where a mount or caller changes them, each with its way; empty where
            the component itself changes `dependency`.
        path: The calls that lead from the effect to the request, outermost first.
    """

    request: Node
    setter: Node
    dependency: str
    path: tuple[Node, ...]
    fed: tuple[tuple[str, str], ...]


def stale_answers(file: SourceFile, effect: Effect) -> Iterator[Stale]:
    """The first request of an effect that asks with a changing dependency and sets state without a check."""
    if effect.runs is not Deps.SOME or effect.owner is None:
        return
    changing = changing_names(file, effect)
    if not changing or runs_once(file, effect):
        return
    for run, path in reached(file, effect.callback):
        if run.node.type != "call_expression" or (taken := _taken(file, run)) is None:
            continue
        name, setter, requests = taken
        if state_of_setter(file, name) is None or "rror" in file.text(name) or not is_read(file, name):
            continue
        for request in requests:
            busy = _busy_states(file, effect, request)
            if busy and any(is_idle_at(file, place, effect.owner, busy) for place in (*path, request)):
                continue
            asked = frozenset(
                name
                for name in asks_with(file, request, changing.keys(), path)
                if not busy or not is_shut(file, effect, name, busy)
            )
            if not asked or is_guarded(file, effect, run.node, own_wait(run.node)):
                continue
            if _is_filled_once(file, effect, state_of_setter(file, name), path[0] if path else request):
                continue
            if not _goes_alone(file, effect, request):
                own, fed = by_source(asked, changing)
                yield Stale(request, setter, min(own or asked), path, fed)
                return


def _taken(file: SourceFile, run: Running) -> tuple[Node, Node, Iterator[Node]] | None:
    """The name of what may be a setter, where it takes an answer, and the requests that may have given it.

    `setRows(found)` after a wait takes one, and so does `setRows` in `load(id).then(setRows)`.
    """
    callee, given = callee_of(run.node), arguments_of(run.node)
    if callee is None or not given or is_function(unwrap(given[0])):
        return None
    if callee.type == "identifier" and (run.waited or waits_itself(run.node)):
        return callee, run.node, requests_behind(file, given[0])
    if called_name(file, run.node) != "then" or given[0].type != "identifier":
        return None
    request = receiver_of(run.node)
    for _ in range(_HOPS):
        if request is None or request.type != "call_expression" or called_name(file, request) not in _CONTINUES:
            break
        request = receiver_of(request)
    asks = request is not None and request.type == "call_expression"
    return (given[0], given[0], iter([request])) if asks and request is not None else None


def by_source(
    asked: Collection[str], changing: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The dependencies that a component changes itself; without any, those that others change, with their ways."""
    own = tuple(sorted(name for name in asked if ITSELF in changing[name]))
    fed = () if own else tuple((name, way) for name in sorted(asked) for way in sorted(changing[name]))
    return own, fed


def waits_itself(call: Node) -> bool:
    """Whether what a call is given is waited for on the spot: `setRows(await load(id))`."""
    return own_wait(call) is not None


def own_wait(call: Node) -> int | None:
    """The byte where the wait begins that a call's own arguments contain."""
    wait = next(descendants(call, "await_expression", stop=FUNCTIONS), None)
    return wait.start_byte if wait is not None else None


def runs_once(file: SourceFile, effect: Effect) -> bool:
    """Whether the effect asks a ref before it does anything, as what shall happen once does."""
    return any(chain[-1:] == ("current",) for asked in conditions(effect.callback) for chain in chains_in(file, asked))


def _is_filled_once(file: SourceFile, effect: Effect, state: str | None, place: Node) -> bool:
    """Whether the effect asks only while the state is empty that takes the answer: `if (rows.length) return`."""
    for asked in conditions(effect.callback):
        around = asked.parent
        test = around.parent if around is not None and around.type == "parenthesized_expression" else around
        returns = (
            test is not None
            and test.type == "if_statement"
            and next(descendants(test, "return_statement", stop=FUNCTIONS), None) is not None
            and not begins_within(place, test)
        )
        names = [asked] if asked.type == "identifier" else descendants(asked, "identifier", stop=FUNCTIONS)
        if place.start_byte > asked.end_byte and any(
            file.text(name) == state and _asks_emptiness(file, name) == (not returns) for name in names
        ):
            return True
    return False


def _asks_emptiness(file: SourceFile, name: Node) -> bool | None:
    """Whether a condition asks if a state is empty (`!rows`), or if it is not; None where it asks anything else."""
    node, empty = name, False
    while (around := node.parent) is not None:
        if around.type == "unary_expression" and around.children[0].type == "!":
            empty = not empty
        elif around.type == "member_expression" and file.text(around).endswith("length"):
            pass
        elif around.type != "parenthesized_expression":
            break
        node = around
    if around is None or around.type != "binary_expression" or around.children[1].type in ("&&", "||"):
        return empty if around is not None and around.type in ("binary_expression", "if_statement") else None
    left, operator, right = around.children[0], around.children[1].type, around.children[2]
    if left != node or file.text(right) not in ("null", "undefined", "0"):
        return None
    return {"===": True, "==": True, "!==": False, "!=": False, ">": False}.get(operator)


def _goes_alone(file: SourceFile, effect: Effect, request: Node) -> bool:
    """Whether a lock turns requests away while one runs: `if (busy.current) return; busy.current = true`."""
    function = enclosing_function(file, request)
    while function is not None and function != effect.owner:
        body = function.child_by_field_name("body")
        locks = set(_locked(file, body, request)) if body is not None else set()
        tests = descendants(body, "if_statement", stop=FUNCTIONS) if locks and body is not None else ()
        for test in (test for test in tests if test.end_byte <= request.start_byte):
            condition = test.child_by_field_name("condition")
            asked = set(chains_in(file, condition)) if condition is not None else set()
            if locks & asked:
                return next(descendants(test, "return_statement", stop=FUNCTIONS), None) is not None
        function = enclosing_function(file, function)
    return False


def _busy_states(file: SourceFile, effect: Effect, request: Node) -> frozenset[str]:
    """The states that are set to true before a request, by the function that makes it or one around it."""
    busy: set[str] = set()
    function = enclosing_function(file, request)
    while function is not None and function != effect.owner:
        body = function.child_by_field_name("body")
        locks = _locked(file, body, request) if body is not None else ()
        busy.update(chain[0] for chain in locks if len(chain) == 1)
        function = enclosing_function(file, function)
    return frozenset(busy)


def _locked(file: SourceFile, body: Node, request: Node) -> Iterator[tuple[str, ...]]:
    """The refs and state variables that are made true before a request."""
    for node in descendants(body, "assignment_expression", "call_expression", stop=FUNCTIONS):
        if node.end_byte > request.start_byte:
            continue
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and right.type == "true" and "current" in dotted(file, left)[1:]:
            yield dotted(file, left)
        callee, given = callee_of(node), arguments_of(node) if node.type == "call_expression" else []
        if callee is not None and callee.type == "identifier" and given and given[0].type == "true":
            state = state_of_setter(file, callee)
            yield from [(state,)] if state else []


def changing_names(file: SourceFile, effect: Effect) -> Mapping[str, frozenset[str]]:
    """The dependencies that can change, through the dependencies of callbacks among them, with their ways."""
    pending, seen = list(effect.deps), set[int]()
    changing: dict[str, frozenset[str]] = {}
    while pending and len(seen) < 50 and effect.owner is not None:
        dependency = pending.pop()
        seen.add(dependency.id)
        root = root_of(dependency)
        found = resolve(file, root) if root.type == "identifier" else None
        if found is None or any(word in file.text(dependency).lower() for word in _CREDENTIALS):
            continue
        hook = hook_of(file, found)
        if hook is not None and hook[0] == "useCallback":
            listed = arguments_of(hook[1])[1:2]
            pending.extend(node for array in listed if array.type == "array" for node in array.named_children)
            continue
        ways = ways_of(file, root, effect.owner)
        if ways:
            changing[file.text(root) if root == unwrap(dependency) else file.text(dependency)] = ways
    return changing


def requests_behind(file: SourceFile, value: Node) -> Iterator[Node]:
    """The calls whose awaited result a value is made of, within the function around it."""
    pending: list[tuple[Node, int]] = [(value, 0)]
    seen: set[int] = set()
    while pending:
        current, hops = pending.pop()
        if current.type == "await_expression":
            yield from _calls_of(current)
        for node in descendants(current, "await_expression"):
            yield from _calls_of(node)
        names = [current] if current.type in _NAMES else list(descendants(current, *_NAMES))
        for name in names:
            found = resolve(file, name)
            if found is None or found.node.id in seen or hops == _HOPS:
                continue
            seen.add(found.node.id)
            if found.kind == "parameter":
                yield from _request_continued(file, found)
            elif found.kind == "variable" and found.value is not None and _is_near(file, found, value):
                pending.extend((part, hops + 1) for part in (found.value, *gathered(file, found)))


def _is_near(file: SourceFile, found: Binding, value: Node) -> bool:
    around = enclosing_function(file, value)
    return around is not None and begins_within(found.node, around)


def _calls_of(wait: Node) -> Iterator[Node]:
    inner = unwrap(wait)
    if inner.type == "call_expression":
        yield inner


def _request_continued(file: SourceFile, found: Binding) -> Iterator[Node]:
    """What `then` goes on from: the first call of the chain whose continuation has this parameter."""
    call = found.scope.parent.parent if found.scope.parent is not None else None
    for _ in range(_HOPS):
        if call is None or call.type != "call_expression" or called_name(file, call) not in _CONTINUES:
            break
        call = receiver_of(call)
    else:
        return
    if call is not None and call.type == "call_expression" and call != found.scope.parent:
        given = found.scope.parent
        if given is not None and given.type == "arguments" and given.parent != call:
            yield call


def _changes_something(file: SourceFile, request: Node, verb: str) -> bool:
    """Whether a `fetch` is told to do more than ask."""
    return verb == "fetch" and any(_ACTING_METHOD.search(file.text(given)) for given in arguments_of(request)[1:2])


def asks_with(file: SourceFile, request: Node, changing: Collection[str], path: tuple[Node, ...]) -> Iterator[str]:
    """The changing dependencies that a request's arguments mention, through variables and parameters."""
    verb = called_name(file, request).lower()
    if (
        verb in _DRAWS
        or verb.startswith(ACTS)
        or any(word in verb for word in _SETTLES_ORDER)
        or _changes_something(file, request, verb)
    ):
        return
    pending: list[tuple[Node, int]] = [(given, 0) for given in arguments_of(request)]
    # `response.json()` asks nothing; what it belongs to does, when that is a variable of the work itself.
    receiver = receiver_of(request)
    if receiver is not None and not {".".join(chain) for chain in chains_in(file, receiver)}.intersection(changing):
        pending.append((receiver, 0))
    callee = callee_of(request)
    called = function_of(file, callee) if callee is not None and callee.type == "identifier" else None
    if called is not None and any(
        called_name(file, call).lower() in _VERBS for call in descendants(called, "call_expression")
    ):
        return
    if called is not None and not arguments_of(request):
        body = called.child_by_field_name("body")
        pending.extend((call, 1) for call in (descendants(body, "arguments") if body is not None else ()))
    seen: set[int] = set()
    while pending:
        current, hops = pending.pop()
        mentioned = {".".join(chain) for chain in chains_in(file, current)}.intersection(changing)
        yield from sorted(mentioned)
        if mentioned or hops == _HOPS:
            continue
        for name in [current] if current.type in _NAMES else list(descendants(current, *_NAMES)):
            found = resolve(file, name)
            if found is not None and found.kind == "parameter" and found.node.id not in seen:
                seen.add(found.node.id)
                pending.extend((given, hops + 1) for given in _passed(file, found, path))
            local = found is not None and found.kind == "variable" and found.value is not None
            if not local or found is None or found.value is None or found.node.id in seen:
                continue
            seen.add(found.node.id)
            if (
                found.scope.type != "program"
                and hook_of(file, found) is None
                and function_of(file, found.value) is None
            ):
                pending.append((found.value, hops + 1))


def _passed(file: SourceFile, found: Binding, path: tuple[Node, ...]) -> Iterator[Node]:
    """What the calls that lead to the request pass for a parameter."""
    position = (found.keys or ("0",))[0]
    for call in path:
        callee = callee_of(call)
        if callee is not None and function_of(file, callee) == found.scope and position.isdigit():
            yield from arguments_of(call)[int(position) : int(position) + 1]
