"""How long things live in a React component, where handles are kept, and which code gives them back."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_code import cleanup_code
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    function_name,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.handlers import is_for
from chunklint.semantics.ecmascript.names import (
    Binding,
    dotted,
    resolve,
    root_of,
    string_value,
    unwrap,
    uses_of,
    written_out,
)
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    Deps,
    Effect,
    cleanup_of,
    effects,
    hook_of,
    is_component_or_hook,
    jsx_elements,
    state_of_setter,
    unmounting,
)
from chunklint.semantics.ecmascript.releases import RELEASES, Kind

_EXPRESSION_WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "await_expression"}
)
_COLLECTS = frozenset({"push", "add", "unshift"})
# What puts something onto a map that it is given, which stays its owner's.
_PUTS_ONTO = frozenset({"addTo", "openOn"})
_BROWSER = frozenset({"window", "document", "globalThis", "self", "navigator", "screen", "visualViewport", "chrome"})
_LOOKUPS = frozenset({"getElementById", "querySelector"})
_OWNED_HOOKS = frozenset({"useRef", "useState", "useMemo", "useReducer", "useId"})

# What hooks hand out under these names belongs to the application, not to the component.
_SHARED_NAMES = ("socket", "emitter", "eventbus", "events", "router", "pusher", "connection", "i18n")


class Reach(StrEnum):
    """How long something lives, seen from an effect."""

    GLOBAL = "global"  # as long as the page
    SHARED = "shared"  # longer than the component: a module's, a prop, a context value
    OWNED = "owned"  # as long as the component: a ref, state, an element it renders
    LOCAL = "local"  # made by the effect itself
    UNKNOWN = "unknown"


@record
class Handle:
    """Where the value of an acquiring expression goes.

    Attributes:
        names: The chains that keep it, such as ("timer", "current"); state under the name of its variable.
        lasting: Those of the names that one render can read from the next, or another function of the component can.
        state: Those of the names that are state variables.
        paged: Whether a variable of the module or of `window` keeps it, as long as the page.
        escapes: Whether it is handed to code that this file does not show.
    """

    names: frozenset[tuple[str, ...]]
    lasting: frozenset[tuple[str, ...]] = frozenset()
    state: frozenset[str] = frozenset()
    paged: bool = False
    escapes: bool = False


def reach(file: SourceFile, receiver: Node | None, effect: Effect) -> Reach:
    """How long a listener's target or a subscription's source lives."""
    if receiver is None:
        return Reach.GLOBAL
    node = unwrap(receiver)
    if node.type == "call_expression":
        return _reach_of_call(file, node)
    root = root_of(node)
    if root.type != "identifier" or root_is_called(node):
        return Reach.UNKNOWN
    found = resolve(file, root)
    if found is None:
        return Reach.GLOBAL if file.text(root) in _BROWSER else Reach.UNKNOWN
    if "current" in dotted(file, node)[1:]:
        return Reach.OWNED
    return _reach_of_binding(file, found, effect)


def root_is_called(node: Node) -> bool:
    """Whether a chain goes through a call."""
    while node.type in ("member_expression", "subscript_expression"):
        owner = node.child_by_field_name("object")
        if owner is None:
            return True
        node = unwrap(owner)
    return node.type == "call_expression"


def _reach_of_call(file: SourceFile, call: Node) -> Reach:
    name = called_name(file, call)
    if name == "matchMedia":
        return Reach.GLOBAL
    receiver = receiver_of(call)
    # What is looked up in an element that the code makes or is given lives as long as that does.
    local = receiver is not None and receiver.type == "identifier" and resolve(file, receiver) is not None
    if name not in _LOOKUPS or local:
        return Reach.UNKNOWN
    if receiver is not None and "current" in dotted(file, receiver)[1:]:
        return Reach.OWNED
    return Reach.OWNED if _renders_what_is_looked_up(file, call) else Reach.SHARED


def _renders_what_is_looked_up(file: SourceFile, call: Node) -> bool:
    """Whether the file's own JSX mentions the id or class that a DOM lookup asks for."""
    given = arguments_of(call)
    wanted = string_value(file, given[0]) if given else None
    if not wanted:
        return True
    key = wanted.strip("#.")
    return any(key in file.text(element) for element in jsx_elements(file))


