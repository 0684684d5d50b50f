"""Parents that take a child away with each new value of a prop, so that the child never stands while that changes.

`useEffect(() => { setLoading(true); load(id)... }, [id]); if (loading) return <Spinner />; return <Rows id={id} />`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.changes import ITSELF, changing_uses, copied_from, ways_of
from chunklint.semantics.ecmascript.cleanup_scope import Chain
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, enclosing_function, is_function
from chunklint.semantics.ecmascript.loading_gates import leaves_of
from chunklint.semantics.ecmascript.names import CONSTANTS, FUNCTIONS, Binding, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.swaps import are_ruled_out, shown_when

_HOPS = 5
_DECIDES = frozenset({"if_statement", "ternary_expression", "switch_statement"})


def is_taken_away(file: SourceFile, element: Node, value: Node, owner: Node) -> bool:
    """Whether an effect of the owner hides an element, at once, whenever the value changes that it is given.

    The effect depends on all that the value is made of, and sets a state to what the conditions of the element rule
    out, before it waits. The element comes back as another one, with nothing that it has asked for before.
    """
    conditions = [*shown_when(file, element, owner)]
    if not conditions:
        return False
    if _is_hidden_by_handlers(file, conditions, value, owner):
        return True
    for effect in effects(file):
        if effect.owner != owner or effect.runs is not Deps.SOME:
            continue
        listed = frozenset(_listed(file, effect))
        hides = any(are_ruled_out(file, conditions, *one) for one in _set_at_once(file, effect, listed))
        if hides and _covers(file, listed, value, owner):
            return True
    return False


def _is_hidden_by_handlers(file: SourceFile, conditions: list[tuple[Node, bool]], value: Node, owner: Node) -> bool:
    """Whether each function that makes another value of the states in it also sets what rules the element out.

    `setLoading(true); setId(id);` change together, and `setUrl(""); setUrl(await sign(file));` one after the other.
    """
    states = [found for found, way in leaves_of(file, value, owner) if way == ITSELF]
    if not states or len(states) != len(leaves_of(file, value, owner)):
        return False
    for state in states:
        uses = list(changing_uses(file, state))
        if not uses or next(copied_from(file, state), None) is not None:
            return False
        if not all(_is_hidden_with(file, conditions, use, state) for use in uses):
            return False
    return True


def _is_hidden_with(file: SourceFile, conditions: list[tuple[Node, bool]], use: Node, state: Binding) -> bool:
    call, function = use.parent, enclosing_function(file, use)
    body = function.child_by_field_name("body") if function is not None else None
    given = arguments_of(call) if call is not None and call.type == "call_expression" else []
    if call is None or body is None or function is None or callee_of(call) != use or not given:
        return False
    if are_ruled_out(file, conditions, state.name, file.text(given[0])):
        return True
    waits = [one.start_byte for one in descendants(body, "await_expression", stop=FUNCTIONS)]
    for other in descendants(body, "call_expression", stop=FUNCTIONS):
        name, constant = callee_of(other), arguments_of(other)[:1]
        if other == call or name is None or name.type != "identifier" or not constant or _is_decided(file, other):
            continue
        set_to = state_of_setter(file, name) if constant[0].type in CONSTANTS else None
        if set_to is None or not are_ruled_out(file, conditions, set_to, file.text(constant[0])):
            continue
        first, last = sorted((other.start_byte, call.end_byte))
        waited = any(first < wait < last for wait in waits)
        # The same state is empty for a while only where something is waited for before it is filled again.
        if (waited and other.start_byte < call.start_byte) or (not waited and set_to != state.name):
            return True
    return False


def _set_at_once(file: SourceFile, effect: Effect, listed: frozenset[Chain]) -> Iterator[tuple[str, str]]:
    """The states that an effect sets to a constant before it waits, whatever it finds, each with the constant.

    What it runs again for may be asked for first (`if (order)`): without it, there is nothing to ask about.
    """
    for run, path in reached(file, effect.callback):
        callee, given = callee_of(run.node), arguments_of(run.node) if run.node.type == "call_expression" else []
        if run.waited or run.delayed or callee is None or callee.type != "identifier" or len(given) != 1:
            continue
        state = state_of_setter(file, callee) if given[0].type in CONSTANTS else None
        if state and not any(_is_decided(file, place, listed) for place in (*path, run.node)):
            yield state, file.text(given[0])


def _is_decided(file: SourceFile, place: Node, given: frozenset[Chain] = frozenset()) -> bool:
    """Whether a condition of the function around decides on a place, other than that something given is there."""
    inner = place
    for around in ancestors(place):
        if is_function(around):
            return False
        condition = around.child_by_field_name("condition") if around.type == "if_statement" else None
        there = condition is not None and dotted(file, unwrap(condition)) in given
        if around.type in _DECIDES and not (there and inner == around.child_by_field_name("consequence")):
            return True
        inner = around
    return False


def _listed(file: SourceFile, effect: Effect) -> Iterator[Chain]:
    """What an effect runs again for, through the dependencies of the callbacks and values among its own."""
    pending, seen = list(effect.deps), set[int]()
    while pending:
        dependency = pending.pop()
        chain = dotted(file, dependency)
        if chain and dependency.id not in seen:
            seen.add(dependency.id)
            yield chain
        root = root_of(dependency)
        found = resolve(file, root) if root.type == "identifier" else None
        hook = hook_of(file, found) if found is not None else None
        if hook is not None and hook[0] in ("useCallback", "useMemo"):
            listed = (one for one in arguments_of(hook[1])[1:2] if one.type == "array")
            pending.extend(node for array in listed for node in array.named_children if node.id not in seen)


def _covers(file: SourceFile, listed: frozenset[Chain], value: Node, owner: Node, hops: int = _HOPS) -> bool:
    """Whether each change of a value is one of what is listed."""
    names = [value] if value.type == "identifier" else descendants(value, "identifier", "shorthand_property_identifier")
    changing = [name for name in names if ways_of(file, name, owner)]
    return bool(changing) and all(_is_covered(file, listed, name, owner, hops) for name in changing)


def _is_covered(file: SourceFile, listed: frozenset[Chain], name: Node, owner: Node, hops: int) -> bool:
    chain = _chain_from(file, name)
    if any(chain[: len(one)] == one for one in listed):
        return True
    found = resolve(file, name)
    if found is None or not hops or found.kind != "variable" or found.value is None or found.keys:
        return False
    if not begins_within(found.node, owner) or unwrap(found.value).type == "await_expression":
        return False
    hook = hook_of(file, found)
    made = found.value if hook is None else arguments_of(hook[1])[0] if hook[0] == "useMemo" else None
    return made is not None and _covers(file, listed, made, owner, hops - 1)


def _chain_from(file: SourceFile, name: Node) -> Chain:
    """The chain that begins with a name: `order.id` for the first name in it."""
    whole = name
    while (around := whole.parent) is not None and around.child_by_field_name("object") == whole:
        whole = around
    return dotted(file, whole) or (file.text(name),)
