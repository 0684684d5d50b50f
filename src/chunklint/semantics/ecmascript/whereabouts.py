"""Where a name stands for something: a function or object of this file, what another file exports, or this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.classes import CLASSES, heritage_of, members
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callback_of,
    called_name,
    callee_of,
    function_of,
    is_async,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import Binding, bindings, qualified, resolve, string_value, unwrap, wrapped
from chunklint.semantics.ecmascript.own_machine import CLASSES as BUILT
from chunklint.semantics.ecmascript.own_machine import CLIENTS, PACKAGES

_HOPS = 6
_TYPE = re.compile(r"^:?\s*(?:typeof\s+)?([A-Za-z_$][\w$]*)\s*(?:<[^|]*>)?\s*(?:\|\s*(?:null|undefined)\s*)*$")
# What a state holds, as its type says: `useState<Shelf | null>(null)`.
_STATES = ("useState", "useRef", "useMemo")
# Where wrappers around comlink hold the proxy.
_HOLD_PROXIES = ("remote", "proxy")
CALLED, MADE = "()", "new"
"""The steps of a way that are no names of members: the result of a call, and an instance of a class."""


class Lead(NamedTuple):
    """What another file exports: module, name, and the way on from there (`().search`, `new.read`)."""

    module: str
    name: str
    way: str = ""

    def on(self, step: str) -> Lead:
        """The same, one step further. A member of a whole module is an export."""
        if self.name == "*" and step not in (CALLED, MADE):
            return Lead(self.module, step, self.way)
        return Lead(self.module, self.name, f"{self.way}.{step}" if self.way else step)


class Instance(NamedTuple):
    """An object of a class of this file."""

    node: Node


class Proxy(NamedTuple):
    """What stands here for an object in a worker: it, or its member of a usual name, does what the object's class does.

    A worker may fetch as well as anybody, so that its class is followed.
    """

    behind: Lead


class _Here(NamedTuple):
    """What belongs to this machine, with all that it gives."""

    kind: str = "here"


HERE: Final = _Here()
Place = Node | Lead | Instance | Proxy | _Here | None


def place_of(file: SourceFile, expression: Node, hops: int = _HOPS) -> Place:
    """What an expression stands for; None where this file does not say."""
    node = unwrap(expression)
    if hops == 0:
        return None
    if is_function(node) or node.type in ("object", *CLASSES):
        return node
    match node.type:
        case "identifier" | "shorthand_property_identifier":
            return _of_name(file, node, hops)
        case "this":
            around = next((one for one in ancestors(node) if one.type in CLASSES), None)
            return Instance(around) if around is not None else None
        case "super":
            around = next((one for one in ancestors(node) if one.type in CLASSES), None)
            base = heritage_of(around) if around is not None else None
            return _on(file, place_of(file, base, hops - 1), MADE, hops) if base is not None else None
        case "member_expression":
            owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
            if owner is None or name is None:
                return None
            return _on(file, place_of(file, owner, hops), file.text(name), hops)
        case "call_expression":
            return _of_call(file, node, hops)
        case "assignment_expression" | "augmented_assignment_expression":
            right = node.child_by_field_name("right")
            return place_of(file, right, hops - 1) if right is not None else None
        case "new_expression":
            return _of_made(file, node, hops)
    return None


def _of_call(file: SourceFile, call: Node, hops: int) -> Place:
    """What a call gives: the function or the object that a hook keeps or a function returns."""
    function = function_of(file, call) or _of_worker(file, call)
    callee = callee_of(call)
    if function is not None or callee is None:
        return function
    if file.text(callee).rpartition(".")[2] == "useMemo":
        maker = callback_of(file, call)
        return _of_result(file, maker, hops) if maker is not None else None
    place = _on(file, place_of(file, callee, hops - 1), CALLED, hops)
    # What it is given to do may wait for anything: `shelf.transaction("rw", async () => ...)`.
    given = (function_of(file, one) for one in arguments_of(call)) if place is HERE else ()
    return None if any(one is not None and is_async(one) for one in given) else place


def _of_made(file: SourceFile, made: Node, hops: int) -> Place:
    """The instance that `new` makes."""
    callee = callee_of(made)
    if callee is None:
        return None
    if callee.type == "identifier" and resolve(file, callee) is None:
        return HERE if file.text(callee) in BUILT else None
    return _of_worker(file, made) or _on(file, place_of(file, callee, hops - 1), MADE, hops)


def _of_worker(file: SourceFile, made: Node) -> Place:
    """What stands for an object in a worker, by the type that it is made with: `wrap<typeof Mill>(new Worker(url))`."""
    types = made.child_by_field_name("type_arguments")
    callee = callee_of(made)
    if types is None or callee is None:
        return None
    wraps = made.type == "call_expression" and (qualified(file, callee) or ("",))[0] == "comlink"
    if not wraps and not (made.type == "new_expression" and "new Worker(" in file.text(made)):
        return None
    text = file.text(types)[1:-1]
    behind = _of_class(file, text)
    if wraps and "typeof" in text and isinstance(behind, Lead):
        return Proxy(Lead(behind.module, behind.name))
    return Proxy(behind) if isinstance(behind, Lead) else None


def _of_name(file: SourceFile, name: Node, hops: int) -> Place:
    found = resolve(file, name)
    if found is None:
        return None
    if found.kind == "import":
        return of_import(found.module, found.imported)
    if found.kind in ("function", "class"):
        return found.value
    place = _of_type(file, found.node)
    if place is None and found.kind == "parameter":
        return _of_continued(file, found, hops)
    if place is None and found.value is not None and next(assigned(file, found), None) is None:
        place = _of_state(file, found) or place_of(file, found.value, hops - 1)
        for key in found.keys if place is not None and not _is_state(file, found) else ():
            place = _on(file, place, key, hops)
    return place


def _of_continued(file: SourceFile, found: Binding, hops: int) -> Place:
    """What `then` gives the function that it goes on with: what the call before it promises."""
    given = wrapped(found.scope).parent
    call = given.parent if given is not None and given.type == "arguments" else None
    receiver = receiver_of(call) if call is not None and called_name(file, call) == "then" else None
    place = place_of(file, receiver, hops - 1) if receiver is not None and found.keys[:1] == ("0",) else None
    for key in found.keys[1:]:
        place = _on(file, place, key, hops)
    return place


def of_import(module: str, name: str) -> Place:
    """What an imported name stands for: a package of a table says, otherwise the file of the project does."""
    if PACKAGES.match(module):
        return HERE
    # A name of one word (`zod`) is hardly ever a folder of the project.
    known = CLIENTS.match(module) is None and ("/" in module or module.startswith("."))
    return Lead(module, name) if known else None


def _is_state(file: SourceFile, found: Binding) -> bool:
    call = unwrap(found.value) if found.value is not None else None
    callee = callee_of(call) if call is not None and call.type == "call_expression" else None
    return callee is not None and file.text(callee).rpartition(".")[2] in _STATES


def _of_state(file: SourceFile, found: Binding) -> Place:
    """The instance that a state holds, as its type says."""
    call = unwrap(found.value) if found.value is not None and _is_state(file, found) else None
    types = call.child_by_field_name("type_arguments") if call is not None else None
    return _of_class(file, file.text(types)[1:-1]) if types is not None and found.keys in (("0",), ()) else None


def assigned(file: SourceFile, found: Binding) -> Iterator[Node]:
    """What a variable is set to after its declaration."""
    for left, right in _assignments(file).get(found.name, ()):
        if left.type == "identifier" and (meant := resolve(file, left)) is not None and meant.node == found.node:
            yield right


def kept_in(file: SourceFile, member: Node) -> Iterator[Node]:
    """What a member is set to anywhere in the file under the same name: `asked[name] = fetch(name)`."""
    yield from (right for _, right in _assignments(file).get(file.text(member), ()))


def _assignments(file: SourceFile) -> dict[str, list[tuple[Node, Node]]]:
    """Both sides of every assignment, by the text of the left."""

    def collect() -> dict[str, list[tuple[Node, Node]]]:
        places: dict[str, list[tuple[Node, Node]]] = {}
        for node in descendants(file.root, "assignment_expression", "augmented_assignment_expression"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                places.setdefault(file.text(left), []).append((left, right))
        return places

    return file.remember("assignments", collect)


def typed_as(file: SourceFile, name: Node) -> str:
    """The one name of the type that a parameter or variable is declared with; "" for none."""
    around = name.parent
    kind = around.child_by_field_name("type") if around is not None else None
    found = _TYPE.match(file.text(kind)) if kind is not None else None
    return found[1] if found is not None else ""


def _of_type(file: SourceFile, name: Node) -> Place:
    """The instance that a name stands for, as its declared type says."""
    around = name.parent
    kind = around.child_by_field_name("type") if around is not None else None
    return _of_class(file, file.text(kind)) if kind is not None else None


def _of_class(file: SourceFile, text: str) -> Place:
    named = _TYPE.match(text)
    found = bindings(file, file.root).get(named[1]) if named is not None else None
    if found is None:
        return None
    if found.kind == "class" and found.value is not None:
        return Instance(found.value)
    place = of_import(found.module, found.imported) if found.kind == "import" else None
    return place.on(MADE) if isinstance(place, Lead) else place


def _on(file: SourceFile, place: Place, step: str, hops: int) -> Place:
    """One step on from a place."""
    if place is HERE or place is None:
        return place
    if isinstance(place, Lead):
        return place.on(step)
    if isinstance(place, Proxy):
        return place.behind if step in (*_HOLD_PROXIES, MADE) else place.behind.on(step)
    if isinstance(place, Instance):
        return _of_member(file, place.node, step, hops)
    if not isinstance(place, Node):
        return None
    if step == MADE:
        return Instance(place) if place.type in CLASSES else None
    if step == CALLED:
        return _of_result(file, place, hops) if is_function(place) else None
    return _of_pair(file, place, step, hops) if place.type == "object" else None


def _of_result(file: SourceFile, function: Node, hops: int) -> Place:
    values = returned(function)
    return place_of(file, values[0], hops - 1) if len(values) == 1 else None


def pairs_of(file: SourceFile, literal: Node) -> dict[str, Node]:
    """The members of an object literal: functions and values by their names."""
    found: dict[str, Node] = {}
    for part in literal.named_children:
        if part.type == "method_definition" and (name := part.child_by_field_name("name")) is not None:
            found[file.text(name)] = part
        elif part.type == "shorthand_property_identifier":
            found[file.text(part)] = part
        elif part.type == "pair":
            key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
            if key is not None and value is not None and key.type != "computed_property_name":
                found[string_value(file, key) or file.text(key)] = value
    return found


def _of_pair(file: SourceFile, literal: Node, name: str, hops: int) -> Place:
    value = pairs_of(file, literal).get(name)
    return place_of(file, value, hops - 1) if value is not None else None


def _of_member(file: SourceFile, node: Node, name: str, hops: int) -> Place:
    """What a member of an instance is: a method, the value or type of a field, or what the base class has."""
    member = dict(members(file, node)).get(name)
    if member is None:
        base = heritage_of(node)
        return (
            _on(file, _on(file, place_of(file, base, hops - 1), MADE, hops), name, hops) if base is not None else None
        )
    if member.type == "method_definition":
        return member
    kind, value = member.child_by_field_name("type"), member.child_by_field_name("value")
    place = _of_class(file, file.text(kind)) if kind is not None else None
    return place or (place_of(file, value, hops - 1) if value is not None else None)
