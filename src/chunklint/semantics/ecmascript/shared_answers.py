"""Slow answers over two files: actions of stores and hooks that set what they have asked for, and who asks again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.model import Location
from chunklint.records import record
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
from chunklint.semantics.ecmascript.leaks import has_no_cleanup, is_app_root
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.names import Binding, bindings, qualified, resolve, unwrap
from chunklint.semantics.ecmascript.react import Deps, effects, hook_of, is_hook, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.shared_leaks import handed_out
from chunklint.semantics.ecmascript.stale_answers import (
    ACTS,
    asks_with,
    changing_names,
    requests_behind,
    runs_once,
    waits_itself,
)

# How many calls wrap the creator of a store: `create()(devtools(persist((set, get) => ...)))`.
_WRAPPERS = 6
_FROM_STATE = re.compile(r"\bget\(\)\.(\w+)")


@record
class Answer:
    """A function of a hook or store that waits for an answer and keeps it, whatever has been asked since.

    Attributes:
        name: The name that the hook or store is exported under.
        member: The name of the function in it.
        position: The argument that it asks with; -1 for none.
        keys: The members of the store that it asks with.
        sets: What it sets.
    """

    name: str
    member: str
    position: int
    keys: frozenset[str]
    sets: str
    place: Location


@record
class Keeper:
    """A function of a store that only keeps its argument, under `key`."""

    name: str
    member: str
    key: str


@record
class Question:
    """An effect without a cleanup that calls a function of a hook or store for something that changes.

    Attributes:
        given: The changing dependencies by the position of the argument that mentions them.
        told: What the effect gave other functions of the same store before: (member, dependency).
        owner: The definition of this file that the effect stands in.
        ways: What those dependencies change with, by their names.
    """

    module: str
    name: str
    member: str
    text: str
    given: tuple[tuple[int, str], ...]
    told: tuple[tuple[str, str], ...]
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
        for member, inner in _actions(file, creator) if creator is not None else ():
            key = _kept(file, inner)
            if key:
                yield Keeper(name, member, key)
            else:
                yield from _answer(file, inner, name, member, creator)


def questions(file: SourceFile) -> Iterator[Question]:
    """The calls of functions of hooks and stores with what changes, in effects that cancel nothing."""
    for effect in effects(file):
        if effect.runs is not Deps.SOME or effect.owner is None or not has_no_cleanup(file, effect):
            continue
        changing = changing_names(file, effect)
        if not changing or runs_once(file, effect):
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
            if given or before:
                text, in_root = " ".join(file.text(callee).split()), is_app_root(file, effect.owner)
                owner = definition_around(file, effect.call)
                ways = tuple((asked, way) for asked in sorted(changing) for way in sorted(changing[asked]))
                place = file.location(callee)
                yield Question(module, name, member, text, given, tuple(before), owner, ways, in_root, place)
            before.extend((member, dependency) for at, dependency in given if at == 0)


def overtaken(facts: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[str, Question, Answer, str]]:
    """The calls whose late answers overwrite later ones: path, question, what answers, the dependency it asks with."""
    offered = {
        (path, fact.name, fact.member): fact
        for path, own in facts.items()
        for fact in own
        if isinstance(fact, Answer | Keeper)
    }
    known = {path for path, _, _ in offered}
    for path, own in facts.items():
        for fact in own:
            if not isinstance(fact, Question):
                continue
            target = module_files(path, fact.module, known) if fact.module else path
            answer = offered.get((target, fact.name, fact.member)) if target is not None else None
            if target is None or not isinstance(answer, Answer):
                continue
            asked = dict(fact.given).get(answer.position, "")
            for member, dependency in fact.told:
                keeper = offered.get((target, fact.name, member))
                if not asked and isinstance(keeper, Keeper) and keeper.key in answer.keys:
                    asked = dependency
            if asked:
                yield path, fact, answer, asked


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
                asked = next(asks_with(file, request, inputs, ()), "")
                found = inputs.get(asked)
                keys = set(_FROM_STATE.findall(file.text(request))) if creator is not None else set()
                if found is not None and found.kind == "variable":
                    keys |= set(found.keys[:1])
                position = (found.keys or ("0",))[0] if found is not None and found.kind == "parameter" else ""
                if (not position.isdigit() and not keys) or _asks_later(file, function, request):
                    continue
                where = int(position) if position.isdigit() else -1
                yield Answer(name, member, where, frozenset(keys), sets, file.location(callee_of(run.node) or run.node))
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


def _taken(file: SourceFile, call: Node) -> tuple[str, str, str] | None:
    """Module, name and member of a hook's or store's function: `load` of `useStore((state) => state.load)`, too."""
    callee = callee_of(call)
    owner = callee.child_by_field_name("object") if callee is not None and callee.type == "member_expression" else None
    root = unwrap(owner) if owner is not None else callee
    found = resolve(file, root) if root is not None and root.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if callee is None or found is None or hook is None:
        return None
    member = callee.child_by_field_name("property") if owner is not None else None
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
