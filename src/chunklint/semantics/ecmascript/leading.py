"""What the exports of a file lead to, and whether an answer comes from this machine once all files are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import CLASSES, heritage_of, members
from chunklint.semantics.ecmascript.functions import function_of, is_async, is_function, returned
from chunklint.semantics.ecmascript.leads import NONE, Leads, leads_of, leads_of_function
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.names import bindings, unwrap
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.whereabouts import CALLED, HERE, MADE, Instance, Lead, pairs_of, place_of
from chunklint.semantics.ecmascript.workspaces import Workspace

# How deep the members of what is exported are told, and how many files lead to an answer.
_DEPTH = 4
_HOPS = 8
_REST = "*"
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")
UNKNOWN = Lead("", "")


@record
class Leading:
    """What the exported functions of a file wait for, where nothing of that may be another machine.

    Attributes:
        ways: Name of the export, way to the function from there (`().search`, `new.read`, "" for itself; with `*` at
            its end for all that is behind it), and what is to be followed: module, name and way of each. () for what
            answers by itself.
    """

    ways: tuple[tuple[str, str, tuple[Lead, ...]], ...]


def leading(file: SourceFile) -> Leading | None:
    """What the exports of a file lead to; None for none that stays on this machine as far as the file tells."""
    found: dict[tuple[str, str], Leads] = {}
    parts = {one.value.id for one in bindings(file, file.root).values() if one.keys and one.value is not None}
    for name, export in exports(file).items():
        if export.node is not None and export.node.id not in parts and not name.isupper():
            for way, leads in _ways(file, export.node, "", _DEPTH):
                found.setdefault((name, way), leads)
    ways = tuple((*key, tuple(sorted(leads))) for key, leads in sorted(found.items()))
    return Leading(ways) if ways else None


def _ways(file: SourceFile, node: Node, way: str, depth: int) -> Iterator[tuple[str, Leads]]:
    """The ways on from a value to functions, each with what that waits for."""
    node, depth = unwrap(node), depth - 1
    place = function_of(file, node) or place_of(file, node)
    if isinstance(place, Node) and is_function(place):
        yield from _of_function(file, place, way, depth)
    elif isinstance(place, Lead):
        yield _to(way, _REST), frozenset({place})
    elif place is HERE:
        yield _to(way, _REST), NONE
    elif isinstance(place, Node) and place.type == "object" and depth > 0:
        for name, value in pairs_of(file, place).items():
            yield from _ways(file, value, _to(way, name), depth)
    elif isinstance(place, Node) and place.type in CLASSES:
        yield from _of_class(file, place, way, depth)
    elif isinstance(place, Instance):
        yield from _of_instance(file, place.node, way, depth)
    elif place is None and node.type in ("call_expression", "new_expression", "identifier"):
        leads = leads_of(file, node)
        if leads is not None:
            yield way, leads


def _of_function(file: SourceFile, function: Node, way: str, depth: int) -> Iterator[tuple[str, Leads]]:
    values = returned(function)
    if any(unwrap(value).type in _ELEMENTS for value in values):
        return
    if values or is_async(function):
        leads = leads_of_function(file, function)
        if leads is not None:
            yield way, leads
    if depth <= 0 or not values:
        return
    if len(values) == 1 and unwrap(values[0]).type != "object":
        value = unwrap(values[0])
        if value.type in ("call_expression", "identifier") and not is_async(function):
            yield from (one for one in _ways(file, value, _to(way, CALLED), depth) if one[0] != _to(way, CALLED))
        return
    for name, value in _common(file, values).items():
        yield from _ways(file, value, f"{_to(way, CALLED)}.{name}", depth)


def _common(file: SourceFile, values: list[Node]) -> Mapping[str, Node]:
    """What each name of the objects that a function returns holds, where one alone says it: others have null."""
    literals = [pairs_of(file, value) for value in map(unwrap, values) if value.type == "object"]
    if len(literals) != len(values):
        return {}
    told: dict[str, list[Node]] = {}
    for name, value in (pair for one in literals for pair in one.items()):
        if file.text(value) not in ("null", "undefined"):
            told.setdefault(name, []).append(value)
    return {name: kept[0] for name, kept in told.items() if len({file.text(one) for one in kept}) == 1}


def _of_class(file: SourceFile, node: Node, way: str, depth: int) -> Iterator[tuple[str, Leads]]:
    yield from _of_instance(file, node, _to(way, MADE), depth)
    for name, member in members(file, node):
        if any(child.type == "static" for child in member.children):
            yield from _of_field(file, member, _to(way, name), depth)


def _of_instance(file: SourceFile, node: Node, way: str, depth: int) -> Iterator[tuple[str, Leads]]:
    """The methods of an object of a class; what it has from a class of another file is followed there."""
    base = heritage_of(node)
    for name, member in members(file, node):
        if name == "constructor":
            continue
        told = list(_of_field(file, member, _to(way, name), depth))
        yield from told
        if base is not None and not told:
            # What overrides a method must not lead to that of the base.
            yield _to(way, name), frozenset({UNKNOWN})
    place = place_of(file, base) if base is not None else None
    if isinstance(place, Lead):
        yield _to(way, _REST), frozenset({place.on(MADE)})
    elif isinstance(place, Node) and place.type in CLASSES and depth > 0:
        yield from _of_instance(file, place, way, depth - 1)


def _of_field(file: SourceFile, member: Node, way: str, depth: int) -> Iterator[tuple[str, Leads]]:
    value = member if is_function(member) else member.child_by_field_name("value")
    if value is None:
        return
    place = function_of(file, value) or place_of(file, value)
    if isinstance(place, Node) and is_function(place):
        yield from _of_function(file, place, way, min(depth, 1))
    elif isinstance(place, Lead):
        yield from ((way, frozenset({place})), (_to(way, _REST), frozenset({place})))


def _to(way: str, step: str) -> str:
    return f"{way}.{step}" if way else step


class Nearness:
    """The ways of all files, joined: asks whether all that a request leads to stays on this machine."""

    def __init__(self, facts: Mapping[str, Iterable[object]], resolution: Resolution) -> None:
        told = {path: one for path, own in facts.items() for one in own if isinstance(one, Leading)}
        passed = {path: one.exports for path, own in facts.items() for one in own if isinstance(one, Front)}
        self._ways = {path: {(name, way): leads for name, way, leads in one.ways} for path, one in told.items()}
        fronts: dict[str, Front] = {}
        for path in sorted(told.keys() | passed.keys()):
            names = {name for name, _ in self._ways.get(path, ())}
            own = tuple((name, name, "", "") for name in sorted(names))
            others = (entry for entry in passed.get(path, ()) if entry[2] and entry[0] not in names)
            fronts[path] = Front((), (), (*own, *others))
        self._workspace = Workspace(fronts, resolution, lambda key: False)
        self._known: dict[tuple[str, Lead], bool] = {}

    def is_near(self, path: str, leads: Iterable[Lead]) -> bool:
        """Whether each of the leads of a file ends on this machine; an open end does not."""
        return all(self._ends_here(path, lead, ()) for lead in leads)

    def _ends_here(self, path: str, lead: Lead, path_here: tuple[tuple[str, Lead], ...]) -> bool:
        asked = (path, Lead(*lead))
        if asked in path_here:
            return True  # What leads back to itself waits for nothing new.
        if asked in self._known or len(path_here) == _HOPS:
            return self._known.get(asked, False)
        target = self._workspace.exported(path, lead[0], lead[1]) if lead[0] else None
        further = self._further(target, lead[2]) if target is not None else None
        ends = (
            target is not None
            and further is not None
            and all(self._ends_here(target[0], one, (*path_here, asked)) for one in further)
        )
        if not path_here:
            self._known[asked] = ends
        return ends

    def _further(self, target: tuple[str, str], way: str) -> Iterable[Lead] | None:
        """What the function at the end of a way waits for; None where its file does not tell."""
        ways, name = self._ways.get(target[0], {}), target[1]
        if (name, way) in ways:
            return ways[name, way]
        steps = way.split(".") if way else []
        for at in range(len(steps), -1, -1):
            leads = ways.get((name, ".".join([*steps[:at], _REST])))
            if leads is not None:
                return [_extended(Lead(*one), steps[at:]) for one in leads]
        return None


def _extended(lead: Lead, steps: Iterable[str]) -> Lead:
    for step in steps:
        lead = lead.on(step)
    return lead
