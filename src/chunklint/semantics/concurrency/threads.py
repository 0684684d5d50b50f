"""State of a Python module that both the event loop and worker threads change, with no lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.concurrency.held import locks_held_at
from chunklint.semantics.concurrency.state import Shape, decorators, name_of, shape_of
from chunklint.semantics.concurrency.suspensions import is_async
from chunklint.semantics.python.modules import Import, Modules, imports
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.scopes import bindings_in, resolve

_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "api_route", "exception_handler"})
# Where a function given by name runs in a thread, and at which position it is given.
_THREADED = {
    "add_exception_handler": 1,
    "run_in_threadpool": 0,
    "to_thread": 0,
    "run_in_executor": 1,
    "run_sync": 0,
    "submit": 0,
    "Depends": 0,
}
_CHANGING = frozenset({"pop", "popitem", "clear", "append", "remove", "add", "discard", "update", "setdefault"})
# Longer ways from an entry point to a change are not followed.
_FARTHEST = 6
# More lines than a reader takes in at once.
_TALLEST = 20


@record
class Change:
    """A function that looks at a module's state, changes it, and holds no lock; `places` tells by state where."""

    function: str
    is_async: bool
    places: tuple[tuple[str, Location], ...]


@record
class Call:
    """A function that calls another by name: one that is imported, or (`imported` None) of the same file."""

    caller: str
    is_async: bool
    callee: str
    imported: Import | None


@record
class Threaded:
    """A function that a framework or a caller runs in a worker thread, and who says so."""

    function: str
    imported: Import | None
    place: Location


@record
class Torn:
    """A function that changes states of which some are changed in the event loop and in a thread as well."""

    states: tuple[str, ...]
    function: str
    place: Location
    threaded: Location
    in_loop: str


Fact = Change | Call | Threaded
_Name = tuple[str, str]


def thread_facts(file: PythonFile) -> Iterator[Fact]:
    """What a file tells of the threads and the event loop that reach its functions, and of state they change."""
    functions = {name_of(one, file): one for one in _functions(file)}
    imported = {one.alias: one for one in imports(file) if one.name and one.name != "*" and not one.typing_only}
    yield from _threaded(functions, imported, file)
    for name, function in functions.items():
        for callee in _called_names(function, file):
            if callee in functions or (callee in imported and not imported[callee].name[:1].isupper()):
                yield Call(name, is_async(function), callee, None if callee in functions else imported[callee])
        places = tuple(_changes(function, file))
        if places:
            yield Change(name, is_async(function), places)


def _functions(file: PythonFile) -> Iterator[Node]:
    for child in file.root.named_children:
        definition = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
        if definition is not None and definition.type == "function_definition":
            yield definition


def _called_names(function: Node, file: PythonFile) -> list[str]:
    callees = (call.child_by_field_name("function") for call in descendants(function, "call"))
    return sorted({file.text(one) for one in callees if one is not None and one.type == "identifier"})


def _threaded(functions: Mapping[str, Node], imported: Mapping[str, Import], file: PythonFile) -> Iterator[Threaded]:
    for name, function in functions.items():
        routed = (one.partition("(")[0].rpartition(".") for one in decorators(function, file))
        if not is_async(function) and any(owner and method in _ROUTES for owner, _, method in routed):
            yield Threaded(name, None, file.location(function.child_by_field_name("name") or function))
    for call in descendants(file.root, "call"):
        callee = call.child_by_field_name("function")
        position = _THREADED.get(file.text(callee).rpartition(".")[2]) if callee is not None else None
        given = arguments(call, file).positional
        if position is None or position >= len(given) or given[position].type != "identifier":
            continue
        name = file.text(given[position])
        if name in functions and not is_async(functions[name]):
            yield Threaded(name, None, file.location(call))
        elif name in imported:
            yield Threaded(name, imported[name], file.location(call))


