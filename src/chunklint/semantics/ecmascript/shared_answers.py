"""Slow answers over two files: actions of stores and hooks that set what they have asked for, and who asks again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.asking import ACTS, asks_with, requests_behind
from chunklint.semantics.ecmascript.changes import ITSELF
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.feeds import definition_around
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    function_of,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.keyed_answers import kept_under
from chunklint.semantics.ecmascript.leaks import has_no_cleanup, is_app_root
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.names import Binding, bindings, qualified, resolve, unwrap
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of, is_hook, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.shared_leaks import handed_out
from chunklint.semantics.ecmascript.stale_answers import (
    changing_names,
    runs_once,
    waits_itself,
)

# How many calls wrap the creator of a store: `create()(devtools(persist((set, get) => ...)))`.
_WRAPPERS = 6
_Offered = TypeVar("_Offered", "Answer", "Keeper")
_FROM_STATE = re.compile(r"\bget\(\)\.(\w+)")


@record
class Answer:
    """A function of a hook or store that waits for an answer and keeps it, whatever has been asked since.

    Attributes:
        name: The name that the hook or store is exported under.
        member: The name of the function in it.
        positions: The arguments that it asks with.
        keys: The members of the store that it asks with.
        sets: What it sets.
    """

    name: str
    member: str
    positions: frozenset[int]
    keys: frozenset[str]
    sets: str
    place: Location


@record
class Keeper:
    """A function of a store that changes what the store keeps, at once.

    Attributes:
        keys: The members of the store that it sets.
        only: The one that it sets to its argument, where it does nothing else; otherwise "".
    """

    name: str
    member: str
    keys: frozenset[str]
    only: str


@record
class Question:
    """An effect without a cleanup that calls a function of a hook or store for something that changes.

    Attributes:
        given: The changing dependencies by the position of the argument that mentions them.
        told: What the effect gave other functions of the same store before: (member, dependency).
        kept: The dependencies that the same store keeps: (member, dependency).
        beside: The other functions of the store that the component takes: it changes what they set.
        owner: The definition of this file that the effect stands in.
        ways: What those dependencies change with, by their names.
    """

    module: str
    name: str
    member: str
    text: str
    given: tuple[tuple[int, str], ...]
    told: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    beside: frozenset[str]
    owner: str
    ways: tuple[tuple[str, str], ...]
    in_root: bool
    place: Location


def answers(file: SourceFile) -> Iterator[Answer | Keeper]:
    """What the exported hooks and stores of a file offer that keeps late answers, or an argument."""
    for name, export in exports(file).items():
        if export.node is None or not is_hook(name):
            continue
        function = function_of(file, export.node)
        if function is not None:
            for member, inner in handed_out(file, function):
                yield from _answer(file, inner, name, member, None)
            continue
        creator = _creator(file, export.node)
        if creator is None:
            continue
        for member, inner in _actions(file, creator):
            keys, only = _changed(file, inner, creator), _kept(file, inner)
            if keys:
                yield Keeper(name, member, keys, only)
            if not only:
                yield from _answer(file, inner, name, member, creator)


def questions(file: SourceFile) -> Iterator[Question]:
    """The calls of functions of hooks and stores with what changes, in effects that cancel nothing."""
    for effect in effects(file):
        if effect.runs is not Deps.SOME or effect.owner is None or not has_no_cleanup(file, effect):
            continue
        changing, stores = changing_names(file, effect), _stores(file, effect)
        if not (changing or stores) or runs_once(file, effect):
            continue
        told: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for run, _ in reached(file, effect.callback):
            target = _taken(file, run.node) if run.node.type == "call_expression" else None
            if target is None:
                continue
            module, name, member = target
            given = tuple(
                (at, min(mentioned))
                for at, value in enumerate(arguments_of(run.node))
                if (mentioned := {".".join(chain) for chain in chains_in(file, value)}.intersection(changing))
            )
            before = told.setdefault((module, name), [])
            callee = callee_of(run.node) or run.node
            kept = stores.get((module, name), ())
            if given or before or kept:
                text, in_root = " ".join(file.text(callee).split()), is_app_root(file, effect.owner)
                owner = definition_around(file, effect.call)
                ways = [(asked, way) for asked in sorted(changing) for way in sorted(changing[asked])]
                ways += [(asked, ITSELF) for _, asked in kept]
                beside = _members(file, effect.owner).get((module, name), frozenset())
                told_before, place = tuple(before), file.location(callee)
                yield Question(
                    module, name, member, text, given, told_before, kept, beside, owner, tuple(ways), in_root, place
                )
            before.extend((member, dependency) for at, dependency in given if at == 0)


def overtaken(facts: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[str, Question, Answer, str]]:
    """The calls whose late answers overwrite later ones: path, question, what answers, the dependency it asks with."""
    offered, keepers = _by_member(facts, Answer), _by_member(facts, Keeper)
    known = {path for path, _, _ in offered}
    for path, own in facts.items():
        for fact in own:
            if not isinstance(fact, Question):
                continue
            target = module_files(path, fact.module, known) if fact.module else path
            answer = offered.get((target, fact.name, fact.member)) if target is not None else None
            if target is None or answer is None:
                continue
            asked = [dependency for position, dependency in fact.given if position in answer.positions]
            for member, dependency in fact.told:
                keeper = keepers.get((target, fact.name, member))
                asked += [dependency] if keeper is not None and keeper.only in answer.keys else []
            beside = (keepers.get((target, fact.name, member)) for member in fact.beside)
            changed = {key for keeper in beside if keeper is not None for key in keeper.keys}
            asked += [dependency for key, dependency in fact.kept if key in answer.keys & changed]
            if asked:
                yield path, fact, answer, asked[0]


def _by_member(facts: Mapping[str, tuple[object, ...]], kind: type[_Offered]) -> dict[tuple[str, str, str], _Offered]:
    return {
        (path, fact.name, fact.member): fact for path, own in facts.items() for fact in own if isinstance(fact, kind)
    }


def _creator(file: SourceFile, node: Node) -> Node | None:
    """The function that makes the state of a zustand store."""
    node = unwrap(node)
    root = node
    while root.type == "call_expression" and (callee := callee_of(root)) is not None:
        root = callee
    if (qualified(file, root) or ("",))[0] != "zustand":
        return None
    for _ in range(_WRAPPERS):
        given = arguments_of(node) if node.type == "call_expression" else []
        if not given:
            return None
        node = unwrap(given[0])
        if is_function(node):
            return node
    return None


def _actions(file: SourceFile, creator: Node) -> Iterator[tuple[str, Node]]:
    for value in returned(creator):
        for part in value.named_children if value.type == "object" else ():
            name = part.child_by_field_name("key") or part.child_by_field_name("name")
            inner = part if part.type == "method_definition" else part.child_by_field_name("value")
            function = function_of(file, inner) if inner is not None else None
            if name is not None and function is not None:
                yield file.text(name), function


def _kept(file: SourceFile, function: Node) -> str:
    """The key of `(document) => set({ document })`; "" for a function that does anything else."""
    calls = [run.node for run, _ in reached(file, function)]
    given = arguments_of(calls[0]) if len(calls) == 1 and called_name(file, calls[0]) == "set" else []
    parts = given[0].named_children if given and given[0].type == "object" else []
    parameters = bindings(file, function)
    for part in parts:
        value = part.child_by_field_name("value") or part
        if value.type in ("identifier", "shorthand_property_identifier") and file.text(value) in parameters:
            return file.text(part.child_by_field_name("key") or part)
    return ""


def _changed(file: SourceFile, function: Node, creator: Node) -> frozenset[str]:
    """The members of the store that a function of it sets before it waits for anything."""
    keys: set[str] = set()
    for run, _ in reached(file, function):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
        if found is None or found.scope != creator or run.waited:
            continue
        for given in arguments_of(run.node)[:1]:
            made = function_of(file, given)
            parts = [unwrap(value) for value in (returned(made) if made is not None else (given,))]
            for part in (part for part in parts if part.type == "object"):
                pairs = (pair.child_by_field_name("key") or pair for pair in part.named_children)
                keys.update(file.text(key) for key in pairs if key.type.endswith("property_identifier"))
    return frozenset(keys)


def _answer(file: SourceFile, function: Node, name: str, member: str, creator: Node | None) -> Iterator[Answer]:
    if member.lower().startswith(ACTS) or "abort" in (text := file.text(function)) or "signal" in text:
        return
    inputs: dict[str, Binding] = dict(bindings(file, function))
    body = function.child_by_field_name("body")
    if creator is not None and body is not None:
        inputs |= {found.name: found for found in bindings(file, body).values() if _is_from_state(file, found)}
    for run, path in reached(file, function):
        if run.node.type != "call_expression" or path or not (run.waited or waits_itself(run.node)):
            continue
        for sets, value in _set_by(file, run.node, creator):
            for request in requests_behind(file, value):
                kept = kept_under(file, run.node, inputs, ())
                asked = [
                    one
                    for name, one in inputs.items()
                    if name not in kept and any(asks_with(file, request, (name,), ()))
                ]
                keys = set(_FROM_STATE.findall(file.text(request))) if creator is not None else set()
                keys.update(key for one in asked if one.kind == "variable" for key in one.keys[:1])
                given = [(one.keys or ("0",))[0] for one in asked if one.kind == "parameter"]
                positions = frozenset(int(position) for position in given if position.isdigit())
                if (
                    not (positions or keys)
                    or _asks_later(file, function, request)
                    or _is_locked(file, function, request)
                ):
                    continue
                place = file.location(callee_of(run.node) or run.node)
                yield Answer(name, member, positions, frozenset(keys), sets, place)
                return


def _set_by(file: SourceFile, call: Node, creator: Node | None) -> Iterator[tuple[str, Node]]:
    """What a call sets, by the name of the state: of a `useState` setter, or of a store's `set`."""
    callee, given = callee_of(call), arguments_of(call)
    if callee is None or callee.type != "identifier" or not given or "rror" in file.text(callee):
        return
    if creator is None:
        state = state_of_setter(file, callee)
        if state is not None and not is_function(unwrap(given[0])):
            yield state or file.text(callee), given[0]
        return
    found = resolve(file, callee)
    if found is None or found.scope != creator or unwrap(given[0]).type != "object":
        return
    for part in unwrap(given[0]).named_children:
        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if part.type == "shorthand_property_identifier":
            key = value = part
        if key is not None and value is not None and key.type != "computed_property_name" and value.type != "object":
            yield file.text(key), value