def _reach_of_binding(file: SourceFile, found: Binding, effect: Effect) -> Reach:
    if found.scope.type == "program":
        return Reach.SHARED
    if found.kind == "parameter":
        return Reach.SHARED if found.scope == effect.owner else Reach.UNKNOWN
    value = unwrap(found.value) if found.kind == "variable" and found.value is not None else None
    if value is None:
        return Reach.UNKNOWN
    hook = hook_of(file, found)
    if hook is not None:
        return _reach_of_hook(hook[0], found.name)
    match value.type:
        case "new_expression":
            return Reach.LOCAL
        case "call_expression" if not found.keys:
            kind = _reach_of_call(file, value)
            return Reach.LOCAL if kind is Reach.UNKNOWN else kind
        case "identifier" | "member_expression" if value != found.node:
            return reach(file, value, effect)
    return Reach.UNKNOWN


def _reach_of_hook(hook: str, name: str) -> Reach:
    if hook in _OWNED_HOOKS:
        return Reach.OWNED
    if hook in ("useContext", "use") or name.lower().endswith(_SHARED_NAMES):
        return Reach.SHARED
    return Reach.UNKNOWN


def handle_of(file: SourceFile, node: Node, callers: tuple[Node, ...] = ()) -> Handle:
    """Where the value of an expression is kept, following one local name and, for a returned value, its callers."""
    names: set[tuple[str, ...]] = set()
    passing: set[tuple[str, ...]] = set()
    state: set[str] = set()
    paged = escapes = False
    pending, seen = [(node, callers)], set[int]()
    while pending:
        current, calls = pending.pop()
        if current.id in seen:
            continue
        seen.add(current.id)
        pending.extend((outer, calls) for outer in _passed_through(file, current))
        for place in _places(current):
            match place.type:
                case "variable_declarator" | "assignment_expression" | "augmented_assignment_expression":
                    left = place.child_by_field_name("name") or place.child_by_field_name("left")
                    # `timers.current[id] = setTimeout(...)` is kept by what holds all of them.
                    while left is not None and left.type == "subscript_expression":
                        left = left.child_by_field_name("object")
                    if left is None:
                        continue
                    chain, meant = dotted(file, left), written_out(file, left)
                    names |= {chain, meant} if chain else set()
                    lent = _lent(file, left, callers)
                    names |= {lent} if lent else set()
                    if _is_made_by_each_call(file, left):
                        passing |= {chain} if "current" in meant else {chain, meant}
                    paged = paged or _is_paged(file, left)
                    pending.extend((use, calls) for use in uses_of(file, left))
                case "call_expression":
                    kept = _kept_by_call(file, place)
                    escapes = escapes or kept is None
                    names |= {kept} if kept else set()
                    state |= {kept[0]} if kept and called_name(file, place) not in _COLLECTS else set()
                case "return_statement" | "arrow_function":
                    escapes = escapes or not calls
                    pending.extend((call, calls[:-1]) for call in calls[-1:])
                case _:
                    escapes = True
    return Handle(frozenset(names), frozenset(names - passing), frozenset(state), paged, escapes)


def _lent(file: SourceFile, name: Node, callers: tuple[Node, ...]) -> tuple[str, ...]:
    """What a chain that begins with a parameter means where the function is called; () for any other chain.

    `start(timer)` keeps the handle in `timer.current` where `start` puts it into `ref.current`.
    """
    root = root_of(name)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None or found.kind != "parameter" or name.type == "identifier":
        return ()
    at = int(found.keys[0]) if len(found.keys) == 1 and found.keys[0].isdigit() else 0 if not found.keys else None
    for call in callers if at is not None else ():
        callee, given = callee_of(call), arguments_of(call)
        if callee is not None and at is not None and function_of(file, callee) == found.scope:
            lent = dotted(file, given[at]) if at < len(given) else ()
            return (*lent, *dotted(file, name)[1:]) if lent else ()
    return ()


