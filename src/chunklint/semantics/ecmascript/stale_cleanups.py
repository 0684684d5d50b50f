"""Cleanups that release what a state held in the first rendering, which was nothing yet.

The cleanup of an effect that runs once is a function of the first rendering, and so are the local functions that it
calls: a state is for them what it was then, whatever has been set since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import own_calls
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function, receiver_of
from chunklint.semantics.ecmascript.names import Binding, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Cleanup, Deps, Effect, cleanup_of, effects, hook_of
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.states import setter_of
from chunklint.semantics.ecmascript.swaps import asked_before

# What a state is at first, as written, and how that is told.
_EMPTY = {one: f"`{one}`" for one in ("null", "undefined", "false", "0")} | dict.fromkeys(
    ('""', "''", "``", "[]"), "empty"
)
# What a timer that goes off once does late is judged by what it does.
_HARMLESS = frozenset({Kind.TIMEOUT, Kind.GLOBAL})
_RELEASES = frozenset({"getVideoTracks", "getAudioTracks", "getTracks"}).union(
    *(words for kind, words in RELEASES.items() if kind not in _HARMLESS)
) - {"clearTimeout", "cancelAnimationFrame"}
_ENDS = re.compile(
    r"^(?:stop|close|destroy|disconnect|unsubscribe|release|dispose|terminate|revoke|teardown|hang[uU]p|leave|end)(?![a-z])"
)
_EACH = frozenset({"forEach", "map"})


@record
class Blind:
    """A release in a cleanup that depends on a state as it was in the first rendering.

    Attributes:
        call: The call that would release.
        state: The name of the state.
        first: What the state is in the first rendering, as a word: "null", "empty".
        asked: Whether the cleanup asks for the state first, and does not call at all.
        alone: Whether the effect does nothing but to return this cleanup, so that it may run again.
    """

    call: Node
    state: str
    first: str
    asked: bool
    alone: bool


def blind_cleanups(file: SourceFile, effect: Effect) -> Iterator[Blind]:
    """The first release of an effect's cleanup that a state decides on, where the effect runs once."""
    if effect.runs is not Deps.EMPTY or effect.owner is None or cleanup_of(file, effect) is not Cleanup.PRESENT:
        return
    for call in own_calls(file, effect):
        found = _blind(file, effect, call)
        if found is not None:
            yield found
            return


def _blind(file: SourceFile, effect: Effect, call: Node) -> Blind | None:
    name = called_name(file, call)
    if name in _RELEASES or name in _EACH:
        held = [one for one in (receiver_of(call), *arguments_of(call)) if one is not None and not is_function(one)]
        for value in held:
            state = _first_state(file, effect, root_of(unwrap(value)))
            if state is not None and (name in _RELEASES or _releases_each(file, call)):
                return Blind(
                    call, state[0].name, state[1], _decides(file, effect, call) is not None, _only_cleans(effect)
                )
    if _ENDS.match(name) is None and name not in _RELEASES:
        return None
    state = _decides(file, effect, call)
    return Blind(call, state[0].name, state[1], True, _only_cleans(effect)) if state is not None else None


def _only_cleans(effect: Effect) -> bool:
    body = effect.callback.child_by_field_name("body")
    done = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    return body is not None and (body.type != "statement_block" or len(done) == 1)


def _releases_each(file: SourceFile, call: Node) -> bool:
    """Whether a loop releases what it goes through: `urls.forEach((url) => URL.revokeObjectURL(url))`."""
    given = arguments_of(call)[:1]
    text = file.text(given[0]) if given else ""
    return any(f"{word}(" in text or text.endswith(f".{word}") for word in _RELEASES)


def _decides(file: SourceFile, effect: Effect, call: Node) -> tuple[Binding, str] | None:
    """The state that must not be empty for the cleanup to come to a call: `if (granted) stop()`."""
    if effect.owner is None:
        return None
    asked = (condition for condition, held in asked_before(call, effect.owner) if held)
    return next(filter(None, (_first_state(file, effect, root_of(unwrap(one))) for one in asked)), None)


def _first_state(file: SourceFile, effect: Effect, name: Node) -> tuple[Binding, str] | None:
    """The state of the component that a name stands for and what it is at first, where that is nothing."""
    found = resolve(file, name) if name.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState" or found.keys != ("0",) or effect.owner is None:
        return None
    given = arguments_of(hook[1])
    first = _EMPTY.get(file.text(unwrap(given[0])) if given else "undefined")
    if first is None or not _is_filled(file, found):
        return None
    return None if _is_released_elsewhere(file, effect, found) else (found, first)


def _is_filled(file: SourceFile, state: Binding) -> bool:
    """Whether anything sets a state to more than nothing."""
    setter = setter_of(file, state)
    for use in uses_of(file, setter.node) if setter is not None else ():
        call = use.parent
        given = arguments_of(call) if call is not None and callee_of(call) == use else None
        if given is None or (given and file.text(unwrap(given[0])) not in _EMPTY):
            return True
    return False


def _is_released_elsewhere(file: SourceFile, effect: Effect, state: Binding) -> bool:
    """Whether the cleanup of another effect of the component, that runs again with the state, names it."""
    others = (one for one in effects(file) if one.owner == effect.owner and one.call != effect.call)
    return any(
        any(resolve(file, root_of(dependency)) == state for dependency in other.deps)
        and cleanup_of(file, other) is Cleanup.PRESENT
        for other in others
    )
