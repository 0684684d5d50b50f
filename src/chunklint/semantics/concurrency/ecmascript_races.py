"""Which races on `this` in TypeScript and JavaScript classes matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.concurrency.ecmascript_flow import flow_of_method, shapes_of
from chunklint.semantics.concurrency.flow import GROWS, Act, Block, How
from chunklint.semantics.concurrency.flow import every as steps_of
from chunklint.semantics.concurrency.races import Kind, Race, races_of
from chunklint.semantics.concurrency.shared_races import RESOURCE, Harm
from chunklint.semantics.concurrency.sharing import Evidence
from chunklint.semantics.concurrency.state import Shape
from chunklint.semantics.concurrency.suspicions import Suspicion, extent, waited_for
from chunklint.semantics.ecmascript.functions import is_async

CLASSES = ("class_declaration", "class", "abstract_class_declaration")
# Queues and mutexes are objects of many libraries: a method that speaks of one is taken to know what it does.
_EXCLUDES = re.compile(r"mutex|semaphore|runExclusive|synchroni[sz]ed|acquire|(?<![bco])[lL]ock(?!ed)|[qQ]ueue\.add")
_LIFE = re.compile(
    r"^#?_?(constructor|close|stop|shutdown|destroy|dispose|disconnect|terminate|reset|clear|teardown|cleanup|unmount"
    r"|start|open|init|initialize|initialise|setup|connect|bootstrap|main|run|onModule\w+|onApplication\w+"
    r"|componentDid\w+|componentWill\w+|connectedCallback|disconnectedCallback)$"
)

_LASTING = re.compile(
    r"^(?:export\s+)?(?:default\s+|(?:const|let)\s+\w+[^=\n]{0,99}=\s*)new\s+(\w+)"
    r"|(?:\.|static\s[^=;\n]{0,99})\w*[iI]nstance\w*[^=;\n]{0,99}=\s*new\s+(\w+)",
    re.MULTILINE,
)


def suspicions_of_classes(file: EcmascriptFile) -> Iterator[Suspicion]:
    """The races of the classes of a file."""
    for owner in descendants(file.root, *CLASSES):
        name = owner.child_by_field_name("name")
        if name is None or "await" not in file.text(owner):
            continue
        yield from _of_class(owner, file.text(name), file)


def _of_class(owner: Node, name: str, file: EcmascriptFile) -> Iterator[Suspicion]:
    shapes = shapes_of(owner, file)
    evidence = Evidence.PROVEN if name in _lasting(file) else Evidence.NONE
    flows = {title: (method, flow_of_method(method, shapes, file)) for title, method in methods_of(owner, file)}
    for title, (method, flow) in flows.items():
        if not is_async(method) or _LIFE.match(title) or _EXCLUDES.search(file.text(method)):
            continue
        others = {other: block for other, (_, block) in flows.items() if other != title and not _LIFE.match(other)}
        for race in races_of(flow, shapes, lambda _: frozenset()):
            harm, changing = _harm(race, shapes[race.state], others)
            if harm is not None:
                yield _suspicion(race, harm, name, evidence, changing, file)


def begins_or_ends(name: str) -> bool:
    """Whether a method of this name begins or ends an object's life, when nobody else uses it."""
    return _LIFE.match(name) is not None


def methods_of(owner: Node, file: EcmascriptFile) -> Iterator[tuple[str, Node]]:
    """The methods of a class, those that are arrow functions included, by name."""
    body = owner.child_by_field_name("body")
    for child in body.named_children if body is not None else ():
        name = child.child_by_field_name("name") or child.child_by_field_name("property")
        function = child if child.type == "method_definition" else child.child_by_field_name("value")
        if name is not None and function is not None and function.type in ("method_definition", "arrow_function"):
            yield file.text(name), function


def _lasting(file: EcmascriptFile) -> frozenset[str]:
    """The classes of which the module makes an object that outlives all calls: a constant, a static `instance`."""
    return file.remember("lasting", lambda: frozenset(one[1] or one[2] for one in _LASTING.finditer(file.content)))


def _harm(race: Race, shape: Shape, others: dict[str, Block]) -> tuple[Harm | None, tuple[str, ...]]:
    acts = [
        (name, step)
        for name, block in others.items()
        for step in steps_of(block)
        if isinstance(step, Act) and step.state == race.state
    ]
    match race.kind:
        case Kind.LOST:
            return Harm.LOST, ()
        case Kind.ITERATED:
            names = tuple(sorted({name for name, act in acts if act.how is How.DROP}))
            return (Harm.ITERATED if names else None), names
        case Kind.CLEARED:
            grows = any(act.how in GROWS for _, act in acts)
            return (Harm.CLEARED if grows else None), ()
        case Kind.CHECKED if race.look.how is How.SIZE and isinstance(race.act, Act) and not race.act.settles:
            return (Harm.STALE if race.act.how in (How.ADD, How.SET, How.AUGMENT) else None), ()
        case Kind.CHECKED if shape is Shape.SINGLE and isinstance(race.act, Act) and race.act.how is How.AUGMENT:
            return Harm.STALE, ()
        case Kind.CHECKED if shape is Shape.SINGLE and isinstance(race.act, Act) and race.act.how is How.ASSIGN:
            opens = not race.act.settles and RESOURCE.search(f"{race.act.makes} {race.state}") is not None
            return (Harm.TWICE if opens else None), ()
    return None, ()


def _suspicion(
    race: Race, harm: Harm, owner: str, evidence: Evidence, others: tuple[str, ...], file: EcmascriptFile
) -> Suspicion:
    place, more = extent(race, file)
    return Suspicion(
        owner,
        evidence,
        harm,
        race.state,
        others,
        bool(others),
        waited_for(race.wait, file),
        race.look.how is How.SIZE,
        False,
        False,
        place,
        file.location(race.look.node),
        file.location(race.wait),
        more,
    )