def _is_made_by_each_call(file: SourceFile, name: Node) -> bool:
    """Whether the root of a chain is a variable of a function inside the component, which no other effect can see."""
    root = root_of(name)
    found = resolve(file, root) if root.type == "identifier" else None
    function = found.scope if found is not None else None
    while function is not None and not is_function(function):
        function = function.parent
    return function is not None and not is_component_or_hook(function_name(file, function))


def _is_paged(file: SourceFile, name: Node) -> bool:
    root = root_of(name)
    if root.type != "identifier":
        return False
    found = resolve(file, root)
    return file.text(root) in _BROWSER if found is None else found.scope.type == "program"


def _passed_through(file: SourceFile, node: Node) -> Iterator[Node]:
    """Where a value goes on from a method call on it: the uses of `then`'s parameter, or a call that may return it."""
    around = node.parent
    call = around.parent if around is not None and around.type == "member_expression" else None
    if call is None or call.type != "call_expression" or node.type not in ("call_expression", "new_expression"):
        return
    given = arguments_of(call)
    if called_name(file, call) != "then" or not given:
        yield call
    elif is_function(given[0]):
        parameters = given[0].child_by_field_name("parameters") or given[0]
        yield from (use for name in descendants(parameters, "identifier") for use in uses_of(file, name))


def _places(node: Node) -> Iterator[Node]:
    """The construct that takes the value of an expression, if any does."""
    child, around = node, node.parent
    while around is not None and (around.type in _EXPRESSION_WRAPPERS or _hands_on(around, child)):
        child, around = around, around.parent
    if around is None:
        return
    match around.type:
        case "variable_declarator" | "return_statement" | "pair" | "array" | "spread_element" | "ternary_expression":
            yield around
        case "object":  # `{ id, timer }` holds it as `{ id, timer: timer }` does.
            yield around
        case "assignment_expression" | "augmented_assignment_expression" if (
            around.child_by_field_name("right") == child
        ):
            yield around
        case "arrow_function" if around.child_by_field_name("body") == child:
            yield around
        case "arguments" if around.parent is not None:
            yield around.parent


def _hands_on(around: Node, child: Node) -> bool:
    """Whether an expression has the value of one inside it: `on && setInterval(...)`, `(id || 0)`."""
    operator = around.child_by_field_name("operator") if around.type == "binary_expression" else None
    if operator is None or operator.type not in ("&&", "||", "??"):
        return False
    return operator.type != "&&" or around.child_by_field_name("right") == child


def _kept_by_call(file: SourceFile, call: Node) -> tuple[str, ...] | None:
    """The chain that a call keeps its argument in: state, a list; () when it keeps nothing; None when unknown."""
    callee, receiver = callee_of(call), receiver_of(call)
    if callee is None:
        return None
    if callee.type == "identifier":
        name = state_of_setter(file, callee)
        if name is not None:
            return (name,)
    if called_name(file, call) in _COLLECTS and receiver is not None:
        return dotted(file, receiver) or None
    return () if _gives_back(file, call) or called_name(file, call) in _PUTS_ONTO else None


# What takes a handle and keeps nothing of it.
_TAKES_ONLY = frozenset({"log", "error"}).union(
    *(RELEASES[kind] for kind in Kind if kind not in (Kind.GLOBAL, Kind.INSTANCE, Kind.SUBSCRIPTION, Kind.STREAM))
)


def _gives_back(file: SourceFile, call: Node) -> bool:
    return called_name(file, call) in _TAKES_ONLY


