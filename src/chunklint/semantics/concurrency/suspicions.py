"""Races as plain data, so that what other files say of a class can be weighed before anything is reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.languages.python import PythonFile
from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.concurrency.dying_tasks import Dying, dying_tasks
from chunklint.semantics.concurrency.elsewhere import owners_of_borrowed, quick_coroutines, spelled
from chunklint.semantics.concurrency.flow import Act, How
from chunklint.semantics.concurrency.races import Race
from chunklint.semantics.concurrency.shared_races import Harm, SharedRace, shared_races
from chunklint.semantics.concurrency.sharing import Evidence, Instance, instances
from chunklint.semantics.python.modules import Modules
from chunklint.semantics.python.names import local_function

# Acts this near to each other are one place to a reader.
_NEAR = 3
_LONGEST = 60


@record
class Suspicion:
    """A race of one file.

    Attributes:
        owner: The class whose attribute it is about, "" for a global.
        others: Functions that change the state too, those first that take something out (`removed`).
        wait: The source of what is waited for, cut to one short line.
        asked: The name of the method that is awaited of an object of another class, "" for anything else.
        limit: Whether what was looked at was how much there is.
        flag: Whether the act only sets a flag that says that something was done.
        apart: Whether look and act hold locks, but not one throughout.
        mild: Whether only tasks that are sure to meet do harm.
        more: Further acts that rely on the same look.
    """

    owner: str
    evidence: Evidence
    harm: Harm
    state: str
    others: tuple[str, ...]
    removed: bool
    wait: str
    limit: bool
    flag: bool
    apart: bool
    place: Location
    looked: Location
    waited: Location
    more: tuple[Location, ...] = ()
    mild: bool = False
    asked: str = ""


def suspicions(file: PythonFile) -> Iterator[Suspicion | Instance]:
    """The races of a file, and the lasting objects that it makes of classes of other files."""
    yield from instances(file)
    for found in shared_races(file):
        yield _suspicion(found, file)
    for one in dying_tasks(file):
        yield _of_task(one, file)


def _of_task(one: Dying, file: PythonFile) -> Suspicion:
    return Suspicion(
        one.owner,
        one.evidence,
        Harm.DYING if one.finder else Harm.TWICE,
        one.state,
        (one.finder,),
        True,
        waited_for(one.wait, file),
        False,
        False,
        False,
        file.location(one.act),
        file.location(one.cancelled),
        file.location(one.wait),
    )


def _suspicion(found: SharedRace, file: PythonFile) -> Suspicion:
    race = found.race
    place, rest = extent(race, file)
    return Suspicion(
        found.owner,
        found.evidence,
        found.harm,
        race.state,
        found.others,
        found.removed,
        waited_for(race.wait, file),
        race.look.how is How.SIZE,
        isinstance(race.act, Act) and race.act.settles,
        found.apart,
        place,
        file.location(race.look.node),
        file.location(race.wait),
        rest,
        found.mild,
        _asked(race.wait, file),
    )


def _asked(wait: Node, file: PythonFile) -> str:
    """The method of `await other.method(...)`, where no method of this class or file is awaited."""
    call = wait.named_children[-1] if wait.type == "await" and wait.named_children else None
    function = call.child_by_field_name("function") if call is not None and call.type == "call" else None
    method = function.child_by_field_name("attribute") if function is not None else None
    foreign = function is not None and local_function(function, file) is None
    return file.text(method) if method is not None and foreign else ""


def extent(race: Race, file: SourceFile) -> tuple[Location, tuple[Location, ...]]:
    """Where the acts of a race are: those that stand together as one place, and the others."""
    nodes = sorted((race.act.node, *race.more), key=lambda node: node.start_byte)
    together = [node for node in nodes if node.start_byte <= race.act.node.start_byte][-1:]
    rest: list[Node] = [node for node in nodes if node.start_byte < race.act.node.start_byte]
    for node in nodes:
        if node.start_byte <= race.act.node.start_byte:
            continue
        if node.start_point[0] - together[-1].end_point[0] <= _NEAR and not rest_after(rest, together[0]):
            together.append(node)
        else:
            rest.append(node)
    first, last = file.span(together[0]), file.span(together[-1])
    place = Location(file.path, Span(first.start_line, first.start_column, last.end_line, last.end_column))
    return replace(place, symbol=file.symbol(together[0])), tuple(file.location(node) for node in rest)


def rest_after(rest: Iterable[Node], first: Node) -> bool:
    """Whether one of the nodes stands after the first of those that are together."""
    return any(node.start_byte > first.start_byte for node in rest)


def waited_for(wait: Node, file: SourceFile) -> str:
    """What a wait waits for, on one line, cut where it gets long."""
    text = " ".join(file.text(wait).split())
    if wait.type == "async":
        return "async for"
    text = text if wait.type.startswith("await") else f"async with {text}"
    if len(text) <= _LONGEST:
        return text
    head = text.partition("(")[0]
    return f"{head}(...)" if len(head) < _LONGEST else f"{text[:_LONGEST]}..."


def convincing(facts: Mapping[str, Iterable[object]]) -> Iterator[Suspicion]:
    """The suspicions that hold, with the evidence that other files give for them."""
    modules = Modules(facts)
    lasting = {
        (modules.resolve(path, fact.imported), fact.name)
        for path, found in facts.items()
        for fact in found
        if isinstance(fact, Instance)
    }
    quick, borrowed = quick_coroutines(facts), owners_of_borrowed(facts)
    for path, found in facts.items():
        for one in found:
            # Whoever holds a lock of an object's from outside does so around the calls of its methods.
            if not isinstance(one, Suspicion) or one.asked in quick or spelled(one.owner) in borrowed:
                continue
            proven = one.owner != "" and (path, one.owner) in lasting
            held = replace(one, evidence=Evidence.PROVEN) if proven else one
            if _is_enough(held):
                yield held


def _is_enough(one: Suspicion) -> bool:
    """Whether the evidence carries the harm: what breaks by itself needs less than what may be meant so."""
    match one.evidence:
        case Evidence.PROVEN:
            return True
        case Evidence.LOCKED:
            return one.harm is not Harm.TWICE or one.apart
        case Evidence.LIKELY:
            return one.harm is not Harm.TWICE and not one.mild and (one.harm is not Harm.MISSING or one.removed)
    return one.harm in (Harm.ITERATED, Harm.MISSING) and one.removed and not one.mild
