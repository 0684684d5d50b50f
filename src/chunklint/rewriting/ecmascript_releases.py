"""What gives an acquisition back, written for the code at hand: the call, and the names that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Refusal
from chunklint.rewriting.ecmascript_blocks import Release, Site, indent_in
from chunklint.rewriting.ecmascript_handlers import is_typed, pair, phase
from chunklint.rewriting.ecmascript_names import (
    first_value,
    function_around,
    introduce,
    is_in,
    is_seen_from,
    kept_in,
    own_statement,
    starts_empty,
)
from chunklint.rewriting.ecmascript_text import moved
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function, receiver_of
from chunklint.semantics.ecmascript.names import FUNCTIONS, qualified, resolve, unwrap
from chunklint.semantics.ecmascript.origins import export_of, is_global, is_native
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition

_CLEARS = {
    "setInterval": ("clearInterval", "interval"),
    "setTimeout": ("clearTimeout", "timeout"),
    "requestAnimationFrame": ("cancelAnimationFrame", "frame"),
}
_ENDS = {found.name: found.release for found in RESOURCES if found.kind is Kind.CONNECTION}
_PACKAGES = {(found.module, found.name): found.release for found in RESOURCES if found.kind is Kind.INSTANCE}
# What a style is set to when it shall have no effect.
_RESTING = frozenset({"", "auto", "unset", "initial", "inherit", "visible", "scroll", "default", "static"})
_HANDLES = {
    "WebSocket": "socket",
    "EventSource": "source",
    "BroadcastChannel": "channel",
    "Worker": "worker",
    "SharedWorker": "worker",
    "RTCPeerConnection": "connection",
    "AudioContext": "audio",
    "SpeechRecognition": "recognition",
    "webkitSpeechRecognition": "recognition",
}


def release_of(site: Site, acquired: Acquisition) -> Release | Refusal:
    """What to call at the end of `block` (or when its cleanup runs), with the edits that name what it needs."""
    match acquired.kind:
        case Kind.LISTENER:
            return _listener(site, acquired)
        case Kind.INTERVAL | Kind.TIMEOUT:
            return _timer(site, acquired)
        case Kind.CONNECTION | Kind.INSTANCE:
            return _made(site, acquired)
        case Kind.OBSERVER:
            return _observer(site, acquired)
        case Kind.SUBSCRIPTION:
            return _subscription(site, acquired)
        case Kind.OBJECT_URL | Kind.WATCH:
            return _number(site, acquired)
        case Kind.GLOBAL:
            return _global(site, acquired)
    return Refusal("what it waits for decides what there is to release")


def _listener(site: Site, acquired: Acquisition) -> Release | Refusal:
    node, receiver = acquired.node, acquired.receiver
    given, added = arguments_of(node), called_name(site.file, node)
    if receiver is not None and is_native(site.file, receiver):
        handle = kept_in(site, node, "subscription")
        return handle if isinstance(handle, Refusal) else Release(f"{handle}.remove", handle=handle)
    if added == "addListener":
        return pair(site, acquired, "removeListener", 0)
    said = phase(site, given[2:3])
    if said is None:
        return Refusal("its options are made where it is added, and the removal needs the same capture flag")
    found = pair(site, acquired, "removeEventListener", 1)
    if isinstance(found, Refusal) or found.given is None:
        return found
    return Release(found.callee, (*found.given, said) if said else found.given)


def _timer(site: Site, acquired: Acquisition) -> Release | Refusal:
    name = called_name(site.file, acquired.node)
    clear, wanted = _CLEARS[name]
    handle = kept_in(site, acquired.node, wanted)
    if isinstance(handle, Refusal):
        return handle
    callee = acquired.node.child_by_field_name("function")
    owner = site.file.text(callee).removesuffix(name) if callee is not None else ""
    guarded = is_typed(site.file) and starts_empty(site.file, site.effect, handle)
    return Release(f"{owner}{clear}", (handle,), False, handle, guarded, _reset(site, handle))


def _made(site: Site, acquired: Acquisition) -> Release | Refusal:
    callee = callee_of(acquired.node)
    if callee is None:
        return Refusal("what makes it is not written out")
    name = site.file.text(callee).rpartition(".")[2]
    release = (
        _ENDS.get(name) if is_global(site.file, callee) else _PACKAGES.get(export_of(site.file, callee) or ("", ""))
    )
    if release is None:
        return Refusal("what ends it is not known")
    if release == "close" and name == "WebSocket" and _opens_again(site.file, acquired.node):
        return Refusal("its close handler opens the next one, which a cleanup has to prevent first")
    wanted = _HANDLES.get(name) or ("socket" if release in ("disconnect", "close") else name.lower())
    handle = kept_in(site, acquired.node, wanted)
    if isinstance(handle, Refusal):
        return handle
    dot = "?." if "." in handle else "."
    returns, resets = acquired.kind is Kind.INSTANCE, _reset(site, handle)
    return Release(f"{handle}{dot}{release}", returns=returns, handle=handle, resets=resets)


def _reset(site: Site, handle: str) -> str:
    """What stands for nothing in a ref that the effect asks before it puts something there; "" when it does not."""
    chains = (chain for asked in conditions(site.effect.callback) for chain in chains_in(site.file, asked))
    if "." not in handle or all(".".join(chain) != handle for chain in chains):
        return ""
    return first_value(site.file, site.effect, handle) or "undefined"


def _opens_again(file: SourceFile, node: Node) -> bool:
    """Whether the function around reacts to the closing of a socket with more than setting state."""
    around = function_around(node)
    text = file.text(around)
    return ("onclose" in text or '"close"' in text or "'close'" in text) and (
        "setTimeout" in text or "econnect" in text
    )


def _observer(site: Site, acquired: Acquisition) -> Release | Refusal:
    observer = receiver_of(acquired.node)
    if observer is None:
        return Refusal("the observer is not written out")
    if observer.type == "identifier":
        if not is_seen_from(site.file, observer, site.block.node):
            return Refusal(f"`{site.file.text(observer)}` is not known, or another one, where the cleanup would be")
        return Release(f"{site.file.text(observer)}.disconnect")
    statement = own_statement(acquired.node, site.block)
    if observer.type != "new_expression" or statement is None or not is_in(statement, site.block):
        return Refusal("the observer has no name that the cleanup could use")
    own = site.edits.free_name(function_around(acquired.node), "observer")
    introduce(site, statement, own, moved(site.file, observer, indent_in(site.file, statement, site.block)))
    site.edits.replace(observer.start_byte, observer.end_byte, own)
    return Release(f"{own}.disconnect")


def _subscription(site: Site, acquired: Acquisition) -> Release | Refusal:
    name, given = called_name(site.file, acquired.node), arguments_of(acquired.node)
    if name == "onAuthStateChange":
        return Refusal("the client decides in which member of the answer its `unsubscribe` stands")
    if receiver_of(acquired.node) is None or name not in ("on", "addListener", "subscribe"):
        if not acquired.returns:
            return Refusal(f"what `{name}` returns is not what ends it")
        handle = kept_in(site, acquired.node, "unsubscribe")
        return handle if isinstance(handle, Refusal) else Release(handle, handle=handle)
    if name == "on" and _made_by(site.file, acquired.node) in _UNBINDING:
        handle = kept_in(site, acquired.node, "unbind")
        return handle if isinstance(handle, Refusal) else Release(handle, handle=handle)
    if name == "on" and len(given) == 2:
        return pair(site, acquired, "off", 1)
    if name == "subscribe" and _returns_function(site.file, acquired.node):
        handle = kept_in(site, acquired.node, "unsubscribe")
        return handle if isinstance(handle, Refusal) else Release(handle, handle=handle)
    if name == "subscribe" and _is_observable(site.file, acquired.node):
        handle = kept_in(site, acquired.node, "subscription")
        return handle if isinstance(handle, Refusal) else Release(f"{handle}.unsubscribe", handle=handle)
    return Refusal(f"this file does not tell what `{name}` returns, or how to undo it")


_STORES = frozenset({"zustand", "redux", "@reduxjs/toolkit", "zustand/vanilla", "jotai", "valtio", "nanostores"})


# Emitters without an `off`: what `on` returns ends it.
_UNBINDING = frozenset({"nanoevents"})


def _returns_function(file: SourceFile, node: Node) -> bool:
    """Whether a store is subscribed to: of a library whose `subscribe` returns what undoes it."""
    receiver = receiver_of(node)
    return receiver is not None and (_made_by(file, node) in _STORES or file.text(receiver) == "navigation")


def _made_by(file: SourceFile, node: Node) -> str:
    """The package whose function has made what a method is called on; "" when that is not seen."""
    receiver = receiver_of(node)
    found = resolve(file, receiver) if receiver is not None and receiver.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None else None
    callee = callee_of(made) if made is not None and made.type == "call_expression" else None
    origin = qualified(file, callee) if callee is not None else None
    return origin[0] if origin is not None else ""


def _is_observable(file: SourceFile, node: Node) -> bool:
    """Whether a name follows the custom of RxJS: `clicks$`."""
    receiver = receiver_of(node)
    return receiver is not None and file.text(receiver).endswith("$")


def _number(site: Site, acquired: Acquisition) -> Release | Refusal:
    is_url = acquired.kind is Kind.OBJECT_URL
    handle = kept_in(site, acquired.node, *(("url", "objectUrl") if is_url else ("watch", "watchId")))
    if isinstance(handle, Refusal):
        return handle
    callee = acquired.node.child_by_field_name("function")
    owner = site.file.text(callee).rpartition(".")[0] if callee is not None else ""
    return Release(f"{owner}.{'revokeObjectURL' if is_url else 'clearWatch'}", (handle,), handle=handle)


def _global(site: Site, acquired: Acquisition) -> Release | Refusal:
    if acquired.node.type == "call_expression":
        return _class_name(site, acquired)
    left, right = acquired.node.child_by_field_name("left"), acquired.node.child_by_field_name("right")
    if left is None or right is None:
        return Refusal("what it sets is not written out")
    target = site.file.text(left)
    kept = next((one for one in _kept_before(site, acquired.node) if site.file.text(one[1]) == target), None)
    if kept is not None:
        return Release(f"{target} = {site.file.text(kept[0])}", None)
    if is_function(unwrap(right)) or target.rpartition(".")[2].startswith("on"):
        return Release(f"{target} = null", None)
    for other in descendants(site.effect.callback, "assignment_expression"):
        other_left, value = other.child_by_field_name("left"), other.child_by_field_name("right")
        if other != acquired.node and other_left is not None and site.file.text(other_left) == target:
            if value is None or site.file.text(value).strip("'\"") not in _RESTING:
                return Refusal(f"`{target}` gets other values, too")
            return Release(f"{target} = {site.file.text(value)}", None)
    statement = own_statement(acquired.node, site.block)
    if statement is None:
        return Refusal("there is no place to keep the former value")
    own = target.rpartition(".")[2]
    name = site.edits.free_name(site.effect.callback, f"previous{own[:1].upper()}{own[1:]}")
    introduce(site, statement, name, target)
    return Release(f"{target} = {name}", None, handle=name)


def _class_name(site: Site, acquired: Acquisition) -> Release | Refusal:
    """`classList.remove` for what `add` or `toggle` was given."""
    callee, given = acquired.node.child_by_field_name("function"), arguments_of(acquired.node)
    owner, dot, method = site.file.text(callee).rpartition(".") if callee is not None else ("", "", "")
    taken = given if method == "add" else given[:1]
    if not owner.endswith(".classList") or method not in ("add", "toggle") or not taken:
        return Refusal("what it sets is not written out")
    if any(not is_seen_from(site.file, one, site.block.node) for one in taken):
        return Refusal("the class is not known where the cleanup would be")
    return Release(f"{owner}{dot}remove", tuple(site.file.text(one) for one in taken))


def _kept_before(site: Site, node: Node) -> Iterator[tuple[Node, Node]]:
    """The names that the effect gives to values before a node, with the values."""
    for declarator in descendants(site.effect.callback, "variable_declarator", stop=FUNCTIONS):
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        before = declarator.end_byte <= node.start_byte
        if before and name is not None and value is not None and is_seen_from(site.file, name, site.block.node):
            yield name, value
