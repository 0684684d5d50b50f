"""What is wrong with a route handler, or with a helper of its module: one verdict each, the strongest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.python.names import enclosing_function, local_function
from chunklint.semantics.web.collaborators import asks_collaborator, private_calls
from chunklint.semantics.web.database import Act, Deed, deeds, is_thin, lets_go_before_stream
from chunklint.semantics.web.logic import Fabrication, Item, Load, fabrication, filters_after_paging, items
from chunklint.semantics.web.routes import handlers, is_dependency
from chunklint.semantics.wording import in_series

# A chain of helpers longer than this is a layer of its own.
_MOST_HELPERS = 200
# Guards on what came in are seldom more than these.
_MOST_DECISIONS = 8


class Verdict(StrEnum):
    """What a function does that belongs elsewhere, the strongest first."""

    TRANSACTION = "transaction"
    ACCESS = "database access"
    LOGIC = "business logic"


@record
class Conduct:
    """A handler, or a helper that one calls, and everything that counts against it.

    Attributes:
        caller: The name of the handler that calls this helper; "" for a handler.
        late_filter: The comprehension that filters what was paginated already.
        delegates: Whether it calls a service, repository or the like.
    """

    node: Node
    name: str
    caller: str
    verdict: Verdict
    deeds: tuple[Deed, ...] = ()
    items: tuple[Item, ...] = ()
    private: tuple[Node, ...] = ()
    made_up: Fabrication | None = None
    late_filter: Node | None = None
    delegates: bool = False

    def acts(self, act: Act) -> tuple[Deed, ...]:
        """The deeds of one kind."""
        return tuple(deed for deed in self.deeds if deed.act is act)

    def weight(self) -> int:
        """What the counted items weigh together. Branches alone, without anything that is done, weigh nothing.

        Neither do refusals beside them where no service is there to refuse, unless there are very many.
        """
        loads = {item.load for item in self.items}
        guards = not self.delegates and len(self.items) <= _MOST_DECISIONS
        if loads <= {Load.BRANCH} or (guards and loads <= {Load.BRANCH, Load.RULE}):
            return 0
        return sum(item.weight for item in self.items)


def conducts(file: PythonFile) -> tuple[Conduct, ...]:
    """The handlers and helpers of a module of routes against which something counts."""
    return file.remember("conducts", lambda: tuple(_conducts(file)))


def place_of(conduct: Conduct, last: Node, file: PythonFile) -> Location:
    """From the `def` of a function to the end of a node in it."""
    start, end = file.span(conduct.node), file.span(last)
    around = file.symbol(conduct.node)
    symbol = f"{around}.{conduct.name}" if around else conduct.name
    return Location(file.path, Span(start.start_line, start.start_column, end.end_line, end.end_column), symbol)


def counted(conduct: Conduct, acts: Sequence[Act]) -> str:
    """The deeds of some kinds in words: "2 queries and 1 write"; "" when there are none."""
    words = {Act.QUERY: ("query", "queries"), Act.WRITE: ("write", "writes")}
    parts: list[str] = []
    for act in acts:
        found = conduct.acts(act)
        if found and act in words:
            parts.append(f"{len(found)} {words[act][len(found) > 1]}")
        elif found:
            made = "session" if act is Act.OPENED else "repository"
            names = ", ".join(dict.fromkeys(f"`{deed.name}`" for deed in found))
            parts.append(f"a {made} made by hand ({names})")
    return in_series(parts)


def _conducts(file: PythonFile) -> Iterator[Conduct]:
    for handler in handlers(file):
        conduct = _judge(handler.node, handler.name, "", file, websocket=handler.websocket)
        if conduct is not None:
            yield conduct
    for helper, caller in _helpers(file):
        name = helper.child_by_field_name("name")
        conduct = _judge(helper, file.text(name) if name is not None else "", caller, file)
        if conduct is not None and conduct.verdict is not Verdict.LOGIC:
            yield conduct


def _judge(function: Node, name: str, caller: str, file: PythonFile, *, websocket: bool = False) -> Conduct | None:
    done = deeds(function, file)
    done = () if lets_go_before_stream(function, done, file) else done
    if any(deed.act is Act.TRANSACTION for deed in done):
        return Conduct(function, name, caller, Verdict.TRANSACTION, done)
    if done and not is_thin(function, done, file) and not _reads_once(function, done, file):
        return Conduct(function, name, caller, Verdict.ACCESS, done)
    counted = items(function, file, websocket=websocket)
    private = tuple(private_calls(function, file))
    made_up, late = fabrication(function, file), filters_after_paging(function, file)
    if not (counted or private or made_up or late):
        return None
    asks = asks_collaborator(function, file)
    return Conduct(function, name, caller, Verdict.LOGIC, done, counted, private, made_up, late, asks)


def _reads_once(function: Node, done: tuple[Deed, ...], file: PythonFile) -> bool:
    """Whether one repository is made for one call, and what comes of it is judged by two guards at most."""
    if len(done) != 1 or done[0].act is not Act.BUILT:
        return False
    calls = [call for call in descendants(function, "call") if _is_on(call, done[0].node, file)]
    guards = [
        one for one in descendants(function, "if_statement") if any(True for _ in descendants(one, "raise_statement"))
    ]
    return len(calls) <= 1 and len(guards) <= 2


def _is_on(call: Node, built: Node, file: PythonFile) -> bool:
    """Whether a call is of a method of the object that another call made and an assignment named."""
    callee = call.child_by_field_name("function")
    receiver = callee.child_by_field_name("object") if callee is not None and callee.type == "attribute" else None
    target = built.parent.child_by_field_name("left") if built.parent is not None else None
    return receiver is not None and target is not None and file.text(receiver) == file.text(target)


def _helpers(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """Undecorated functions of the module that its handlers call, themselves or through each other."""
    routes = handlers(file)
    seen = {handler.node.id for handler in routes}
    pending = [(handler.node, handler.name) for handler in routes]
    while pending and len(seen) < len(routes) + _MOST_HELPERS:
        function, caller = pending.pop(0)
        for call in descendants(function, "call"):
            callee = call.child_by_field_name("function")
            helper = local_function(callee, file) if callee is not None else None
            if helper is None or helper.id in seen:
                continue
            seen.add(helper.id)
            decorated = helper.parent is not None and helper.parent.type == "decorated_definition"
            # What a function defines within itself was judged with it.
            nested = enclosing_function(helper) is not None
            if not decorated and not nested and not is_dependency(helper, file):
                pending.append((helper, caller))
                yield helper, caller
