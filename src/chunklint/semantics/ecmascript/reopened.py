"""Connections that a hook closes and opens at every render, since its callers pass it new functions each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callee_of,
    function_name,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.names import Binding, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    Deps,
    Effect,
    cleanup_of,
    component_of,
    effects,
    hook_of,
    is_hook,
)
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import acquisitions

Way = tuple[str, ...]

# Dependencies followed from an effect, and the calls of hooks that one file may hold, before it gets too wild.
_MANY = 60


@record
class Reopening:
    """A hook that opens a connection again whenever one of its arguments is another one.

    Attributes:
        hook: The name that the hook is exported under, or its own.
        ways: The arguments it depends on: ("1", "onMessage") for that member of the second one.
        what: What is opened: `WebSocket`.
    """

    hook: str
    ways: frozenset[Way]
    what: str
    place: Location


@record
class Renewal:
    """A call of a hook that is given a new function or object at every render.

    `module` is the specifier of the import, "" for a hook of the same file; `caller` the component or hook around.
    """

    module: str
    hook: str
    ways: frozenset[Way]
    caller: str
    place: Location


def reopenings(file: SourceFile) -> Iterator[Reopening]:
    """The hooks of a file whose connection depends on what their callers pass."""
    for effect in effects(file):
        owner = effect.owner
        if owner is None or effect.runs is not Deps.SOME or cleanup_of(file, effect) is not Cleanup.PRESENT:
            continue
        if not is_hook(function_name(file, owner)):
            continue
        opened = next((found for found in acquisitions(file, effect.callback) if found.kind is Kind.CONNECTION), None)
        ways = frozenset(_ways(file, effect)) if opened is not None else frozenset()
        if opened is None or not ways:
            continue
        what = file.text(callee_of(opened.node) or opened.node)
        for name in {function_name(file, owner), *_exported_as(file, owner)}:
            yield Reopening(name, ways, what, file.location(opened.node))


def renewals(file: SourceFile) -> Iterator[Renewal]:
    """The calls of other files' hooks, and of this file's own, that pass something made anew."""
    for found in _hook_bindings(file):
        for call in _calls_of(file, found):
            owner = component_of(file, call)
            ways = frozenset(_made_anew(file, call, owner))
            if owner is not None and ways:
                module, name = (found.module, found.imported) if found.kind == "import" else ("", found.name)
                yield Renewal(module, name, ways, function_name(file, owner), file.location(callee_of(call) or call))


def reopened(
    facts: Mapping[str, tuple[Reopening | Renewal, ...]],
) -> Iterator[tuple[Reopening, str, tuple[Renewal, ...]]]:
    """The connections that are opened at every render: what opens, the argument's name, and the calls that pass it."""
    opening = {(path, fact.hook): fact for path, own in facts.items() for fact in own if isinstance(fact, Reopening)}
    known = {path for path, _ in opening}
    guilty: dict[Reopening, list[tuple[str, Renewal]]] = {}
    for path, own in sorted(facts.items()):
        for fact in own:
            if not isinstance(fact, Renewal):
                continue
            target = module_files(path, fact.module, known) if fact.module else path
            found = opening.get((target, fact.hook)) if target is not None else None
            common = sorted(found.ways & fact.ways) if found is not None else []
            if found is not None and common:
                guilty.setdefault(found, []).append((common[0][-1], fact))
    for found, calls in guilty.items():
        yield found, calls[0][0], tuple(call for _, call in calls)


def _exported_as(file: SourceFile, function: Node) -> Iterator[str]:
    for name, export in exports(file).items():
        if export.node is not None and function_of(file, export.node) == function:
            yield name


def _ways(file: SourceFile, effect: Effect) -> Iterator[Way]:
    """The arguments of the hook that an effect depends on, through the dependencies of callbacks."""
    pending, seen = list(effect.deps), set[int]()
    while pending and len(seen) < _MANY:
        dependency = pending.pop()
        seen.add(dependency.id)
        root = root_of(dependency)
        found = resolve(file, root) if root.type == "identifier" else None
        if found is None:
            continue
        hook = hook_of(file, found)
        if hook is not None and hook[0] in ("useCallback", "useMemo"):
            listed = arguments_of(hook[1])[1:2]
            pending.extend(node for array in listed if array.type == "array" for node in array.named_children)
            continue
        way = _way_of(file, effect, found)
        if way:
            yield (*way, *dotted(file, dependency)[1:])


def _way_of(file: SourceFile, effect: Effect, found: Binding) -> Way:
    """How a name is taken from the hook's parameters; () when it is not."""
    if found.kind == "parameter":
        return found.keys if found.scope == effect.owner else ()
    value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
    if value is None or value.type != "identifier" or not found.keys:
        return ()
    source = resolve(file, value)
    taken = source is not None and source.kind == "parameter" and source.scope == effect.owner
    return (*source.keys, *found.keys) if taken and source is not None else ()


def _hook_bindings(file: SourceFile) -> Iterator[Binding]:
    """The bindings of the module whose name is a hook's and that are called somewhere."""
    seen: set[int] = set()
    for call in _all_hook_calls(file):
        callee = callee_of(call)
        found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
        if found is not None and found.scope.type == "program" and found.node.id not in seen:
            seen.add(found.node.id)
            yield found


def _calls_of(file: SourceFile, wanted: Binding) -> Iterator[Node]:
    for call in _all_hook_calls(file):
        callee = callee_of(call)
        if callee is not None and resolve(file, callee) == wanted:
            yield call


def _all_hook_calls(file: SourceFile) -> tuple[Node, ...]:
    def find() -> tuple[Node, ...]:
        query = '((call_expression function: (identifier) @name) @call (#match? @name "^use[A-Z]"))'
        return tuple(captures["call"][0] for _, captures in ECMASCRIPT.matches(file, (query,)))[:_MANY]

    return file.remember("calls of hooks", find)


def _made_anew(file: SourceFile, call: Node, owner: Node | None) -> Iterator[Way]:
    """The ways to the arguments that each render makes anew."""
    for position, given in enumerate(arguments_of(call)):
        value = unwrap(given)
        if _is_new(file, value, owner):
            yield (str(position),)
        if value.type != "object":
            continue
        for part in value.named_children:
            key, inner = part.child_by_field_name("key"), part.child_by_field_name("value")
            if part.type == "method_definition":
                name = part.child_by_field_name("name")
                if name is not None:
                    yield (str(position), file.text(name))
            elif part.type == "shorthand_property_identifier" and _is_new(file, part, owner):
                yield (str(position), file.text(part))
            elif key is not None and inner is not None and _is_new(file, unwrap(inner), owner):
                yield (str(position), file.text(key))


def _is_new(file: SourceFile, value: Node, owner: Node | None) -> bool:
    """A function or object written there, or the name of a function that the component defines without memoising it."""
    if is_function(value) or value.type == "object":
        return True
    if value.type not in ("identifier", "shorthand_property_identifier") or owner is None:
        return False
    found = resolve(file, value)
    if found is None or found.keys or found.value is None or found.scope.type == "program":
        return False
    inside = begins_within(found.node, owner)
    return inside and is_function(unwrap(found.value))
