"""Where a call leads: to this machine alone, to functions of other files, or to what may be another machine.

What a function waits for, or returns, decides when its answer comes; what it calls beside that does not. `None` stands
for what may ask another machine, an empty set for what answers on this one, and anything else for what other files say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    arguments_of,
    called_name,
    callee_of,
    function_of,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, bindings, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.own_machine import (
    BUILT_IN,
    FILES,
    FULFILS,
    INSTANT,
    INSTANT_WITH,
    LATER,
    READS,
    SETS_SOURCE,
    WINDOWS,
)
from chunklint.semantics.ecmascript.whereabouts import HERE, Lead, assigned, kept_in, place_of, typed_as

Leads = frozenset[Lead]
NONE: Leads = frozenset()
_ALL = ("all", "allSettled", "race", "any", "resolve")
_JOINED = ("&&", "||", "??")


def leads_of(file: SourceFile, value: Node) -> Leads | None:
    """Where a value that is waited for comes from."""
    node = unwrap(value)
    if parts := _either(node):
        return union(leads_of(file, part) for part in parts)
    match node.type:
        case "call_expression":
            return _of_call(file, node)
        case "new_expression":
            return _of_promise(file, node) if file.text(callee_of(node) or node) == "Promise" else NONE
        case "identifier":
            return _of_name(file, node)
        case "member_expression" | "subscript_expression":
            return _of_place(file, node)
    # Literals, objects, functions and elements are there at once.
    return NONE


def _either(node: Node) -> list[Node]:
    """The values of which a condition takes one: `known ? kept : ask()`, `kept ?? ask()`; none for any other value."""
    if node.type == "ternary_expression":
        parts = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
        return [part for part in parts if part is not None]
    return node.named_children if node.type == "binary_expression" and node.children[1].type in _JOINED else []


def leads_before(file: SourceFile, place: Node, owner: Node) -> Leads | None:
    """Where all leads that is waited for before a place is reached, in the functions around it within their owner."""
    found: list[Leads | None] = []
    for around in ancestors(place):
        if around == owner:
            break
        if is_function(around) and (body := around.child_by_field_name("body")) is not None:
            waits = descendants(body, "await_expression", stop=FUNCTIONS)
            found.extend(leads_of(file, wait) for wait in waits if wait.start_byte < place.end_byte)
        elif around.type == "call_expression" and called_name(file, around) in CONTINUES:
            receiver = receiver_of(around)
            found.append(leads_of(file, receiver) if receiver is not None else None)
    return union(found)


def leads_of_function(file: SourceFile, function: Node) -> Leads | None:
    """Where the answer of a function comes from. One that calls itself adds nothing to what else it waits for."""
    known: dict[int, Leads | None] = file.remember("leads of functions", dict)
    if function.id not in known:
        known[function.id] = NONE
        known[function.id] = union(_waited_for(file, function))
    return known[function.id]


def union(found: Iterable[Leads | None]) -> Leads | None:
    """All that several values lead to; None where one of them may lead to another machine."""
    together: set[Lead] = set()
    for one in found:
        if one is None:
            return None
        together |= one
    return frozenset(together)


def _waited_for(file: SourceFile, function: Node) -> Iterator[Leads | None]:
    body = function.child_by_field_name("body")
    if body is None or "generator" in function.type:
        yield None
        return
    for node in descendants(body, "await_expression", "for_in_statement", stop=FUNCTIONS):
        if node.type == "await_expression":
            yield leads_of(file, node)
        elif any(child.type == "await" for child in node.children):
            yield None
    if body.type == "await_expression":
        yield leads_of(file, body)
    for value in returned(function):
        yield _of_result(file, value)


def _of_result(file: SourceFile, value: Node) -> Leads | None:
    """Where a returned value comes from: what is a name for something that was waited for before counts there."""
    node = unwrap(value)
    if parts := _either(node):
        return union(_of_result(file, part) for part in parts)
    if node.type in ("member_expression", "subscript_expression"):
        return union(leads_of(file, one) for one in kept_in(file, node))
    found = resolve(file, node) if node.type == "identifier" else None
    if found is None or found.kind not in ("parameter", "loop", "catch"):
        return leads_of(file, node)
    return None if "romise" in file.text(found.node.parent or found.node)[:200] else NONE


def _of_name(file: SourceFile, name: Node) -> Leads | None:
    found = resolve(file, name)
    if found is None:
        return NONE if file.text(name) in ("undefined", "NaN", "Infinity") else None
    if found.kind in ("function", "class"):
        return NONE
    if found.kind != "variable":
        return _of_place(file, name) if found.kind == "import" else None
    # `page = last ? page : next` says of `page` only what `next` is.
    followed: set[int] = file.remember("names that are followed", set)
    if found.node.id in followed:
        return NONE
    followed.add(found.node.id)
    values = [*([found.value] if found.value is not None else []), *assigned(file, found)]
    parts = bool(found.keys) and not any(one.type == "await_expression" for one in values)
    said = _of_place(file, name) if parts else union(leads_of(file, one) for one in values)
    followed.discard(found.node.id)
    return said


def _of_place(file: SourceFile, node: Node) -> Leads | None:
    place = place_of(file, node)
    if place is HERE:
        return NONE
    return frozenset({place}) if isinstance(place, Lead) else None


def _of_call(file: SourceFile, call: Node) -> Leads | None:
    callee = callee_of(call)
    if callee is None:
        return None
    if callee.type == "import":
        return NONE
    if is_function(callee):
        return leads_of_function(file, callee)
    receiver = receiver_of(call)
    said = _of_method(file, call, receiver) if receiver is not None else None
    if said is not None:
        return said[0]
    if is_built_in(file, callee):
        return NONE
    function = function_of(file, callee) if callee.type == "identifier" else None
    place = function if function is not None else place_of(file, callee)
    if isinstance(place, Node):
        return leads_of_function(file, place) if is_function(place) else None
    if place is HERE:
        # What it is given to do, it may wait for.
        given = (function_of(file, one) for one in arguments_of(call))
        return union(leads_of_function(file, one) for one in given if one is not None)
    return frozenset({place}) if isinstance(place, Lead) else None


def is_built_in(file: SourceFile, callee: Node) -> bool:
    """Whether what is called belongs to the browser and does its work here."""
    chain = dotted(file, callee)
    root = root_of(callee)
    if not chain or root.type != "identifier" or resolve(file, root) is not None:
        return False
    chain = chain[1:] if chain[0] in WINDOWS else chain
    return any(chain[: len(known)] == known for known in BUILT_IN)


def _of_method(file: SourceFile, call: Node, receiver: Node) -> tuple[Leads | None] | None:
    """Where a call of a method leads whose name tells, in a tuple; None for any other."""
    name, given = called_name(file, call), arguments_of(call)
    if name in CONTINUES:
        return (union((leads_of(file, receiver), *(_of_continuation(file, one) for one in given))),)
    if file.text(receiver) == "Promise":
        return (union(_of_all(file, one) for one in given) if name in _ALL else NONE,)
    if name in INSTANT or (name in INSTANT_WITH and given and is_function(unwrap(given[0]))):
        return (NONE,)
    return (_of_reading(file, receiver),) if name in READS else None


def _of_continuation(file: SourceFile, given: Node) -> Leads | None:
    function = function_of(file, given)
    if function is not None:
        return leads_of_function(file, function)
    return NONE if given.type in ("undefined", "null") or file.text(given) == "undefined" else _of_place(file, given)


def _of_all(file: SourceFile, given: Node) -> Leads | None:
    """Where the parts of what `Promise.all` waits for lead: those of a list, or of each round of a `map`."""
    node = unwrap(given)
    if node.type == "array":
        return union(_of_all(file, part) for part in node.named_children if part.type != "comment")
    if node.type == "spread_element":
        return _of_all(file, node.named_children[0])
    if node.type != "call_expression" or called_name(file, node) not in ("map", "flatMap"):
        return leads_of(file, node) if node.type in ("call_expression", "new_expression") else _of_list(file, node)
    made = arguments_of(node)[:1]
    return _of_continuation(file, made[0]) if made else None


def _of_list(file: SourceFile, node: Node) -> Leads | None:
    """Where a list of promises leads that a variable holds."""
    found = resolve(file, node) if node.type == "identifier" else None
    if found is None or found.kind != "variable" or found.value is None or found.keys:
        return None
    value = unwrap(found.value)
    # What is pushed into a list later is not followed.
    return None if value.type == "array" and not value.named_children else _of_all(file, value)


def _of_reading(file: SourceFile, owner: Node) -> Leads | None:
    """Where what is read comes from: a file is there, and of an answer that has been waited for counts where from."""
    if owner.type == "await_expression":
        return leads_of(file, owner)
    if owner.type == "new_expression":
        return NONE
    found = resolve(file, owner) if owner.type == "identifier" else None
    if found is None:
        return None
    if found.kind == "variable" and found.value is not None:
        return _of_name(file, owner)
    return NONE if FILES.search(found.name) is not None or typed_as(file, found.node) in ("File", "Blob") else None


def _of_promise(file: SourceFile, node: Node) -> Leads | None:
    """Where a promise that is made by hand leads: its sign must be there, and nothing in it may be unknown."""
    given = arguments_of(node)
    maker = function_of(file, given[0]) if given else None
    text = file.text(maker) if maker is not None else ""
    if maker is None or SETS_SOURCE.search(text) or not FULFILS.search(text):
        return None
    calls = descendants(maker, "call_expression", "new_expression", "await_expression")
    return union(_of_step(file, one, maker) for one in calls)


def _of_step(file: SourceFile, node: Node, maker: Node) -> Leads | None:
    callee = callee_of(node)
    if node.type == "await_expression" or callee is None:
        return leads_of(file, node)
    if node.type == "new_expression":
        return NONE if place_of(file, node) is HERE else None
    if callee.type == "identifier":
        if file.text(callee) in bindings(file, maker):
            return NONE
        if file.text(callee) in LATER and resolve(file, callee) is None:
            # A time that is drawn by lot lets the later answer come first.
            return None if "random" in file.text(node) else NONE
    return _of_call(file, node)
