"""What ends by itself, or touches nothing but a component that is gone: nobody has to release it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.changes import given
from chunklint.semantics.ecmascript.cleanup_scope import Chain, chains_in, conditions
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callback_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.lifetimes import Reach, reach
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, root_of, string_value, uses_of, wrapped
from chunklint.semantics.ecmascript.origins import origin_of
from chunklint.semantics.ecmascript.react import Deps, Effect, component_of, hook_of, state_of_setter
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition
from chunklint.semantics.ecmascript.timers import leads_away

_CLEARS = RELEASES[Kind.INTERVAL]
_COMPARES = frozenset({"<", ">", "<=", ">=", "==", "==="})
# What tells an answer, and what ends it.
_ANSWERS = {"EventSource": "close", "Worker": "terminate"}
_OBSERVERS = frozenset({"ResizeObserver", "IntersectionObserver", "MutationObserver"})
# What asks again for data that others show as well, closes the other window, or only tells the developer.
_QUIET = frozenset({"refetch", "mutate", "invalidateQueries", "close", "log", "debug", "info", "warn", "error"})
# What a handler takes away with itself, and what it asks or tells the developer on the way.
_TAKES_ALONG = RELEASES[Kind.LISTENER] | {
    "removeChild",
    "hasOwnProperty",
    "logError",
    "reportError",
    "captureException",
}
_COMPUTES = frozenset({"Number", "now", "min", "max", "round", "floor", "ceil", "random"})
# What is mounted, or made, once for all pages, by the names that such things are given.
_TELLS_ALL = frozenset(
    {
        "notifications",
        "notification",
        "toast",
        "toaster",
        "enqueueSnackbar",
        "showNotification",
        "showToast",
        "addToast",
        "queryClient",
    }
)
# What is called to find something out, by the words that such functions are named with.
_READS = re.compile(
    r"(?:get|parse|decode|read|is|has|find|to|from|compute|calculate|select|format|filter|map|slice|split|trim|includes|"
    r"indexOf|startsWith|endsWith|some|every|match|test|replace|concat|keys|values|entries|Number|String|Boolean)"
    r"(?![a-z])"
)
_ANY_OF = re.compile(r"\|\||!==?|\bincludes\(")
_HOPS = 4
# All that is done with a socket of which only the error is heard.
_OF_FAILING = frozenset({"onerror", "close", "readyState"})


def run_by(file: SourceFile, callback: Node) -> tuple[Node, ...]:
    """A function, and the functions of this file that it calls, a few calls deep."""
    found, pending = [callback], [(callback, 0)]
    while pending:
        function, depth = pending.pop()
        for call in descendants(function, "call_expression") if depth < _HOPS else ():
            callee = callee_of(call)
            called = function_of(file, callee) if callee is not None else None
            if called is not None and called not in found:
                found.append(called)
                pending.append((called, depth + 1))
    return tuple(found)


def ends_itself(file: SourceFile, interval: Node, release: Node) -> bool:
    """Whether what an interval runs clears it at some time: a countdown."""
    callback = callback_of(file, interval)
    return callback is not None and any(begins_within(release, function) for function in run_by(file, callback))


def ends_by_count(file: SourceFile, interval: Node) -> bool:
    """Whether an interval clears itself once it has run so many times."""
    callback = callback_of(file, interval)
    functions = run_by(file, callback) if callback is not None else ()
    calls = (call for function in functions for call in descendants(function, "call_expression"))
    if not any(called_name(file, call) in _CLEARS for call in calls):
        return False
    counters = {chain for function in functions for chain in _counted(file, function)}
    return any(
        chain in counters
        for function in functions
        for asked in (conditions(function) if counters else ())
        for part in descendants(asked, "binary_expression")
        if (operator := part.child_by_field_name("operator")) is not None and operator.type in _COMPARES
        for chain in chains_in(file, part)
    )


def _counted(file: SourceFile, function: Node) -> Iterator[Chain]:
    for step in descendants(function, "update_expression", "augmented_assignment_expression"):
        target = step.child_by_field_name("argument") or step.child_by_field_name("left")
        if target is not None:
            yield dotted(file, target)


def ends_after_the_wait(file: SourceFile, interval: Node, release: Node) -> bool:
    """Whether the function that starts an interval clears it when what it waits for is there, and it only sets state.

    Should the wait fail, nothing is asked for again and again.
    """
    around, callback = enclosing_function(file, interval), callback_of(file, interval)
    if callback is None or not only_sets_state(file, callback, _COMPUTES):
        return False
    waits = descendants(around, "await_expression") if around is not None else ()
    between = any(interval.end_byte < wait.start_byte < release.start_byte for wait in waits)
    return between and enclosing_function(file, release) == around


def tells_all_of_its_end(file: SourceFile, interval: Node) -> bool:
    """Whether an interval ends with each outcome, a failure too, and tells of it what is there for all pages.

    The notice of an import belongs to the whole application: a cleanup would leave it standing half-way.
    """
    callback, owner = callback_of(file, interval), component_of(file, interval)
    if callback is None or owner is None or not _ends_with_each_outcome(file, callback) or leads_away(file, callback):
        return False
    calls = (call for function in run_by(file, callback) for call in descendants(function, "call_expression"))
    roots = [root_of(callee) for call in calls if (callee := callee_of(call)) is not None]
    found = [(root, resolve(file, root)) for root in roots if root.type == "identifier"]
    # What the component is given is its caller's, who may have gone on.
    if any(one is not None and given(file, root, one, owner) is not None for root, one in found):
        return False
    return any(file.text(root) in _TELLS_ALL for root in roots)


def _ends_with_each_outcome(file: SourceFile, callback: Node) -> bool:
    """Whether a poll is over with a good answer, with a bad one, and when it fails to ask."""
    clears = [call for call in descendants(callback, "call_expression") if called_name(file, call) in _CLEARS]
    failed = [call for call in clears if _is_for_failure(file, call, callback)]
    if all(_branch_around(call, callback) is not None for call in failed):
        return False
    branches = {one.id: one for call in clears if call not in failed and (one := _branch_around(call, callback))}
    # One branch for each outcome, or one for all of them: `status !== "running"`.
    asked = (one.child_by_field_name("condition") for one in branches.values())
    return len(branches) > 1 or any(one is not None and _ANY_OF.search(file.text(one)) for one in asked)


def _is_for_failure(file: SourceFile, call: Node, callback: Node) -> bool:
    for around in ancestors(call):
        if around == callback:
            return False
        handed = around.parent.parent if is_function(around) and around.parent is not None else None
        if handed is not None and handed.type == "call_expression" and called_name(file, handed) == "catch":
            return True
        if around.type == "catch_clause":
            return True
    return False


def _branch_around(call: Node, callback: Node) -> Node | None:
    """The `if` that a call stands in, within the answer or within the failure; None outside of any."""
    for around in ancestors(call):
        if around == callback or around.type == "catch_clause":
            return None
        if around.type == "if_statement":
            return around
    return None


def ends_by_the_clock(file: SourceFile, interval: Node, release: Node) -> bool:
    """Whether an interval asks what time it is, ends itself then, and touches nothing of a component."""
    callback = callback_of(file, interval)
    if callback is None or not begins_within(release, callback):
        return False
    calls = list(descendants(callback, "call_expression"))
    asks = any(dotted(file, callee) == ("Date", "now") for call in calls if (callee := callee_of(call)) is not None)
    return asks and not any(_sets_state(file, call) for call in calls)


def _sets_state(file: SourceFile, call: Node) -> bool:
    callee = callee_of(call)
    return callee is not None and callee.type == "identifier" and state_of_setter(file, callee) is not None


def only_sets_state(file: SourceFile, callback: Node, words: frozenset[str] = frozenset()) -> bool:
    """Whether all that a callback calls are setters of state, which do nothing once unmounted, and those words."""
    calls = list(descendants(callback, "call_expression"))
    return bool(calls) and all(_sets_state(file, call) or called_name(file, call) in words for call in calls)


def only_tells_its_component(file: SourceFile, handler: Node) -> bool:
    """Whether a handler sets state, and all else that it calls is read for that: `parsePanels(location.search)`."""
    calls = list(descendants(handler, "call_expression"))
    sets = [call for call in calls if _sets_state(file, call) or _reduces(file, call)]
    return bool(sets) and all(call in sets or _is_read(file, call) for call in calls)


def _reduces(file: SourceFile, call: Node) -> bool:
    """Whether a call tells a reducer of the component or of a context above it, not the store of the application."""
    callee = callee_of(call)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    hook = hook_of(file, found) if found is not None and found.name == "dispatch" else None
    return hook is not None and not hook[0].endswith("Dispatch")


def _is_read(file: SourceFile, call: Node) -> bool:
    """Whether a call is named for what it finds out, and its value is used at once."""
    around = call.parent
    part = around.child_by_field_name("property") if around is not None else None
    waits = around is not None and around.type in ("expression_statement", "await_expression")
    waits = waits or (part is not None and file.text(part) in ("then", "catch", "finally"))
    return not waits and _READS.match(called_name(file, call)) is not None


def goes_with_its_element(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether an observer looks at an element of the component only, once, and asks whether that is still there."""
    if effect.runs is not Deps.EMPTY or acquired.receiver is None:
        return False
    observer = receiver_of(acquired.node)
    return reach(file, acquired.receiver, effect) is Reach.OWNED and (
        observer is not None and _asks_elements(file, _made_with(file, observer))
    )