def _is_from_state(file: SourceFile, found: Binding) -> bool:
    value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
    return value is not None and value.type == "call_expression" and called_name(file, value) == "get"


def _asks_later(file: SourceFile, function: Node, request: Node) -> bool:
    """Whether the work compares or looks into the store after the wait: it may know what it answers."""
    signs = ("get(", "===", "!==", ".current")
    later = (asked for asked in conditions(function) if asked.start_byte > request.start_byte)
    return any(sign in file.text(asked) for asked in later for sign in signs)


def _is_locked(file: SourceFile, function: Node, request: Node) -> bool:
    """Whether the work asks for a mark before it sets it, so that it is done once at a time: `if (busy) return`."""
    before = [pair for pair in descendants(function, "pair") if pair.end_byte <= request.start_byte]
    marks = {file.text(key) for pair in before if (key := _raised(pair)) is not None}
    asked = (file.text(one) for one in conditions(function) if one.end_byte <= request.start_byte)
    return bool(marks) and any(re.search(rf"\b(?:{'|'.join(map(re.escape, marks))})\b", text) for text in asked)


def _raised(pair: Node) -> Node | None:
    value = pair.child_by_field_name("value")
    return pair.child_by_field_name("key") if value is not None and value.type == "true" else None


def _stores(file: SourceFile, effect: Effect) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """The dependencies of an effect that come from hooks: member and dependency, by the module and name of the hook."""
    kept: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for dependency in effect.deps:
        picked = _picked(file, dependency)
        if picked is not None:
            kept.setdefault(picked[:2], []).append((picked[2], file.text(dependency)))
    return {store: tuple(found) for store, found in kept.items()}


