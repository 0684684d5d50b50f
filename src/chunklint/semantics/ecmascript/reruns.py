"""Whether an effect runs again while its component is there, and comes so far as to acquire once more."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, is_function
from chunklint.semantics.ecmascript.names import Binding, bindings, dotted, resolve, unwrap, uses_bound, uses_of
from chunklint.semantics.ecmascript.react import Deps, Effect, hook_of

_HOPS = 5
_FIXED = frozenset({"useRef", "useId", "useDispatch", "useForm", "useQueryClient", "useConstant"})
# What such hooks hand out is the same function always, which calls the last one that it was given.
_LATEST = frozenset(
    {
        "useThrottleFn",
        "useDebounceFn",
        "useMemoizedFn",
        "usePersistFn",
        "useEvent",
        "useEventCallback",
        "useEffectEvent",
    }
)
# Hooks that are asked for what changes: the state of a store, the address, answers.
_DATA = re.compile(
    r"^use(?:Params|Location|Pathname|Search|SearchParams|Matches?|Route)?$|"
    r"^use\w*(?:Selector|AtomValue|RecoilValue|Atom|RecoilState|Store|Query|SWR|Fetch|MediaQuery|LoaderData|Subscription)$"
)
DEEDS = re.compile(
    r"^(?:set|on|handle|dispatch|add|remove|update|fetch|load|open|close|toggle|reset|get|show|hide|start|stop|send|track|"
    r"navigate|register|subscribe|invalidate|refetch|mutate|push|log|run|init|create|delete|save|clear|play|t)(?:[A-Z]|$)"
)
"""What is done, and what does it, by the names that such things are given."""

# Methods of text and lists, which are values.
_OF_VALUES = frozenset(
    {"map", "filter", "find", "some", "every", "includes", "forEach", "join", "slice", "split", "trim", "toString"}
    | {"toLowerCase", "toUpperCase", "startsWith", "endsWith", "indexOf", "replace", "reduce", "concat", "sort", "at"}
    | {"flatMap", "keys", "entries", "getTime", "toFixed", "match"}
)


def runs_again(file: SourceFile, effect: Effect) -> bool:
    """Whether an effect is known to run again: at each render, or for a prop, an argument, or state that is set."""
    return file.remember(("runs again", effect.call.id), lambda: _runs_again(file, effect))


def _runs_again(file: SourceFile, effect: Effect) -> bool:
    if effect.runs is not Deps.SOME:
        return effect.runs is Deps.NONE
    listed = effect.deps or tuple(arguments_of(effect.call)[1:2])
    return any(changes(file, dep) for dep in listed)


def is_fixed(file: SourceFile, dependency: Node) -> bool:
    """Whether a dependency is surely the same at each render: a ref, a setter, a function that calls the last one."""
    found = resolve(file, dependency) if dependency.type == "identifier" else None
    if found is None:
        return False
    hook = hook_of(file, found)
    if hook is not None:
        sets = found.keys[:1] == ("1",) and hook[0] in ("useState", "useReducer")
        return sets or hook[0] in _LATEST or hook[0] in _FIXED
    return found.kind in ("parameter", "variable") and _is_read_as_ref(file, found)


def _is_read_as_ref(file: SourceFile, found: Binding) -> bool:
    """Whether what is lent is read as a ref is, by its own name or by that of one among several refs."""
    for use in uses_bound(file, found):
        around = use.parent
        part = around.child_by_field_name("property") if around is not None else None
        if part is not None and file.text(part) == "current":
            return True
        chosen = around is not None and around.type in ("binary_expression", "ternary_expression")
        made = around.parent if chosen and around is not None else None
        name = made.child_by_field_name("name") if made is not None and made.type == "variable_declarator" else None
        other = resolve(file, name) if name is not None and name.type == "identifier" else None
        if other is not None and other.node != found.node and _is_read_as_ref(file, other):
            return True
    return False


def changes(file: SourceFile, dependency: Node) -> bool:
    """Whether a dependency is known to be another at a later render."""
    return _changes(file, dependency, _HOPS)


def _changes(file: SourceFile, value: Node, hops: int) -> bool:
    """Whether the value of an expression is known to be another at a later render."""
    node = unwrap(value)
    if is_function(node) or node.type in ("object", "array", "new_expression", "jsx_element"):
        return True  # Made at each render.
    if node.type == "identifier":
        found = resolve(file, node)
        return found is not None and _is_changed(file, found, hops)
    if dotted(file, node)[1:2] == ("current",):
        return False
    return any(_changes(file, name, hops) for name in descendants(node, "identifier"))


def _is_changed(file: SourceFile, found: Binding, hops: int) -> bool:
    if found.scope.type == "program" or not hops:
        return False
    if found.kind == "parameter":
        return True
    value = unwrap(found.value) if found.value is not None else None
    hook = hook_of(file, found)
    if hook is not None:
        return _is_changed_by_hook(file, found, *hook, hops)
    return value is not None and (is_function(value) or _changes(file, value, hops - 1))


def _is_changed_by_hook(file: SourceFile, found: Binding, hook: str, call: Node, hops: int) -> bool:
    given = arguments_of(call)
    if hook in ("useCallback", "useMemo"):
        listed = given[1:2] if len(given) > 1 else []
        parts = listed[0].named_children if listed and listed[0].type == "array" else listed
        return not listed or any(_changes(file, part, hops - 1) for part in parts)
    if hook in _FIXED or (found.keys[:1] == ("1",) and hook in ("useState", "useReducer")):
        return False
    setters = [one for one in bindings(file, found.scope).values() if one.value == found.value and one.keys == ("1",)]
    if found.keys[:1] == ("0",) and any(next(uses_of(file, one.node), None) is not None for one in setters):
        return True
    if hook in ("useState", "useReducer") or DEEDS.match(found.name):
        return not found.keys and hook == "useState"
    asked = any(not is_function(unwrap(one)) and _changes(file, one, hops - 1) for one in given)
    return asked or _DATA.match(hook) is not None or not _acts(file, found)


def _acts(file: SourceFile, found: Binding) -> bool:
    """Whether a name stands for a function, or for an object that does something: a client, a socket, a translator.

    What a hook hands out otherwise is data, which is nearly always there because it changes.
    """
    for use in uses_of(file, found.node):
        node = use
        while node.parent is not None and node.parent.type == "member_expression":
            node = node.parent
        call = node.parent
        if call is None or call.type != "call_expression" or callee_of(call) != node:
            continue
        member, chain = node.child_by_field_name("property"), dotted(file, node)
        kept = len(chain) > 2 and chain[-1] in ("get", "has")  # A map inside of what the hook hands out.
        if not kept and (member is None or file.text(member) not in _OF_VALUES):
            return True
    return False