def _made_with(file: SourceFile, observer: Node) -> Node | None:
    """The callback of an observer."""
    made = origin_of(file, observer)
    return callback_of(file, made) if made is not None and made.type == "new_expression" else None


def _asks_elements(file: SourceFile, callback: Node | None) -> bool:
    """Whether each function that a callback runs asks for the element of a ref before it uses that."""
    for function in run_by(file, callback) if callback is not None else ():
        asked = any(".current" in file.text(condition) for condition in conditions(function))
        for use in descendants(function, "member_expression"):
            owner = use.child_by_field_name("object")
            taken = owner is not None and dotted(file, owner)[-1:] == ("current",)
            if taken and not asked and "?." not in file.text(use):
                return False
    return callback is not None


def looks_at_own_element(file: SourceFile, effect: Effect, name: str, made: Node) -> bool:
    """Whether what a name is given is an observer of an element of the component: unmounting takes both away."""
    constructor = callee_of(made) if made.type == "new_expression" else None
    if constructor is None or file.text(constructor) not in _OBSERVERS:
        return False
    targets = [
        arguments_of(call)[0]
        for call in descendants(effect.callback, "call_expression")
        if called_name(file, call) == "observe" and arguments_of(call)
        if (receiver := receiver_of(call)) is not None and file.text(receiver) == name
    ]
    return bool(targets) and all(reach(file, target, effect) is Reach.OWNED for target in targets)


