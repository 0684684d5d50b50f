"""Effects whose slow answer to an earlier question overwrites the answer to a later one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.appended import begins_anew, is_appended
from chunklint.semantics.ecmascript.asked_names import is_credential, is_place, named, told
from chunklint.semantics.ecmascript.asking import asked_in_chain, asks_with, mentioned, requests_behind
from chunklint.semantics.ecmascript.changes import ITSELF, given, ways_of
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions, is_guarded
from chunklint.semantics.ecmascript.computed import computes
from chunklint.semantics.ecmascript.earlier_values import is_of_render_before
from chunklint.semantics.ecmascript.feeds import asks_by
from chunklint.semantics.ecmascript.filled_once import is_filled_once
from chunklint.semantics.ecmascript.functions import (
    Running,
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    is_function,
)
from chunklint.semantics.ecmascript.healing import heals
from chunklint.semantics.ecmascript.keyed_answers import kept_under
from chunklint.semantics.ecmascript.latest_only import keeps_latest
from chunklint.semantics.ecmascript.leads import Leads, leads_before, leads_of, union
from chunklint.semantics.ecmascript.mild_answers import is_picture, only_renames
from chunklint.semantics.ecmascript.mount_flags import asks_only_if_mounted
from chunklint.semantics.ecmascript.names import FUNCTIONS, bindings, dotted, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.never import never_reached
from chunklint.semantics.ecmascript.react import Deps, Effect, effects, hook_of, is_read, state_of_pair, state_of_setter
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.shut_fields import is_idle_at, is_shut
from chunklint.semantics.ecmascript.swaps import asked_before, said_of
from chunklint.semantics.ecmascript.whereabouts import Lead

# What tells how much there is, and where in it a page stands.
_A_REF = re.compile(r"[\w$.]+\.current")
_MEASURES = re.compile(
    r"[Tt]otal|[Cc]ount|[Pp]agination|[Pp]age(?:s?$|Num|No|Size|Index|Info|Offset)|[Hh]as(?:More|Next|Prev)|[Ll]oad|[Bb]usy"
)


# A word that says that something goes on: `"loading"`, `Status.Pending`.
_GOES_ON = re.compile(
    r"""^(?:["']|[A-Z]\w*\.)(?:is)?(?:re)?(?:load|fetch|pend|busy|wait|search)\w*["']?$""", re.IGNORECASE
)
# Milliseconds that a request waits first, after which only an answer that takes as much longer comes too late.
_LONG = 1000


@record
class Stale:
    """A request whose answer sets state, whatever has been asked since.

    Attributes:
        request: The call that is waited for.
        setter: The call that sets the state with its answer, or the setter that a promise goes on with.
        dependency: The dependency that the request asks with.
        fed: The dependencies that change only where a mount or caller changes them, each with its way; empty where
            the component itself changes `dependency`.
        path: The calls that lead from the effect to the request, outermost first.
        module: Module and name of the function that the request calls, where it is an import of its own; "" otherwise.
        prop: The prop by which the component is told how to ask; "" for none.
        leads: What decides in other files if all answers that the effect takes come from this machine; () for nothing.
        onto: The list that the answer is put behind, as it was when the effect ran; "" where it takes its place.
    """

    request: Node
    setter: Node
    dependency: str
    path: tuple[Node, ...]
    fed: tuple[tuple[str, str], ...]
    module: tuple[str, str]
    prop: str
    leads: tuple[Lead, ...] = ()
    onto: str = ""


def stale_answers(file: SourceFile, effect: Effect) -> Iterator[Stale]:
    """A request of an effect that asks with a changing dependency and sets state without a check.

    What two effects of a component ask by one function is told of the first.
    """
    earlier = (
        one for one in effects(file) if one.owner == effect.owner and one.call.start_byte < effect.call.start_byte
    )
    for stale in _worst(file, effect):
        known = (before for one in earlier for before in _worst(file, one) if stale.fed or not before.fed)
        if all(before.request != stale.request or not before.path for before in known):
            yield stale


def _worst(file: SourceFile, effect: Effect) -> tuple[Stale, ...]:
    """The stale answer of an effect that shows most, if it has any."""
    if effect.runs is not Deps.SOME or effect.owner is None:
        return ()
    return file.remember(("stale answers", effect.call.id), lambda: tuple(_judged(file, effect)))


def _judged(file: SourceFile, effect: Effect) -> Iterator[Stale]:
    changing = changing_names(file, effect)
    if not changing or runs_once(file, effect):
        return
    # The next render changes such a value, and the cleanup of a run would take back what that run has asked.
    if any(is_of_render_before(file, dependency) for dependency in effect.deps):
        return
    told = [(stale, _leads(file, effect, stale)) for stale in _candidates(file, effect, changing)]
    found = [stale for stale, leads in told if leads is None or leads]
    known = all(leads is not None for _, leads in told)
    leads = tuple(sorted({lead for _, own in told for lead in own or ()})) if known else ()
    # Of what one effect sets late, what is shown says more than how many pages there are, or what shows nothing.
    worst = sorted(found, key=lambda stale: _shows_little(file, stale.setter))[:1]
    yield from (replace(stale, leads=leads) for stale in worst)


def _leads(file: SourceFile, effect: Effect, stale: Stale) -> Leads | None:
    """Where all leads that a setter's call waits for: what is asked for in its answer, and what comes before."""
    owner = effect.owner or effect.callback
    before = (leads_before(file, place, owner) for place in (*stale.path, stale.setter))
    return union((leads_of(file, stale.request), *before))


def _shows_little(file: SourceFile, setter: Node) -> tuple[bool, bool, bool]:
    """Whether what a call sets tells how much there is, if it leads to nothing shown, and if its name says nothing."""
    callee, given = callee_of(setter), arguments_of(setter)
    name = given[0] if called_name(file, setter) == "then" and given else callee
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if name is None or found is None or hook is None:
        return False, False, False
    siblings = (one for one in bindings(file, found.scope).values() if one.value == found.value)
    uses = [use for one in siblings if one.keys != found.keys for use in uses_of(file, one.node)]
    silent = [effect for effect in effects(file) if not _sets_state(file, effect.callback)]
    unseen = all(any(begins_within(use, effect.call) for effect in silent) for use in uses)
    # Of a page with its rows, only the number of them may be shown: `page.total`.
    shown = [use for use in uses if not any(begins_within(use, effect.call) for effect in silent)]
    counts = bool(shown) and all(_MEASURES.search(_part(file, use)) for use in shown)
    return counts or _MEASURES.search(file.text(name)) is not None, unseen, hook[0] == "useReducer"


def _part(file: SourceFile, use: Node) -> str:
    """The part of a state that a use takes; "" for all of it."""
    around = use.parent
    part = around.child_by_field_name("property") if around is not None else None
    return file.text(part) if part is not None else ""


def _sets_state(file: SourceFile, function: Node) -> bool:
    """Whether a function calls any setter of state."""
    names = (callee_of(call) for call in descendants(function, "call_expression"))
    called = (name for name in names if name is not None and name.type == "identifier")
    return any(state_of_setter(file, name) is not None for name in called)


def _candidates(file: SourceFile, effect: Effect, changing: Mapping[str, frozenset[str]]) -> Iterator[Stale]:
    """A stale answer for each setter of an effect that takes one."""
    for run, path in reached(file, effect.callback):
        if run.node.type != "call_expression" or (taken := _taken(file, run)) is None:
            continue
        name, setter, requests = taken
        if (state := state_of_setter(file, name)) is None or "rror" in file.text(name) or not is_read(file, name):
            continue
        if is_picture(file, effect, name) or only_renames(file, name):
            continue
        if any(_fills_ref(file, effect, place) for place in (*path, run.node)):
            continue
        if _waits_long(file, effect, path[0] if path else run.node):
            continue
        if any(never_reached(file, place) for place in (*path, run.node)):
            continue
        for request in requests:
            asked = _asked(file, effect, request, path, changing)
            asked -= _sorted_by(file, run.node, request, changing, path) if asked else frozenset()
            asked -= kept_under(file, setter, changing.keys(), path) if asked else frozenset()
            if not asked or _is_asked_late(file, effect, run.node) or computes(file, effect, request):
                continue
            # The next run puts it right, or it is how many there are, which is the same for each page.
            counted = _MEASURES.search(file.text(name)) is not None and all(map(is_place, asked))
            if counted or heals(file, effect, name, state, asked):
                continue
            if not is_filled_once(file, effect, run.node, path, request, state):
                own, fed = by_source(asked, changing)
                asking = told(file, effect, own or asked)
                stale = Stale(
                    request, setter, asking, path, fed, _module_of(file, request), _prop(file, effect, request)
                )
                # Behind the rows that other words have found, none of those before belongs.
                yield (
                    replace(stale, onto=_onto(file, effect, setter, path))
                    if all(map(is_place, own or asked))
                    else stale
                )
                break


def _is_asked_late(file: SourceFile, effect: Effect, setter: Node) -> bool:
    """Whether the work asks after its wait if its run is the last one, not only if the component is there."""
    return is_guarded(file, effect, setter, own_wait(setter), asks_only_if_mounted)


def _onto(file: SourceFile, effect: Effect, setter: Node, path: tuple[Node, ...]) -> str:
    """The state that a setter is given with an answer behind it, where nothing begins it anew; "" for none."""
    callee = callee_of(setter)
    state = state_of_setter(file, callee) if callee is not None and callee.type == "identifier" else None
    appended = state and is_appended(file, setter, state, path) and not begins_anew(file, effect, setter, state)
    return state or "" if appended else ""


def _waits_long(file: SourceFile, effect: Effect, place: Node) -> bool:
    """Whether a timer of the effect makes the request a second later, or when something computed is due."""
    for around in (place, *ancestors(place)):
        if around == effect.callback:
            return False
        given = arguments_of(around) if around.type == "call_expression" else []
        if called_name(file, around) != "setTimeout" or len(given) < 2:
            continue
        found = resolve(file, given[1]) if given[1].type == "identifier" else None
        delay = unwrap(found.value) if found is not None and found.kind == "variable" and found.value else given[1]
        if found is not None and delay.type == "call_expression" and begins_within(found.node, effect.callback):
            return True
        return (amount := file.text(delay).replace("_", "")).isdigit() and int(amount) >= _LONG
    return False


def _asked(
    file: SourceFile, effect: Effect, request: Node, path: tuple[Node, ...], changing: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """What a request asks with that can change while it runs; empty where another cannot be made meanwhile."""
    if _goes_alone(file, effect, request) or keeps_latest(file, request):
        return frozenset()
    busy = busy_states(file, effect, path, request)
    owner = effect.owner or effect.callback
    if busy and any(is_idle_at(file, place, owner, busy) for place in (*path, request)):
        return frozenset()
    # The effect that runs again for its own flag would take back with a cleanup what it has just begun.
    listed = {file.text(dependency) for dependency in effect.deps}
    if any(name.partition("=")[0] in listed for name in busy):
        return frozenset()
    asked = asks_with(file, request, changing.keys(), path)
    return frozenset(name for name in asked if not busy or not is_shut(file, effect, name, busy))


def _prop(file: SourceFile, effect: Effect, request: Node) -> str:
    """The prop that a request calls: `onSearch` of `await onSearch(words)`; "" for any other."""
    callee = callee_of(request)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    way = (
        given(file, callee, found, effect.owner) if callee is not None and found and effect.owner is not None else None
    )
    position, _, name = (way or "").partition(".")
    return name if position == "0" and asks_by(name) else ""


def _module_of(file: SourceFile, request: Node) -> tuple[str, str]:
    """Module and name of the imported function that a request calls; empty names for any other."""
    callee = callee_of(request)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    return (found.module, found.imported) if found is not None and found.kind == "import" else ("", "")


def _taken(file: SourceFile, run: Running) -> tuple[Node, Node, Iterator[Node]] | None:
    """The name of what may be a setter, where it takes an answer, and the requests that may have given it.

    `setRows(found)` after a wait takes one, and so does `setRows` in `load(id).then(setRows)`.
    """
    callee, given = callee_of(run.node), arguments_of(run.node)
    if callee is None or not given or is_function(unwrap(given[0])):
        return None
    if callee.type == "identifier" and (run.waited or waits_itself(run.node)):
        return callee, run.node, requests_behind(file, given[0])
    if called_name(file, run.node) != "then" or given[0].type != "identifier":
        return None
    requests = list(asked_in_chain(file, run.node))
    return (given[0], given[0], iter(requests)) if requests else None


def by_source(
    asked: Collection[str], changing: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The dependencies that a component changes itself; without any, those that others change, with their ways."""
    own = tuple(sorted(name for name in asked if ITSELF in changing[name]))
    ordered = sorted(asked, key=lambda name: (is_place(name), name))
    fed = () if own else tuple((name, way) for name in ordered for way in sorted(changing[name]))
    return own, fed


def waits_itself(call: Node) -> bool:
    """Whether what a call is given is waited for on the spot: `setRows(await load(id))`."""
    return own_wait(call) is not None


def own_wait(call: Node) -> int | None:
    """The byte where the wait begins that a call's own arguments contain."""
    wait = next(descendants(call, "await_expression", stop=FUNCTIONS), None)
    return wait.start_byte if wait is not None else None


def runs_once(file: SourceFile, effect: Effect) -> bool:
    """Whether the effect asks a ref before it does anything, as what shall happen once does."""
    return any(chain[-1:] == ("current",) for asked in conditions(effect.callback) for chain in chains_in(file, asked))


def _sorted_by(
    file: SourceFile, setter: Node, request: Node, changing: Mapping[str, frozenset[str]], path: tuple[Node, ...]
) -> frozenset[str]:
    """What is compared to choose the setter of an answer: each value has a state of its own (`if (tab === "hens")`)."""
    function = enclosing_function(file, setter)
    tests = asked_before(setter, function) if function is not None else ()
    chosen = [one for test, _ in tests if test.start_byte >= request.end_byte for one in _compared(test)]
    return frozenset(mentioned(file, chosen, changing.keys(), path))


def _compared(test: Node) -> Iterator[Node]:
    inner = unwrap(test)
    if inner.type == "binary_expression" and inner.children[1].type in ("===", "=="):
        yield inner.children[0]


def _fills_ref(file: SourceFile, effect: Effect, place: Node) -> bool:
    """Whether a place is reached only while a ref is empty: what is there already is not shown again."""
    asked = said_of(file, asked_before(place, effect.owner or effect.callback))
    return any("false" in said and _A_REF.fullmatch(name) for name, said in asked.items())


def _goes_alone(file: SourceFile, effect: Effect, request: Node) -> bool:
    """Whether a lock turns requests away while one runs: `if (busy.current) return; busy.current = true`."""
    function = enclosing_function(file, request)
    while function is not None and function != effect.owner:
        body = function.child_by_field_name("body")
        locks = set(_locked(file, body, request)) if body is not None else set()
        tests = descendants(body, "if_statement", stop=FUNCTIONS) if locks and body is not None else ()
        for test in (test for test in tests if test.end_byte <= request.start_byte):
            condition = test.child_by_field_name("condition")
            asked = set(chains_in(file, condition)) if condition is not None else set()
            if locks & asked:
                return next(descendants(test, "return_statement", stop=FUNCTIONS), None) is not None
        function = enclosing_function(file, function)
    return False


def busy_states(file: SourceFile, effect: Effect, path: tuple[Node, ...], request: Node) -> frozenset[str]:
    """The states and refs that are set to true before a request, in any of the functions that lead to it.

    Of a state that says by words what goes on, with the word: `status=loading`.
    """
    busy: set[str] = set()
    for place in (*path, request):
        function = enclosing_function(file, place)
        while function is not None and function != effect.owner:
            body = function.child_by_field_name("body")
            locks = _locked(file, body, place) if body is not None else ()
            busy.update(".".join(chain) for chain in locks)
            function = enclosing_function(file, function)
    return frozenset(busy)


def _locked(file: SourceFile, body: Node, request: Node) -> Iterator[tuple[str, ...]]:
    """The refs and state variables that are made true before a request."""
    for node in descendants(body, "assignment_expression", "call_expression", stop=FUNCTIONS):
        if node.end_byte > request.start_byte:
            continue
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and right.type == "true" and "current" in dotted(file, left)[1:]:
            yield dotted(file, left)
        callee, given = callee_of(node), arguments_of(node) if node.type == "call_expression" else []
        told = file.text(given[0]) if given else ""
        if callee is not None and callee.type == "identifier" and (told == "true" or _GOES_ON.search(told)):
            state, word = state_of_pair(file, callee), told.strip("'\"")
            yield from [(state if told == "true" else f"{state}={word}",)] if state else []


def changing_names(file: SourceFile, effect: Effect) -> Mapping[str, frozenset[str]]:
    """The dependencies that can change, through the dependencies of callbacks among them, with their ways."""
    pending, seen = list(effect.deps), set[int]()
    changing: dict[str, frozenset[str]] = {}
    while pending and len(seen) < 50 and effect.owner is not None:
        dependency = pending.pop()
        seen.add(dependency.id)
        root = root_of(dependency)
        found = resolve(file, root) if root.type == "identifier" else None
        if found is None or is_credential(file.text(dependency)):
            continue
        hook = hook_of(file, found)
        if hook is not None and hook[0] == "useCallback":
            listed = arguments_of(hook[1])[1:2]
            pending.extend(node for array in listed if array.type == "array" for node in array.named_children)
            continue
        ways = ways_of(file, root, effect.owner)
        if ways:
            changing[named(file, dependency)] = ways
    return changing
