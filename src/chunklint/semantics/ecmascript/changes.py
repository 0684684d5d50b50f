"""What changes while a component stays mounted: its state, and the props that a parent's state feeds in place.

A value is traced to the state variables, hooks and parameters that it is made of. Parameters are left open, as
the position of an argument and a name in it (`0.id`, `1`), for `feeds` to follow from mount to mount.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.addresses import ROUTE, keeps_word, leads_on, parameter_of, words_on
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    continues_with,
    enclosing_function,
    runs_in_place,
)
from chunklint.semantics.ecmascript.kept_values import is_kept, is_renamed, sets_the_same
from chunklint.semantics.ecmascript.loaded import asked_with, is_identity, part_of
from chunklint.semantics.ecmascript.names import Binding, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.never import never_shown
from chunklint.semantics.ecmascript.pickers import is_picked
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of
from chunklint.semantics.ecmascript.states import is_listed, setter_of

ITSELF = ""
"""The way of a value that changes without anybody's doing outside: state."""

_STATE = frozenset({"useState", "useReducer"})
_SEARCH = frozenset({"useSearchParams", "useQueryState", "useQueryStates"})
# Hooks that give back later what they are given, and hooks that make something of what they close over.
DELAYED = ("useDeferredValue", "useDebounce", "useDebouncedValue", "useThrottle", "useThrottledValue")
_MADE = frozenset({"useMemo", "useCallback"})
_NAMES = ("identifier", "shorthand_property_identifier")
_HOPS = 5


def ways_of(file: SourceFile, value: Node, owner: Node) -> frozenset[str]:
    """What a value in a component or hook changes with: `ITSELF`, props and arguments; empty for what never does."""
    return frozenset(_ways(file, value, owner))


def _ways(file: SourceFile, value: Node, owner: Node) -> Iterator[str]:
    pending: list[tuple[Node, int]] = [(value, 0)]
    seen: set[int] = set()
    while pending:
        current, hops = pending.pop()
        for name in names_in(current):
            found = resolve(file, name)
            if found is None or not begins_within(found.node, owner):
                continue
            if (way := given(file, name, found, owner)) is not None:
                yield way
                continue
            if found.node.id in seen or hops == _HOPS or found.value is None or found.kind != "variable":
                continue
            seen.add(found.node.id)
            hook = hook_of(file, found)
            if hook is None:
                pending.append((found.value, hops + 1))
            elif hook[0] in _MADE or hook[0].startswith(DELAYED):
                pending.extend((part, hops + 1) for part in arguments_of(hook[1])[:1])
            elif (loaded := _loaded_with(file, owner, name, found, hook)) is not None:
                pending.extend((part, hops + 1) for part in loaded)
            elif hook[0] in ROUTE:
                parameter = parameter_of(file, name, found)
                words = words_on(file, hook[1], found.name, parameter, partial(_loaded_with, file, owner))
                yield from (f"/{word}:{parameter}" for word in words)
            elif changes_itself(file, found, hook, part_of(file, name)) and not keeps_word(file, name, owner, hook[0]):
                yield ITSELF
            elif hook[0] in _STATE:
                pending.extend((part, hops + 1) for part in copied_from(file, found))


def _loaded_with(
    file: SourceFile, owner: Node, name: Node, found: Binding, hook: tuple[str, Node]
) -> list[Node] | None:
    """What the requests ask with whose answers alone are in a state: loaded again for the same, it is the same."""
    setter = setter_of(file, found) if hook[0] == "useState" and not found.keys[1:] else None
    if setter is None or found.keys[:1] != ("0",):
        return None
    part = part_of(file, name)
    same = (is_listed, is_renamed, sets_the_same)
    uses = [use for use in uses_of(file, setter.node) if not any(leaves(file, use) for leaves in same)]
    return asked_with(file, uses, owner, is_identity(file, name), part) if uses else None


def names_in(value: Node) -> Iterator[Node]:
    """The names of what a value is made of: the value itself, that which a member is taken of, or all within it."""
    node = root_of(value) if value.type == "member_expression" else value
    if node.type in _NAMES:
        yield node
    else:
        yield from descendants(node, *_NAMES)


