"""Microphones, cameras and screens that handlers turn on and only handlers turn off: unmounting leaves them on."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.cleanup_scope import is_opaque, own_calls
from chunklint.semantics.ecmascript.constructors import is_ending
from chunklint.semantics.ecmascript.functions import called_name, enclosing_function, function_name
from chunklint.semantics.ecmascript.names import uses_of, wrapped
from chunklint.semantics.ecmascript.outside_effects import run_by_effects
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    cleanup_of,
    component_of,
    effects,
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


def opened_streams(file: SourceFile) -> Iterator[Acquisition]:
    """The streams of devices that the handlers of a component open, where no cleanup of it ends anything."""
    if not any(word in file.source for word in _WORDS):
        return
    run = run_by_effects(file)
    for call in descendants(file.root, "call_expression"):
        found = acquisition(file, call)
        if found is None or found.kind is not Kind.STREAM or call.id in run:
            continue
        owner, around = component_of(file, call), enclosing_function(file, call)
        if owner is None or around is None or around == owner or is_hook(function_name(file, owner)):
            continue
        kept = _kept_as(call)
        if kept is None or not _is_ended_by_handlers(file, owner) or _is_ended_by_cleanup(file, owner):
            continue
        if not _ends_it_itself(file, around, call) and _stays_here(file, kept):
            yield found


def _kept_as(call: Node) -> Node | None:
    """The name of the variable that is given a stream: `const stream = await getUserMedia(...)`."""
    value = wrapped(call)
    waits = value.parent
    if waits is not None and waits.type == "await_expression":
        value = wrapped(waits)
    declared = value.parent
    if declared is None or declared.type != "variable_declarator":
        return None
    name = declared.child_by_field_name("name")
    return name if name is not None and name.type == "identifier" else None


def _is_ended_by_handlers(file: SourceFile, owner: Node) -> bool:
    """Whether the component ends the tracks of a stream at some time: whoever forgets that never has other worries."""
    return any(called_name(file, one) in _TRACKS for one in descendants(owner, "call_expression"))


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


def _stays_here(file: SourceFile, name: Node) -> bool:
    """Whether nothing is done with a stream but to keep, show or record it: nobody else could end it."""
    return all(_leaves_it_here(file, use) for use in uses_of(file, name))


def _leaves_it_here(file: SourceFile, use: Node) -> bool:
    around = wrapped(use).parent
    if around is None or around.type != "arguments" or around.parent is None:
        return around is not None and around.type in ("assignment_expression", "member_expression", "if_statement")
    callee = around.parent.child_by_field_name("function") or around.parent.child_by_field_name("constructor")
    if callee is None:
        return False
    is_setter = callee.type == "identifier" and state_of_setter(file, callee) is not None
    return is_setter or file.text(callee).rpartition(".")[2] in _TAKES