def given_back_on_unmount(file: SourceFile, effect: Effect, names: frozenset[tuple[str, ...]]) -> bool:
    """Whether the cleanup of another effect of the same component mentions one of the chains."""
    return any(names & _mentioned(file, other) for other in _cleaning(file, effect)) if names else False


def cleaned_at_the_end_only(file: SourceFile, effect: Effect, name: tuple[str, ...]) -> bool:
    """Whether the cleanups that mention a chain all belong to effects that run once, and so not before a re-run."""
    return all(other.runs is Deps.EMPTY for other in _cleaning(file, effect) if name in _mentioned(file, other))


def cleaned_by(
    file: SourceFile, effect: Effect, words: frozenset[str], event: str | None = None, handler: Node | None = None
) -> bool:
    """Whether another effect's cleanup of the same component calls one of the functions, for that event if it says.

    A removal that is given another handler than the one that was added does not count.
    """
    return any(
        called_name(file, call) in words and _fits(file, call, event, handler)
        for other in _cleaning(file, effect)
        for call in _cleanup_calls(file, other)
    )


def _fits(file: SourceFile, call: Node, event: str | None, handler: Node | None) -> bool:
    given = arguments_of(call)
    named = string_value(file, given[0]) if given else None
    if event is not None and named is not None and named != event:
        return False
    return is_for(file, call, handler)


def _cleanup_calls(file: SourceFile, effect: Effect) -> tuple[Node, ...]:
    """The calls of a cleanup."""

    def collect() -> Iterator[Node]:
        for part in cleanup_code(file, effect):
            yield from descendants(part, "call_expression")

    return file.remember(("cleanup calls", effect.call.id), lambda: tuple(collect()))


def _cleaning(file: SourceFile, effect: Effect) -> Iterator[Effect]:
    """The other effects of the component that have a cleanup."""

    def collect() -> dict[Node | None, list[Effect]]:
        owned: dict[Node | None, list[Effect]] = {}
        for other in (*effects(file), *unmounting(file)):
            if cleanup_of(file, other) is not Cleanup.ABSENT:
                owned.setdefault(other.owner, []).append(other)
        return owned

    by_owner = file.remember("effects with a cleanup", collect)
    return (other for other in by_owner.get(effect.owner, ()) if other.call != effect.call)


def _mentioned(file: SourceFile, effect: Effect) -> frozenset[tuple[str, ...]]:
    """Every chain of names, and every beginning of one, in an effect and in what its cleanup calls."""

    def collect() -> Iterator[tuple[str, ...]]:
        for part in (effect.callback, *cleanup_code(file, effect)):
            for node in descendants(part, "identifier", "member_expression"):
                yield dotted(file, node)
                yield written_out(file, node)

    return file.remember(("mentions", effect.call.id), lambda: frozenset(collect()))


def released_by_hand(
    file: SourceFile,
    around: Node,
    words: frozenset[str],
    names: frozenset[tuple[str, ...]],
    event: str | None,
    handler: Node | None = None,
) -> Node | None:
    """A call in the code around that gives something back, though no unmount runs it.

    It must name one of the chains, or the event of a listener and its handler; without any, the word alone counts.
    """
    for call in _calls_by_name(file, words):
        if not begins_within(call, around):
            continue
        given, receiver = arguments_of(call), receiver_of(call)
        chains = [dotted(file, node) for node in (*given[:1], *([receiver] if receiver is not None else []))]
        if any(chain[: len(name)] == name for chain in chains for name in names if chain):
            return call
        told = not names and is_for(file, call, handler)
        if told and (event is None or (given and string_value(file, given[0]) == event)):
            return call
    return None


def _calls_by_name(file: SourceFile, words: frozenset[str]) -> list[Node]:
    def collect() -> list[Node]:
        return [call for call in descendants(file.root, "call_expression") if called_name(file, call) in words]

    return file.remember(("calls", words), collect)