def clears_itself(file: SourceFile, name: str, interval: Node) -> bool:
    """Whether an interval's callback clears it through the name that keeps it."""
    callback = callback_of(file, interval) if called_name(file, interval) == "setInterval" else None
    calls = descendants(callback, "call_expression") if callback is not None else ()
    return any(
        called_name(file, call) in _CLEARS and [file.text(one) for one in arguments_of(call)] == [name]
        for call in calls
    )


def hears_once(file: SourceFile, made: Node) -> bool:
    """Whether a speech recognition ends with the first result, since it is told not to go on."""
    callee = callee_of(made)
    if callee is None or "Recognition" not in file.text(callee):
        return False
    told = [
        file.text(right)
        for node in descendants(file.root, "assignment_expression")
        if (left := node.child_by_field_name("left")) is not None and file.text(left).endswith(".continuous")
        if (right := node.child_by_field_name("right")) is not None
    ]
    return bool(told) and all(text == "false" for text in told)


def answers_once(file: SourceFile, made: Node) -> bool:
    """Whether an EventSource is closed with its first message and with an error, or a socket is opened to fail.

    A worker that is ended with its first message is done with what it was made for.
    """
    callee, around = callee_of(made), wrapped(made).parent
    name = around.child_by_field_name("name") if around is not None and around.type == "variable_declarator" else None
    if callee is not None and name is not None and file.text(callee) == "WebSocket":
        return _is_opened_to_fail(file, name)
    if callee is None or name is None or file.text(callee) not in _ANSWERS:
        return False
    ends, last = dict[str, bool](), f"{file.text(name)}.{_ANSWERS[file.text(callee)]}"
    for node in descendants(enclosing_function(file, made) or file.root, "assignment_expression", "call_expression"):
        event, handler = _heard(file, node, file.text(name))
        function = function_of(file, handler) if handler is not None else None
        if function is not None:
            ends[event] = _always_calls(file, function, last)
    return ends.get("message", False) and ends.get("error", last.endswith("terminate"))


def _heard(file: SourceFile, node: Node, name: str) -> tuple[str, Node | None]:
    """The event of an object for which a handler is set or added, and the handler; "" and None for anything else."""
    if node.type == "call_expression":
        receiver, given = receiver_of(node), arguments_of(node)
        own = receiver is not None and file.text(receiver) == name and called_name(file, node) == "addEventListener"
        return (string_value(file, given[0]) or "", given[1]) if own and len(given) > 1 else ("", None)
    left = node.child_by_field_name("left")
    chain = dotted(file, left) if left is not None else ()
    own = len(chain) > 1 and chain[0] == name
    return (chain[1].removeprefix("on"), node.child_by_field_name("right")) if own else ("", None)