def _members(file: SourceFile, owner: Node) -> dict[tuple[str, str], frozenset[str]]:
    """What a component takes from each hook, by the module and name of the hook."""
    body, taken = owner.child_by_field_name("body"), dict[tuple[str, str], frozenset[str]]()
    for found in bindings(file, body).values() if body is not None else ():
        picked = _member_of(file, found, None)
        if picked is not None:
            taken[picked[:2]] = taken.get(picked[:2], frozenset()) | {picked[2]}
    return taken


def _taken(file: SourceFile, call: Node) -> tuple[str, str, str] | None:
    callee = callee_of(call)
    return _picked(file, callee) if callee is not None else None


def _picked(file: SourceFile, node: Node) -> tuple[str, str, str] | None:
    """Module, name and member of what a hook or store holds: `load` of `useStore((state) => state.load)`, too."""
    owner = node.child_by_field_name("object") if node.type == "member_expression" else None
    root = unwrap(owner) if owner is not None else node
    found = resolve(file, root) if root.type == "identifier" else None
    member = node.child_by_field_name("property") if owner is not None else None
    return _member_of(file, found, member) if found is not None else None


def _member_of(file: SourceFile, found: Binding, member: Node | None) -> tuple[str, str, str] | None:
    hook = hook_of(file, found)
    if hook is None:
        return None
    keys = (*found.keys, *([file.text(member)] if member is not None else []))
    given = arguments_of(hook[1])
    selector = unwrap(given[0]).child_by_field_name("body") if given and not keys else None
    if selector is not None and selector.type == "member_expression":
        picked = selector.child_by_field_name("property")
        keys = (file.text(picked),) if picked is not None else ()
    name = callee_of(hook[1])
    source = resolve(file, name) if name is not None and name.type == "identifier" else None
    if source is None or source.scope.type != "program" or len(keys) != 1:
        return None
    module, exported = (source.module, source.imported) if source.kind == "import" else ("", source.name)
    return module, exported, keys[0]