def given(file: SourceFile, name: Node, found: Binding, owner: Node) -> str | None:
    """The way of what a component or hook is given: `0.id`, `1`; None for what is no parameter of it."""
    keys = found.keys
    if found.kind == "variable" and keys and found.value is not None and unwrap(found.value).type == "identifier":
        source = resolve(file, unwrap(found.value))
        if source is None or source.kind != "parameter" or source.scope != owner:
            return None
        keys = (*(source.keys or ("0",)), *keys)
    elif found.kind != "parameter" or found.scope != owner:
        return None
    keys = keys or ("0",)
    if len(keys) == 1:
        around = name.parent
        if around is not None and around.type == "member_expression" and around.child_by_field_name("object") == name:
            part = around.child_by_field_name("property")
            keys = (*keys, file.text(part)) if part is not None else keys
    return ".".join(keys[:2])


def changes_itself(file: SourceFile, found: Binding, hook: tuple[str, Node], part: str = "") -> bool:
    """Whether what a hook gives changes in place, more than once: state that handlers set, the query of the address.

    With a part, only that part of it counts. Parameters of the route have ways of their own.
    """
    name, call = hook
    if name in _STATE:
        return found.keys[:1] != ("1",) and _is_set_later(file, found, part)
    if name in _SEARCH:
        return found.keys[:1] != ("1",) and (_is_set_later(file, found) or leads_on(file, call))
    return False


def _is_set_later(file: SourceFile, state: Binding, part: str = "") -> bool:
    """Whether the setter of a state is used by more than the effects that run once, or again for what they copy."""
    return next(changing_uses(file, state, part), None) is not None


def changing_uses(file: SourceFile, state: Binding, part: str = "") -> Iterator[Node]:
    """Where the setter of a state stands that makes another one of it, or of one part, while its component stays.

    What a dialog of the system is opened for each time is no change: it takes longer than any answer.
    """
    setter = setter_of(file, state)
    if setter is None:
        return
    once = [effect.callback for effect in effects(file) if effect.runs is Deps.EMPTY]
    for use in uses_of(file, setter.node):
        if is_listed(file, use) or is_kept(file, use, state, part) or never_shown(file, use) or is_picked(file, use):
            continue
        if not _is_run_once(file, use, once) and _copier(file, use) is None:
            yield use


def copied_from(file: SourceFile, state: Binding) -> Iterator[Node]:
    """What the effects run again for that set a state."""
    setter = setter_of(file, state)
    for use in uses_of(file, setter.node) if setter is not None else ():
        copier = _copier(file, use)
        yield from copier.deps if copier is not None else ()


def _copier(file: SourceFile, use: Node) -> Effect | None:
    """The effect with dependencies that a setter stands in, where running it sets the state, not what it listens to."""
    around = use.parent
    if around is None or not (callee_of(around) == use or continues_with(file, use)):
        return None
    effect = next((one for one in effects(file) if one.runs is Deps.SOME and begins_within(use, one.callback)), None)
    function = enclosing_function(file, use)
    while effect is not None and function is not None and function != effect.callback:
        if not runs_in_place(file, function):
            return None
        function = enclosing_function(file, function)
    return effect if effect is not None and effect.deps else None


def _is_run_once(file: SourceFile, use: Node, once: list[Node], hops: int = _HOPS) -> bool:
    """Whether a place runs in an effect that runs once, or in functions that only such effects lead to."""
    if any(begins_within(use, callback) for callback in once):
        return True
    function = enclosing_function(file, use)
    while function is not None and _name_of(file, function) is None and runs_in_place(file, function):
        function = enclosing_function(file, function)
    name = _name_of(file, function) if function is not None else None
    calls = [one for one in uses_of(file, name) if not is_listed(file, one)] if name is not None and hops else []
    return bool(calls) and all(_is_run_once(file, call, once, hops - 1) for call in calls)


def _name_of(file: SourceFile, function: Node) -> Node | None:
    """The name that a function is called by, also one that is made with `useCallback`."""
    if function.type in ("function_declaration", "generator_function_declaration"):
        return function.child_by_field_name("name")
    around = function.parent
    if around is not None and around.type == "arguments" and (call := around.parent) is not None:
        around = call.parent if called_name(file, call) == "useCallback" else None
    declares = around is not None and around.type == "variable_declarator"
    name = around.child_by_field_name("name") if around is not None and declares else None
    return name if name is not None and name.type == "identifier" else None