def _is_opened_to_fail(file: SourceFile, name: Node) -> bool:
    """Whether nobody sends to a socket or hears from it, and its error closes it: it warms up the way to a server."""
    around = [use.parent for use in uses_of(file, name)]
    members = [one for one in around if one is not None and one.type == "member_expression"]
    words = {file.text(one).rpartition(".")[2] for one in members}
    return len(members) == len(around) and {"onerror", "close"} <= words <= _OF_FAILING


def _always_calls(file: SourceFile, function: Node, called: str) -> bool:
    """Whether a statement of a function itself makes a call, and no way leaves the function before that."""
    body = function.child_by_field_name("body")
    if body is not None and body.type == "call_expression":
        return file.text(body).startswith(f"{called}(")
    for statement in body.named_children if body is not None else ():
        if statement.type == "expression_statement" and file.text(statement).startswith(f"{called}("):
            return True
        if statement.type in ("return_statement", "throw_statement"):
            return False
        if next(descendants(statement, "return_statement", stop=FUNCTIONS), None) is not None:
            return False
    return False


def only_logs(file: SourceFile, handler: Node) -> bool:
    """Whether all that a handler does, itself or through functions of this file, is to write to the console."""
    functions = run_by(file, handler)
    calls = [call for function in functions for call in descendants(function, "call_expression")]
    callees = [callee for call in calls if (callee := callee_of(call)) is not None]
    logs = [callee for callee in callees if dotted(file, callee)[:1] == ("console",)]
    changes = any(next(descendants(one, "assignment_expression"), None) is not None for one in functions)
    return bool(logs) and not changes and all(one in logs or function_of(file, one) in functions for one in callees)


def is_removed_by_count(file: SourceFile, call: Node, words: frozenset[str]) -> bool:
    """Whether an interval that is started beside a listener takes that away, too, when it ends by its count."""
    around, event = enclosing_function(file, call), [file.text(one) for one in arguments_of(call)[:2]]
    for interval in descendants(around, "call_expression") if around is not None else ():
        callback = callback_of(file, interval) if called_name(file, interval) == "setInterval" else None
        for removal in descendants(callback, "call_expression") if callback is not None else ():
            fits = called_name(file, removal) in words and [file.text(one) for one in arguments_of(removal)] == event
            if fits and ends_by_count(file, interval):
                return True
    return False


def removes_itself(file: SourceFile, call: Node, removal: Node, held: Reach) -> bool:
    """Whether a handler takes itself away, and is late once at most.

    It is written where it is added, tells only what is gone, takes all away that was added with it, or listens to the
    component's own element.
    """
    if begins_within(removal, call):
        return True
    given = arguments_of(call)
    handler = function_of(file, given[1]) if len(given) > 1 else None
    # One that has been named as well, where all that it tells is gone.
    own = handler is not None and only_sets_state(file, handler, _TAKES_ALONG)
    if own and takes_itself_away(file, call, removal):
        return True
    if handler is not None and _ends_its_group(file, handler, removal):
        return True
    if held is not Reach.OWNED or len(given) < 2:
        return False
    # A drag listens for moves until the button goes up: the handler of the one takes both away.
    listens = [one for one in _siblings(call) if called_name(file, one) == called_name(file, call)]
    handlers = [function_of(file, arguments_of(one)[1]) for one in listens if len(arguments_of(one)) > 1]
    return any(handler is not None and begins_within(removal, handler) for handler in handlers)


def _ends_its_group(file: SourceFile, handler: Node, removal: Node) -> bool:
    """Whether a handler calls what takes it away together with the others that wait for the same: a `cleanup()`."""
    group = enclosing_function(file, removal)
    if group is None or group == handler or group not in run_by(file, handler):
        return False
    removed = [called_name(file, call) for call in descendants(group, "call_expression")]
    return sum(name in RELEASES[Kind.LISTENER] for name in removed) > 1


def takes_itself_away(file: SourceFile, call: Node, removal: Node) -> bool:
    """Whether a removal stands in the handler that a call adds."""
    given = arguments_of(call)
    handler = function_of(file, given[1]) if len(given) > 1 else None
    return handler is not None and begins_within(removal, handler)


def _siblings(call: Node) -> Iterator[Node]:
    """The calls of the statements beside a call's own, and the call itself."""
    block = call.parent.parent if call.parent is not None else None
    yield call
    for statement in block.named_children if block is not None else ():
        if statement.type == "expression_statement":
            yield from (part for part in statement.named_children if part.type == "call_expression" and part != call)
