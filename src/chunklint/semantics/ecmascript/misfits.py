"""Cleanups that do not fit what their effect acquires: another handler or event, one branch, the last one only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import (
    Chain,
    handled_chains,
    is_opaque,
    own_calls,
    own_chains,
)
from chunklint.semantics.ecmascript.cleanup_ways import asks_whether_over, named_again
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.handlers import is_same_handler
from chunklint.semantics.ecmascript.leaks import leak_of
from chunklint.semantics.ecmascript.lifetimes import handle_of
from chunklint.semantics.ecmascript.names import (
    FUNCTIONS,
    dotted,
    resolve,
    string_value,
    unwrap,
    wrapped,
    written_out,
)
from chunklint.semantics.ecmascript.origins import origin_of
from chunklint.semantics.ecmascript.react import Cleanup, Deps, Effect, cleanup_of
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition, acquisitions
from chunklint.semantics.ecmascript.shutting import closing


class Misfit(Enum):
    """In which way a cleanup fails to give back what the effect acquired."""

    HANDLER = "it removes another function"
    EVENT = "it removes another event"
    TARGET = "it removes from another target"
    CAPTURE = "it removes the listener of the other phase"
    FORGOTTEN = "it leaves this out"
    BRANCH = "another branch returns no cleanup"
    OVERWRITTEN = "it knows the last one only"


@record
class Mismatch:
    """An acquisition whose cleanup exists and does not release it.

    Attributes:
        other: The call or statement that shows it: the removal that misses, the `return` without a cleanup.
        name: The handle that the cleanup asks, or the state or ref that lets no later run acquire again, where it
            matters; "" otherwise.
    """

    acquired: Acquisition
    sort: Misfit
    other: Node | None = None
    name: str = ""


_ADDS = frozenset({"addEventListener", "addListener", "on"})
_TAKES = frozenset({"variable_declarator", "assignment_expression", "arguments", "return_statement", "array", "pair"})
_REMOVALS = frozenset({"removeEventListener", "removeListener", "off"})
_ENDS = (
    RELEASES[Kind.CONNECTION] | RELEASES[Kind.INSTANCE] | RELEASES[Kind.SUBSCRIPTION] | RELEASES[Kind.LISTENER]
) - _REMOVALS
_HANDLED = frozenset(
    {Kind.INTERVAL, Kind.LOOP, Kind.CONNECTION, Kind.OBSERVER, Kind.WATCH, Kind.INSTANCE, Kind.SUBSCRIPTION}
)
_FORGETTABLE = _HANDLED | {Kind.LISTENER}
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_PAGES = (("window",), ("document",), ("document", "body"), ("document", "documentElement"))
_REPEATS = frozenset({"forEach", "map"})
# What is written where no cleanup is meant to be: `// Don't remove the listener here`, `// keep listening`.
_ON_PURPOSE = re.compile(
    r"\b(?:don'?t|do not|never)\b.{0,30}\b(?:clean|clear|remov|unsubscri|dispos|stop|disconnect|detach|clos|cancel)|"
    r"\b(?:keep|leave)s?\b.{0,30}\b(?:listen|alive|open|running|subscri|attached|going|poll|observ|connect)",
    re.IGNORECASE,
)


def mismatches(file: SourceFile, effect: Effect) -> Iterator[Mismatch]:
    """What an effect acquires and its cleanup does not give back, at most one answer for each acquisition."""
    if cleanup_of(file, effect) is not Cleanup.PRESENT:
        return
    for acquired in acquisitions(file, effect.callback):
        found = _judged(file, effect, acquired)
        if found is not None:
            yield found


def _judged(file: SourceFile, effect: Effect, acquired: Acquisition) -> Mismatch | None:
    if acquired.kind not in _FORGETTABLE:
        return None
    listens = called_name(file, acquired.node) in _ADDS and not _is_kept(acquired.node)
    found = (_listener if listens else _handle)(file, effect, acquired)
    found = found or _one_branch(file, effect, acquired)
    if found is None or leak_of(file, effect, acquired) is None:
        return None
    if found.sort is Misfit.FORGOTTEN and effect.runs is not Deps.EMPTY:
        return replace(found, name=".".join(min(closing(file, effect, acquired), default=())))
    return found


def _is_kept(call: Node) -> bool:
    """Whether something takes what the call returns, such as a subscription of React Native."""
    return call.parent is not None and call.parent.type in _TAKES


def _listener(file: SourceFile, effect: Effect, acquired: Acquisition) -> Mismatch | None:
    given = arguments_of(acquired.node)
    event = string_value(file, given[0]) if len(given) > 1 else None
    if event is None:
        return None
    removals = _removals(file, effect)
    if None in removals:
        return None
    holder = _holder(file, acquired.receiver)
    same = removals.get(event, [])
    here = [call for call in same if _is_same_holder(file, holder, receiver_of(call))]
    if here:
        return _by_handler(file, acquired, given, here)
    for call in same:
        if is_same_handler(file, given[1], arguments_of(call)[1:2]) and not is_function(unwrap(given[1])):
            return Mismatch(acquired, Misfit.TARGET, call)
    added = _added(file, effect)
    for call in (call for named, calls in removals.items() if named not in added for call in calls):
        fits = _is_same_holder(file, holder, receiver_of(call))
        if fits and is_same_handler(file, given[1], arguments_of(call)[1:2]):
            return Mismatch(acquired, Misfit.EVENT, call)
    return _forgotten(file, effect, acquired, dotted(file, acquired.receiver) if acquired.receiver else ())


def _removals(file: SourceFile, effect: Effect) -> dict[str | None, list[Node]]:
    """The removals of the cleanup by their event; None stands for events that are not literals."""

    def collect() -> dict[str | None, list[Node]]:
        found: dict[str | None, list[Node]] = {}
        for call in own_calls(file, effect):
            given = arguments_of(call) if called_name(file, call) in _REMOVALS else []
            if given:
                found.setdefault(string_value(file, given[0]), []).append(call)
        return found

    return file.remember(("removals", effect.call.id), collect)


def _by_handler(file: SourceFile, acquired: Acquisition, given: list[Node], removals: list[Node]) -> Mismatch | None:
    fitting = [call for call in removals if is_same_handler(file, given[1], arguments_of(call)[1:2])]
    if not fitting:
        return Mismatch(acquired, Misfit.HANDLER, removals[0])
    if called_name(file, acquired.node) != "addEventListener":
        return None
    phase = _capture(file, given[2:3])
    phases = {_capture(file, arguments_of(call)[2:3]) for call in fitting}
    if phase is None or None in phases or phase in phases:
        return None
    return Mismatch(acquired, Misfit.CAPTURE, fitting[0])


def _added(file: SourceFile, effect: Effect) -> frozenset[str]:
    """The events that an effect listens to."""

    def collect() -> Iterator[str]:
        for found in acquisitions(file, effect.callback):
            given = arguments_of(found.node)
            event = string_value(file, given[0]) if found.kind in (Kind.LISTENER, Kind.SUBSCRIPTION) and given else None
            if event:
                yield event

    return file.remember(("added events", effect.call.id), lambda: frozenset(collect()))


def _holder(file: SourceFile, receiver: Node | None) -> Chain:
    return dotted(file, receiver) if receiver is not None else ("window",)


def _is_same_holder(file: SourceFile, holder: Chain, receiver: Node | None) -> bool:
    """Whether a removal can concern the holder; only two different globals surely are two things."""
    other = _holder(file, receiver)
    return not (holder in _PAGES and other in _PAGES and holder != other)


def _is_of_another_event(file: SourceFile, removal: Node, acquired: Acquisition) -> bool:
    """Whether a removal and what was added name two events."""
    named = [string_value(file, given[0]) for call in (removal, acquired.node) if (given := arguments_of(call))]
    return len(named) == 2 and None not in named and named[0] != named[1]


def _capture(file: SourceFile, options: list[Node]) -> bool | None:
    """The capture flag that options say; None when they cannot be read."""
    if not options:
        return False
    node = unwrap(options[0])
    found = resolve(file, node) if node.type == "identifier" else None
    if found is not None and found.kind == "variable" and found.value is not None and not found.keys:
        node = unwrap(found.value)
    match node.type:
        case "true" | "false":
            return node.type == "true"
        case "object":
            flag = False
            for part in node.named_children:
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                if key is None or value is None:
                    return None
                if file.text(key) == "capture":
                    if value.type not in ("true", "false"):
                        return None
                    flag = value.type == "true"
            return flag
        case "undefined":
            return False
    return None


def _handle(file: SourceFile, effect: Effect, acquired: Acquisition) -> Mismatch | None:
    node = acquired.node
    if acquired.kind is Kind.OBSERVER:
        observer = receiver_of(node)
        made = origin_of(file, observer) if observer is not None else None
        names = frozenset({dotted(file, observer)} if observer is not None else ())
        names |= handle_of(file, made).names if made is not None else frozenset()
    else:
        handle = handle_of(file, node, acquired.path)
        names = handle.names
    receiver = dotted(file, acquired.receiver) if acquired.receiver is not None else ()
    names = named_again(file, effect, node, names)
    if asks_whether_over(file, effect, node, names):
        return None
    kept = names & handled_chains(file, effect)
    if not kept:
        return _forgotten(file, effect, acquired, receiver, names)
    return _overwritten(file, effect, acquired, kept)


def _forgotten(
    file: SourceFile, effect: Effect, acquired: Acquisition, receiver: Chain, names: frozenset[Chain] = frozenset()
) -> Mismatch | None:
    """The cleanup shows all that it does, and nothing of it concerns the acquisition."""
    if is_opaque(file, effect):
        return None
    meant = written_out(file, acquired.receiver) if acquired.receiver is not None else ()
    for call in own_calls(file, effect):
        target = receiver_of(call)
        chain = dotted(file, target) if target is not None else ()
        # `const socket = ref.current` listens, and the cleanup closes `ref.current`.
        if called_name(file, call) in _ENDS and (not receiver or not chain or chain[:1] in (receiver[:1], meant[:1])):
            return None
        elsewhere = called_name(file, call) in _REMOVALS and chain and receiver and chain != receiver
        if elsewhere and not (receiver in _PAGES and chain in _PAGES and _is_of_another_event(file, call, acquired)):
            return None
    if acquired.kind is Kind.SUBSCRIPTION and receiver in own_chains(file, effect):
        offs = [call for call in own_calls(file, effect) if called_name(file, call) in _REMOVALS]
        if not offs or called_name(file, acquired.node) == "subscribe":
            return None
    if any(name[:1] == chain[:1] for name in names for chain in handled_chains(file, effect)):
        return None
    return Mismatch(acquired, Misfit.FORGOTTEN, _clears_the_first(file, effect, acquired))


def _clears_the_first(file: SourceFile, effect: Effect, acquired: Acquisition) -> Node | None:
    """The call of a cleanup that clears one timer of a loop by the constant which holds that."""
    for call in own_calls(file, effect) if acquired.kind is Kind.LOOP else ():
        given = arguments_of(call) if called_name(file, call) in RELEASES[Kind.LOOP] else []
        found = resolve(file, given[0]) if given and given[0].type == "identifier" else None
        value = found.value if found is not None and found.kind == "variable" else None
        if value is not None and value.type == "call_expression" and len(arguments_of(value)) > 0:
            return call
    return None


def _overwritten(file: SourceFile, effect: Effect, acquired: Acquisition, kept: frozenset[Chain]) -> Mismatch | None:
    """A handle that a loop assigns again and again: the cleanup sees the last one only."""
    assigned = _assignment_of(acquired.node)
    left = assigned.child_by_field_name("left") if assigned is not None else None
    chain = dotted(file, left) if left is not None else ()
    if assigned is None or chain not in kept:
        return None
    root = left
    found = resolve(file, root) if root is not None and root.type == "identifier" else None
    for around in ancestors(assigned):
        if around == effect.callback or (found is not None and around == found.scope):
            return None
        call = around.parent.parent if is_function(around) and around.parent is not None else None
        if around.type in _LOOPS or (
            call is not None and call.type == "call_expression" and called_name(file, call) in _REPEATS
        ):
            return Mismatch(acquired, Misfit.OVERWRITTEN, None, ".".join(chain))
        if is_function(around):
            return None
    return None


def _assignment_of(node: Node) -> Node | None:
    around = wrapped(node).parent
    return around if around is not None and around.type == "assignment_expression" else None


def _one_branch(file: SourceFile, effect: Effect, acquired: Acquisition) -> Mismatch | None:
    """A `return` without a cleanup that is reached after the acquisition, or a cleanup returned on one branch only."""
    place = acquired.path[0] if acquired.path else acquired.node
    body = effect.callback.child_by_field_name("body")
    if body is None or body.type != "statement_block" or acquired.waited:
        return None
    statement = _statement_in(place, body)
    if statement is None:
        return None
    own = frozenset(handle_of(file, acquired.node, acquired.path).names)
    for other in _returns(file, body):
        if other.start_byte < place.end_byte or other.named_children:
            continue
        branch = _statement_in(other, body)
        if branch is None or branch == statement or branch.type != "if_statement" or _leaves(place, statement):
            continue
        if _is_on_purpose(file, branch):
            return None
        if not _concerns(file, branch, own) and not _asks_what_it_has_made(file, effect, branch):
            return Mismatch(acquired, Misfit.BRANCH, other)
    return _last_branch(file, effect, acquired, body, statement, own)


def _is_on_purpose(file: SourceFile, branch: Node) -> bool:
    """Whether a comment in a branch, or behind it, says that what was acquired is to stay."""
    behind = branch.next_named_sibling
    said = list(descendants(branch, "comment"))
    if behind is not None and behind.type == "comment" and behind.start_point[0] == branch.end_point[0]:
        said.append(behind)
    return any(_ON_PURPOSE.search(file.text(one)) for one in said)


def _asks_what_it_has_made(file: SourceFile, effect: Effect, branch: Node) -> bool:
    """Whether a condition asks for nothing but what the effect has made: a context, rows that are not to be empty.

    Such questions please the compiler or come of caution, and are seldom answered so that the effect leaves.
    """
    condition = branch.child_by_field_name("condition")
    names = list(descendants(condition, "identifier")) if condition is not None else []
    found = [resolve(file, name) for name in names]
    return bool(found) and all(
        one is not None
        and one.value is not None
        and begins_within(one.node, effect.callback)
        and unwrap(one.value).type not in ("identifier", "member_expression")
        for one in found
    )


def _leaves(place: Node, statement: Node) -> bool:
    """Whether a block around what acquires always returns, so that nothing behind the statement is reached."""
    for around in ancestors(place):
        last = around.named_children[-1] if around.type == "statement_block" and around.named_children else None
        if (
            last is not None
            and last.type in ("return_statement", "throw_statement")
            and last.start_byte > place.end_byte
        ):
            return True
        if around == statement:
            return False
    return False


def _returns(file: SourceFile, body: Node) -> tuple[Node, ...]:
    return file.remember(("returns", body.id), lambda: tuple(descendants(body, "return_statement", stop=FUNCTIONS)))


def _last_branch(
    file: SourceFile, effect: Effect, acquired: Acquisition, body: Node, statement: Node, own: frozenset[Chain]
) -> Mismatch | None:
    if statement.type not in ("expression_statement", "lexical_declaration", "variable_declaration"):
        return None
    values = [node for node in _returns(file, body) if node.named_children]
    branches = [_statement_in(node, body) for node in values]
    if len(values) == 1 and branches[0] == values[0] and values[0].start_byte > statement.end_byte:
        return Mismatch(acquired, Misfit.BRANCH, values[0]) if _sometimes(file, values[0], own) else None
    if len(values) != 1 or branches[0] is None or branches[0].type != "if_statement":
        return None
    branch = branches[0]
    if branch.child_by_field_name("alternative") is not None or branch.start_byte < statement.end_byte:
        return None
    if _concerns(file, branch.child_by_field_name("condition") or branch, own):
        return None
    return Mismatch(acquired, Misfit.BRANCH, values[0])


def _sometimes(file: SourceFile, leave: Node, own: frozenset[Chain]) -> bool:
    """`return open ? () => release() : undefined` for what is acquired in any case."""
    value = unwrap(leave.named_children[0])
    condition = value.child_by_field_name("condition") if value.type == "ternary_expression" else None
    sides = [side for key in ("consequence", "alternative") if (side := value.child_by_field_name(key)) is not None]
    nothing = any(file.text(side) in ("undefined", "null") for side in sides)
    return condition is not None and nothing and not _concerns(file, condition, own)


def _concerns(file: SourceFile, branch: Node, own: frozenset[Chain]) -> bool:
    """Whether a branch speaks of the handle, or releases by itself."""
    if any((file.text(name),) in own for name in descendants(branch, "identifier")):
        return True
    releases = _REMOVALS | _ENDS | {"clearInterval", "clearTimeout", "cancelAnimationFrame"}
    return any(called_name(file, call) in releases for call in descendants(branch, "call_expression"))


def _statement_in(node: Node, body: Node) -> Node | None:
    """The statement of a block that holds a node, unless a function lies between."""
    current = node
    for around in ancestors(node):
        if around == body:
            return current
        if is_function(around):
            return None
        current = around
    return None