def _changes(function: Node, file: PythonFile) -> Iterator[tuple[str, Location]]:
    """Where a function changes state that it has looked at."""
    if not _may_change(file):
        return
    found: dict[str, list[Node]] = {}
    for target, whole in _targets(function, file):
        state = _state(target, file)
        if state is not None and not locks_held_at(whole, file):
            found.setdefault(state, []).append(whole)
    body = function.child_by_field_name("body")
    for state, nodes in found.items():
        first, last = min(nodes, key=lambda one: one.start_byte), max(nodes, key=lambda one: one.end_byte)
        if (
            body is None
            or not _looks_first(state, body, last, file)
            or not any(_undoes(one, state, file) for one in nodes)
        ):
            continue
        start, end = file.span(first), file.span(last)
        stop = end if end.end_line - start.start_line <= _TALLEST else start
        place = Location(file.path, Span(start.start_line, start.start_column, stop.end_line, stop.end_column))
        yield state, Location(place.path, place.span, file.symbol(first))


def _undoes(act: Node, state: str, file: PythonFile) -> bool:
    """Whether a change takes something away or builds on what is there; filling a cache twice does no harm."""
    right = act.child_by_field_name("right") if act.type == "assignment" else None
    return file.text(right).find(state) >= 0 if right is not None else act.type != "assignment"


def _may_change(file: PythonFile) -> bool:
    """Whether the module keeps anything that functions could change."""
    return file.remember("keeps state", lambda: any(_keeps(name, file) for name in bindings_in(file.root, file)))


def _keeps(name: str, file: PythonFile) -> bool:
    found = bindings_in(file.root, file).get(name, ())
    values = [one for one in found if one.value is not None and one.kind.value == "assignment"]
    if len(values) != len(found) or not values:
        return False
    shapes = {shape_of(one.annotation, one.value, file) for one in values}
    return shapes != {Shape.SINGLE} or any(_is_own_object(one.value) for one in values)


def _is_own_object(value: Node | None) -> bool:
    """Whether a value is an object of a class that is named like one of the project's."""
    function = value.child_by_field_name("function") if value is not None and value.type == "call" else None
    return function is not None and function.type == "identifier" and (function.text or b"")[:1].isupper()


def _targets(function: Node, file: PythonFile) -> Iterator[tuple[Node, Node]]:
    """The containers that a function changes by key or method, with the whole that changes them."""
    for node in descendants(function, "assignment", "augmented_assignment", "delete_statement", "call"):
        match node.type:
            case "delete_statement":
                targets = node.named_children
            case "call":
                callee = node.child_by_field_name("function")
                receiver = callee.child_by_field_name("object") if callee is not None else None
                if callee is not None and receiver is not None and file.text(callee).rpartition(".")[2] in _CHANGING:
                    yield receiver, node
                continue
            case _:
                left = node.child_by_field_name("left")
                targets = [left] if left is not None else []
        for target in targets:
            container = target.child_by_field_name("value") if target.type == "subscript" else None
            if container is not None:
                yield container, node


def _state(container: Node, file: PythonFile) -> str | None:
    """The module's container, or a container of an object that the module keeps."""
    owner = container.child_by_field_name("object") if container.type == "attribute" else container
    if owner is None or owner.type != "identifier":
        return None
    found, name = resolve(owner, file), file.text(owner)
    of_module = bindings_in(file.root, file).get(name, ())
    if not found or not of_module or found[0].node.id != of_module[0].node.id or not _keeps(name, file):
        return None
    first = of_module[0]
    is_container = shape_of(first.annotation, first.value, file) is not Shape.SINGLE
    return file.text(container) if is_container == (container.type == "identifier") else None


def _looks_first(state: str, body: Node, act: Node, file: PythonFile) -> bool:
    """Whether the function tests or reads the state before its last change: a single store is done in one go."""
    for node in descendants(body, "identifier", "attribute"):
        if node.start_byte >= act.start_byte or file.text(node) != state:
            continue
        whole = next(one for one in ancestors(node) if one.type not in ("subscript", "attribute"))
        if whole.type not in ("assignment", "augmented_assignment", "delete_statement", "expression_statement"):
            return True
    return act.type == "augmented_assignment"


