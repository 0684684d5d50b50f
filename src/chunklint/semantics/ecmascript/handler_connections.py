"""Connections that the handlers of a component's elements open and that nothing of the component ever closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import called_name, enclosing_function, function_name, is_function
from chunklint.semantics.ecmascript.lifetimes import handle_of
from chunklint.semantics.ecmascript.names import uses_of
from chunklint.semantics.ecmascript.origins import is_global
from chunklint.semantics.ecmascript.react import component_of, is_hook
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition, acquisition

_WORDS = (b"WebSocket", b"EventSource", b"socket.io-client")
_SOCKETS = frozenset({"WebSocket", "EventSource"})
_ENDS = RELEASES[Kind.CONNECTION] | RELEASES[Kind.INSTANCE] | RELEASES[Kind.SUBSCRIPTION]


def is_live(file: SourceFile, found: Acquisition) -> bool:
    """Whether something that was opened goes on talking by itself: a socket, not a worker or a sound."""
    callee = found.node.child_by_field_name("constructor")
    if callee is not None:
        return file.text(callee).removeprefix("window.") in _SOCKETS and is_global(file, callee)
    return found.kind is Kind.INSTANCE and found.node.type == "call_expression" and b"socket.io-client" in file.source


def opened_by_handlers(file: SourceFile) -> Iterator[Acquisition]:
    """The connections that handlers open, in components that call nothing by a name that could close them."""
    if not any(word in file.source for word in _WORDS):
        return
    for node in descendants(file.root, "new_expression", "call_expression"):
        found = acquisition(file, node)
        if found is None or found.kind not in (Kind.CONNECTION, Kind.INSTANCE) or not is_live(file, found):
            continue
        owner, around = component_of(file, node), enclosing_function(file, node)
        if owner is None or is_hook(function_name(file, owner)) or not is_handler(file, around, owner, _runs_on_event):
            continue
        if any(called_name(file, call) in _ENDS for call in descendants(owner, "call_expression")):
            continue
        handle = handle_of(file, node)
        if handle.escapes or handle.paged or handle.state or _is_handed_on(file, owner, handle.names):
            continue
        yield found


def is_handler(file: SourceFile, function: Node | None, owner: Node, runs: Callable[[SourceFile, Node], bool]) -> bool:
    """Whether a component's function has uses (itself, without a name), and `runs` holds for each of them."""
    if function is None or function == owner or function.parent is None:
        return False
    declared = function.parent if function.parent.type == "variable_declarator" else function
    name = declared.child_by_field_name("name")
    places = [function] if name is None else list(uses_of(file, name))
    return bool(places) and all(runs(file, place) for place in places)


def _runs_on_event(file: SourceFile, place: Node) -> bool:
    """Whether an element's event runs what stands here: `onClick={start}`, `onClick={() => start()}`."""
    around = place.parent
    if around is not None and around.type == "call_expression":
        inline = next((one for one in ancestors(around) if is_function(one)), None)
        return inline is not None and inline.type == "arrow_function" and is_given_to_event(file, inline)
    return is_given_to_event(file, place)


def is_given_to_event(file: SourceFile, place: Node) -> bool:
    """Whether what stands here is what an element runs when something happens to it: `onMouseDown={begin}`."""
    around = place.parent
    attribute = around.parent if around is not None and around.type == "jsx_expression" else None
    if attribute is None or attribute.type != "jsx_attribute":
        return False
    name = file.text(attribute.named_children[0])
    return name.startswith("on") and name[2:3].isupper()


def _is_handed_on(file: SourceFile, owner: Node, names: frozenset[tuple[str, ...]]) -> bool:
    """Whether what keeps a connection is given to other code as a whole."""
    roots = {name[0] for name in names}
    for use in descendants(owner, "identifier", "shorthand_property_identifier"):
        around = use.parent
        if file.text(use) not in roots or around is None:
            continue
        if use.type != "identifier" or around.type in (
            "arguments",
            "jsx_expression",
            "pair",
            "array",
            "spread_element",
        ):
            return True
    return False
