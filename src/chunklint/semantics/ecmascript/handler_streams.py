"""Microphones, cameras and screens that handlers and hooks turn on and no cleanup turns off: unmounting leaves them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import is_opaque, own_calls
from chunklint.semantics.ecmascript.constructors import is_ending
from chunklint.semantics.ecmascript.functions import (
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, uses_of, wrapped
from chunklint.semantics.ecmascript.outside_effects import run_by_effects
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    cleanup_of,
    component_of,
    effects,
    hook_of,
    is_hook,
    state_of_setter,
    unmounting,
)
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition, acquisition

_WORDS = (b"getUserMedia", b"getDisplayMedia")
_TRACKS = RELEASES[Kind.STREAM]
# What takes a stream and leaves its device to whoever has opened it.
_TAKES = frozenset({"MediaRecorder", "createMediaStreamSource", "AudioWorkletNode", "useRef"})
# What a cleanup ends by these is no stream.
_OTHERS = frozenset({"clearTimeout", "clearInterval", "cancelAnimationFrame", "removeEventListener"})


@record
class LeftOn:
    """A stream that a handler opens, or a function of a hook, and no cleanup of the component or hook ends.

    Attributes:
        hook: The hook; None for a component.
        in_ref: Whether a ref is given the stream at once, or as soon as it has a name.
    """

    acquired: Acquisition
    hook: Node | None
    in_ref: bool


def opened_streams(file: SourceFile) -> Iterator[LeftOn]:
    """The streams of devices that the handlers of a component open, where no cleanup of it ends anything."""
    if not any(word in file.source for word in _WORDS):
        return
    run = run_by_effects(file)
    for call in descendants(file.root, "call_expression"):
        found = acquisition(file, call)
        if found is None or found.kind is not Kind.STREAM or call.id in run:
            continue
        owner, around = component_of(file, call), enclosing_function(file, call)
        if owner is None or around is None or around == owner:
            continue
        hook = owner if is_hook(function_name(file, owner)) else None
        kept = _kept_as(file, call)
        if kept is None or not _is_ended_by_handlers(file, owner) or _is_ended_by_cleanup(file, owner):
            continue
        ref = kept if kept.type == "member_expression" else _ref_of(file, kept)
        if (hook is not None and ref is None) or _ends_it_itself(file, around, call):
            continue
        if (hook is not None or ref == kept) and not _takes_tracks(file, owner):
            continue  # To stop a recorder leaves the device on.
        if _stays_here(file, kept, hook) and (hook is None or _stays_in_ref(file, ref)):
            yield LeftOn(found, hook, ref is not None)


def _kept_as(file: SourceFile, call: Node) -> Node | None:
    """What is given a stream: a variable (`const stream = await getUserMedia(...)`), or the `current` of a ref."""
    value = wrapped(call)
    waits = value.parent
    if waits is not None and waits.type == "await_expression":
        value = wrapped(waits)
    declared = value.parent
    if declared is not None and declared.type == "assignment_expression":
        return _ref_on_the_left(file, declared)
    if declared is None or declared.type != "variable_declarator":
        return None
    name = declared.child_by_field_name("name")
    return name if name is not None and name.type == "identifier" else None


def _is_ended_by_handlers(file: SourceFile, owner: Node) -> bool:
    """Whether the component ends the tracks of a stream at some time: whoever forgets that never has other worries."""
    return any(called_name(file, one) in _TRACKS for one in descendants(owner, "call_expression"))


def _takes_tracks(file: SourceFile, owner: Node) -> bool:
    return any(called_name(file, one) == "getTracks" for one in descendants(owner, "call_expression"))


def _is_ended_by_cleanup(file: SourceFile, owner: Node) -> bool:
    """Whether a cleanup of the component ends anything, or runs code that this file does not show."""
    for effect in (*effects(file), *unmounting(file)):
        if effect.owner != owner or cleanup_of(file, effect) is Cleanup.ABSENT:
            continue
        names = [called_name(file, one) for one in own_calls(file, effect)]
        if is_opaque(file, effect) or any(name in _TRACKS or is_ending(name) for name in names if name not in _OTHERS):
            return True
    return False


def _ends_it_itself(file: SourceFile, function: Node, opened: Node) -> bool:
    """Whether the function that opens a stream ends it again, as what only asks for the permission does."""
    later = (one for one in descendants(function, "call_expression") if one.start_byte > opened.end_byte)
    return any(called_name(file, one) in _TRACKS and enclosing_function(file, one) == function for one in later)


def _ref_on_the_left(file: SourceFile, assignment: Node) -> Node | None:
    left = assignment.child_by_field_name("left")
    chain = dotted(file, left) if left is not None else ()
    found = resolve(file, left.named_children[0]) if left is not None and len(chain) == 2 else None
    hook = hook_of(file, found) if found is not None else None
    return left if chain[1:] == ("current",) and hook is not None and hook[0] == "useRef" else None


def _ref_of(file: SourceFile, name: Node) -> Node | None:
    """The `current` of the ref that takes what a variable holds: `kept.current = stream ?? null`."""
    for use in uses_of(file, name):
        given = _through_defaults(use)
        if given is not None and given.type == "assignment_expression":
            ref = _ref_on_the_left(file, given)
            if ref is not None:
                return ref
    return None


def _through_defaults(use: Node) -> Node | None:
    """What stands around a value, and around what stands in for it where it is empty: `stream ?? null`."""
    around = wrapped(use).parent
    while around is not None and around.type == "binary_expression":
        around = wrapped(around).parent
    return around


def _stays_here(file: SourceFile, kept: Node, hook: Node | None) -> bool:
    """Whether nothing is done with a stream but to keep, show or record it: nobody else could end it.

    What a hook's function hands back its callers may end, but they do not own it: the hook keeps it as well.
    """
    return all(_leaves_it_here(file, use) or (hook is not None and _is_handed_back(use)) for use in uses_of(file, kept))


def _is_handed_back(use: Node) -> bool:
    around = wrapped(use).parent
    return around is not None and around.type == "return_statement"


def _stays_in_ref(file: SourceFile, ref: Node | None) -> bool:
    """Whether a hook hands neither a ref nor what that holds to others, but to functions of this file."""
    for use in uses_of(file, ref.named_children[0]) if ref is not None else ():
        held = use.parent
        if held is None or held.type != "member_expression":
            return False
        around = _through_defaults(held)
        call = around.parent if around is not None and around.type == "arguments" else None
        callee = callee_of(call) if call is not None else None
        is_local = callee is not None and function_of(file, callee) is not None
        asked = around is not None and around.type in ("unary_expression", "parenthesized_expression")
        if not (is_local or asked or _leaves_it_here(file, held)):
            return False
    return True


def _leaves_it_here(file: SourceFile, use: Node) -> bool:
    around = _through_defaults(use)
    if around is None or around.type != "arguments" or around.parent is None:
        return around is not None and around.type in ("assignment_expression", "member_expression", "if_statement")
    callee = around.parent.child_by_field_name("function") or around.parent.child_by_field_name("constructor")
    if callee is None:
        return False
    is_setter = callee.type == "identifier" and state_of_setter(file, callee) is not None
    return is_setter or file.text(callee).rpartition(".")[2] in _TAKES