def torn(facts: Mapping[str, Iterable[object]]) -> Iterator[Torn]:
    """The functions whose state both the event loop and threads change, by the calls that lead to them."""
    changes = {(path, one.function): one for path, found in facts.items() for one in found if isinstance(one, Change)}
    if not changes:
        return
    callers, threads = _entries(facts)
    by_state: dict[tuple[str, str], list[_Name]] = {}
    for name, change in changes.items():
        for state, _ in change.places:
            by_state.setdefault((name[0], state), []).append(name)
    both: dict[_Name, list[str]] = {}
    reached = {name: _reached(name, change.is_async, callers, threads) for name, change in changes.items()}
    for (_, state), involved in sorted(by_state.items()):
        if any(reached[name][0] for name in involved) and any(reached[name][1] for name in involved):
            for name in involved:
                both.setdefault(name, []).append(state)
    for name, states in sorted(both.items()):
        others = [reached[other] for state in states for other in by_state[name[0], state]]
        if any(reached[name]):
            yield _torn(changes[name], states, [reached[name], *others])


def _entries(
    facts: Mapping[str, Iterable[object]],
) -> tuple[dict[_Name, list[tuple[_Name, bool]]], dict[_Name, Location]]:
    """Who calls each function (and whether as a coroutine), and where each is handed to a thread."""
    modules = Modules(facts)
    callers: dict[_Name, list[tuple[_Name, bool]]] = {}
    threads: dict[_Name, Location] = {}
    for path, found in facts.items():
        for one in found:
            if isinstance(one, Call) and (callee := _resolved(path, one.callee, one.imported, modules)) is not None:
                callers.setdefault(callee, []).append(((path, one.caller), one.is_async))
            elif isinstance(one, Threaded) and (of := _resolved(path, one.function, one.imported, modules)) is not None:
                threads.setdefault(of, one.place)
    return callers, threads


def _torn(change: Change, states: list[str], reached: list[tuple[Location | None, str]]) -> Torn:
    threaded = next(thread for thread, _ in reached if thread is not None)
    in_loop = next(loop for _, loop in reached if loop)
    places = [place for state, place in change.places if state in states]
    return Torn(tuple(states), change.function, _around(places), threaded, in_loop)


def _around(places: list[Location]) -> Location:
    """One place for several, unless that is more than a reader takes in at once."""
    first, last = min(places), max(places, key=lambda one: (one.span.end_line, one.span.end_column))
    if last.span.end_line - first.span.start_line > _TALLEST:
        return first
    start, end = first.span, last.span
    return Location(first.path, Span(start.start_line, start.start_column, end.end_line, end.end_column), first.symbol)


def _resolved(path: str, name: str, imported: Import | None, modules: Modules) -> _Name | None:
    if imported is None:
        return path, name
    target = modules.resolve(path, imported)
    return (target, imported.name) if target is not None else None


def _reached(
    name: _Name, waits: bool, callers: Mapping[_Name, list[tuple[_Name, bool]]], threads: Mapping[_Name, Location]
) -> tuple[Location | None, str]:
    """Who runs a function: where it, or a caller, is handed to a thread, and which `async def` calls it."""
    if waits:
        return None, name[1]
    thread, loop = threads.get(name), ""
    seen, pending = {name}, [(name, 0)]
    while pending:
        current, distance = pending.pop(0)
        for caller, is_coroutine in callers.get(current, ()):
            if is_coroutine:
                loop = loop or caller[1]
            elif caller not in seen and distance < _FARTHEST:
                seen.add(caller)
                thread = thread or threads.get(caller)
                pending.append((caller, distance + 1))
    return thread, loop
