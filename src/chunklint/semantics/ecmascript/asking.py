"""Requests: which ones an answer comes from, and what they ask with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_scope import chains_in
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    arguments_of,
    awaited,
    called_name,
    callee_of,
    chain_start,
    enclosing_function,
    function_of,
    is_async,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.gathered import gathered
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, dotted, resolve, unwrap
from chunklint.semantics.ecmascript.react import hook_of

# Calls that do something rather than ask; their answer is not a matter of what is shown.
ACTS = ("create", "post", "put", "patch", "save", "update", "delete", "submit", "start", "send", "add", "remove")

# What a client's methods are called that change something, and hardly anything else is.
_VERBS = ("post", "put", "patch")

_ACTING_METHOD = re.compile(r"""\bmethod:\s*["'](?:POST|PUT|PATCH|DELETE)["']""", re.IGNORECASE)

# What draws a picture answers in the order in which it was asked.
_DRAWS = frozenset({"todataurl", "render"})

# Wrappers that may drop the answers of earlier calls.
_SETTLES_ORDER = ("debounce", "throttle", "latest", "cancel")
# What is called to ask, by the name of its owner or its own.
_SERVERS = re.compile(r"api|service|client|http|axios|server", re.IGNORECASE)
_ASKING = re.compile(r"^(?:fetch|load|request|query|get|list|search)(?![a-z])")
_HOPS = 4
_NAMES = ("identifier", "shorthand_property_identifier")


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
            elif found.kind == "variable" and (one := _one_of_all(file, found.value, found.keys)) is not None:
                yield one
            elif found.kind == "variable" and found.value is not None and _is_near(file, found, value):
                pending.extend((part, hops + 1) for part in (found.value, *gathered(file, found)))


def _is_near(file: SourceFile, found: Binding, value: Node) -> bool:
    around = enclosing_function(file, value)
    return around is not None and begins_within(found.node, around)


def _calls_of(wait: Node) -> Iterator[Node]:
    inner = awaited(wait)
    if inner.type == "call_expression":
        yield inner


def _request_continued(file: SourceFile, found: Binding) -> Iterator[Node]:
    """What `then` goes on from: the requests of the chain whose continuation has this parameter."""
    listed = found.scope.parent
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    for request in asked_in_chain(file, call) if call is not None and called_name(file, call) in CONTINUES else ():
        yield _one_of_all(file, request, found.keys[1:]) or request


def asked_in_chain(file: SourceFile, call: Node) -> Iterator[Node]:
    """The first call of a chain of `then`, and what is asked for in the functions that it goes on with.

    Both `api.account()` and `api.contact(name)` of `api.account().then(() => api.contact(name)).then(show)`.
    """
    given: list[Node] = []
    first: Node | None = call
    while first is not None and first.type == "call_expression" and called_name(file, first) in CONTINUES:
        given += arguments_of(first)[:1] if first != call and called_name(file, first) == "then" else []
        first = receiver_of(first)
    if first is None or first.type != "call_expression":
        return
    yield first
    for function in given:
        values = returned(function) if is_function(function) else []
        yield from (value for value in values if _asks(file, value))


def _asks(file: SourceFile, value: Node) -> bool:
    """Whether a value is asked for elsewhere, as what is called says: `api.contact(name)`, `fetchContact(name)`."""
    callee = callee_of(value) if value.type == "call_expression" else None
    if callee is None:
        return False
    if callee.type == "member_expression":
        receiver = receiver_of(value)
        return receiver is not None and _SERVERS.search(".".join(dotted(file, receiver))) is not None
    function = function_of(file, callee)
    return _ASKING.match(file.text(callee)) is not None and (function is None or is_async(function))


def _one_of_all(file: SourceFile, value: Node | None, keys: tuple[str, ...]) -> Node | None:
    """The call that gives one of the answers of `const [rows, total] = await Promise.all([list(), count()])`."""
    call = unwrap(value) if value is not None else None
    if call is None or called_name(file, call) not in ("all", "allSettled") or not keys[:1] or not keys[0].isdigit():
        return None
    listed = arguments_of(call)[:1]
    parts = [part for part in listed[0].named_children if part.type != "comment"] if listed else []
    if not parts or listed[0].type != "array" or len(parts) <= int(keys[0]):
        return None
    return chain_start(file, unwrap(parts[int(keys[0])]))


def _changes_something(file: SourceFile, request: Node, verb: str) -> bool:
    """Whether a `fetch` is told to do more than ask."""
    return verb == "fetch" and any(_ACTING_METHOD.search(file.text(given)) for given in arguments_of(request)[1:2])


def asks_with(file: SourceFile, request: Node, changing: Collection[str], path: tuple[Node, ...]) -> Iterator[str]:
    """The changing dependencies that a request's arguments mention, through variables and parameters.

    Of a function of the file that waits for requests itself, those that it asks with: what else it is given may only
    be put beside the answer.
    """
    if _is_no_question(file, request):
        return
    callee = callee_of(request)
    called = function_of(file, callee) if callee is not None and callee.type == "identifier" else None
    if called is None:
        yield from mentioned(file, [*_asked_of(file, request, changing), *arguments_of(request)], changing, path)
        return
    if any(called_name(file, call).lower() in _VERBS for call in descendants(called, "call_expression")):
        return
    requests = list(_requests_of(called)) if request not in path else []
    inner = {name for one in requests for name in asks_with(file, one, changing, (*path, request))}
    if inner:
        yield from sorted(inner)
        return
    given = arguments_of(request)
    if not given and (body := called.child_by_field_name("body")) is not None:
        given = list(descendants(body, "arguments"))
    elif requests:
        given = list(_used_by(file, called, requests[-1], given))
    yield from mentioned(file, given, changing, path)


def _is_no_question(file: SourceFile, request: Node) -> bool:
    """Whether a call changes something, draws, or drops the answers of earlier calls itself."""
    verb = called_name(file, request).lower()
    if verb in _DRAWS or verb.startswith(ACTS) or any(word in verb for word in _SETTLES_ORDER):
        return True
    return _changes_something(file, request, verb)


def _asked_of(file: SourceFile, request: Node, changing: Collection[str]) -> Iterator[Node]:
    """What a method is called on, where that is no dependency.

    `response.json()` asks nothing; what it belongs to does, when that is a variable of the work itself.
    """
    receiver = receiver_of(request)
    if receiver is not None and not {".".join(chain) for chain in chains_in(file, receiver)}.intersection(changing):
        yield receiver


def mentioned(file: SourceFile, given: list[Node], changing: Collection[str], path: tuple[Node, ...]) -> Iterator[str]:
    """The changing dependencies that values mention, through variables and parameters."""
    pending: list[tuple[Node, int]] = [(one, 0) for one in given]
    seen: set[int] = set()
    while pending:
        current, hops = pending.pop()
        named = {".".join(chain) for chain in chains_in(file, current)}.intersection(changing)
        yield from sorted(named)
        if named or hops == _HOPS:
            continue
        for name in [current] if current.type in _NAMES else list(descendants(current, *_NAMES)):
            found = resolve(file, name)
            if found is None or found.node.id in seen:
                continue
            seen.add(found.node.id)
            if found.kind == "parameter":
                pending.extend((value, hops + 1) for value in _passed(file, found, path))
            elif (value := _own_value(file, found)) is not None:
                pending.append((value, hops + 1))


def _own_value(file: SourceFile, found: Binding) -> Node | None:
    """What a variable of the work or the component is set to at once; None for a hook's, a function and a module's."""
    if found.kind != "variable" or found.value is None or found.scope.type == "program":
        return None
    return None if hook_of(file, found) is not None or function_of(file, found.value) is not None else found.value


def _requests_of(function: Node) -> Iterator[Node]:
    """The calls that a function waits for, but not those that read the rest of an answer."""
    body = function.child_by_field_name("body")
    for wait in descendants(body, "await_expression", stop=FUNCTIONS) if body is not None else ():
        yield from (call for call in _calls_of(wait) if arguments_of(call))


def _used_by(file: SourceFile, function: Node, request: Node, given: list[Node]) -> Iterator[Node]:
    """Of what a function is given, what it names before the end of a request of its own."""
    named = (one for one in descendants(function, *_NAMES) if one.end_byte <= request.end_byte)
    used = {
        (found.keys or ("0",))[0]
        for one in named
        if (found := resolve(file, one)) is not None and found.node != one and found.scope == function
    }
    yield from (one for at, one in enumerate(given) if str(at) in used)


def _passed(file: SourceFile, found: Binding, path: tuple[Node, ...]) -> Iterator[Node]:
    """What the calls that lead to the request pass for a parameter."""
    position = (found.keys or ("0",))[0]
    for call in path:
        callee = callee_of(call)
        if callee is not None and function_of(file, callee) == found.scope and position.isdigit():
            yield from arguments_of(call)[int(position) : int(position) + 1]
