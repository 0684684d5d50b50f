"""What components acquire outside effects: intervals that handlers start, and what initialisers of hooks open."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.endings import ends_in_finally
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callback_of,
    called_name,
    enclosing_function,
    function_name,
    function_of,
    is_async,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.handler_connections import is_given_to_event, is_handler, is_live
from chunklint.semantics.ecmascript.kept_blobs import is_of_object, is_slight
from chunklint.semantics.ecmascript.lifetimes import (
    given_back_on_unmount,
    handle_of,
    released_by_hand,
)
from chunklint.semantics.ecmascript.names import dotted, string_value, unwrap
from chunklint.semantics.ecmascript.never import never_at_first
from chunklint.semantics.ecmascript.react import Deps, Effect, component_of, effects, hook_calls, is_hook
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import Acquisition, acquisition, acquisitions, reached
from chunklint.semantics.ecmascript.self_ending import ends_after_the_wait, ends_itself
from chunklint.semantics.ecmascript.timers import acts_outside

_ELEMENTS = ("jsx_element", "jsx_self_closing_element")
_STOPS = RELEASES[Kind.INTERVAL]
_OPENED = frozenset(
    {Kind.CONNECTION, Kind.LISTENER, Kind.INTERVAL, Kind.SUBSCRIPTION, Kind.LOOP, Kind.OBJECT_URL, Kind.INSTANCE}
)
# Connections are kept and ended by wrappers of all sorts.
_ENDS = {kind: RELEASES[kind] | RELEASES[Kind.CONNECTION] | RELEASES[Kind.SUBSCRIPTION] for kind in _OPENED}
_EACH_RENDER = frozenset({Kind.CONNECTION, Kind.OBJECT_URL, Kind.INTERVAL})
_PAGE = (("window",), ("document",), ("document", "body"), ("document", "documentElement"))
_ONE_TIME = frozenset({"if_statement", "augmented_assignment_expression", "binary_expression"})


@record
class Started:
    """An interval that a handler of a component starts and no unmount stops.

    Attributes:
        by_hand: A call that stops it at some time, or None.
        polls: Whether it waits for a window that it opened to close.
        asked: Whether what starts it asks first what its handle holds.
        ended_in: The function that alone stops what no component starts, but a function that opens a dialog; "" else.
    """

    acquired: Acquisition
    by_hand: Node | None
    polls: bool
    asked: bool = False
    ended_in: str = ""


@record
class Opened:
    """What the initialiser of a hook, or the rendering itself (`hook` is None), acquires and nothing releases."""

    hook: Node | None
    acquired: Acquisition


def started_by_handlers(file: SourceFile) -> Iterator[Started]:
    """The intervals that run on after their component is gone, since a handler started them."""
    in_effects: frozenset[int] | None = None
    for call in _interval_calls(file):
        owner = component_of(file, call)
        around = enclosing_function(file, call)
        acquired = acquisition(file, call) if owner is not None and around not in (None, owner) else None
        if owner is None or acquired is None or acquired.kind is not Kind.INTERVAL:
            continue
        if is_hook(function_name(file, owner)):
            continue  # What a hook hands out is judged where effects call it.
        if next(descendants(owner, *_ELEMENTS), None) is None:
            continue  # A capital makes no component of what renders nothing: it is a factory, or a service.
        in_effects = run_by_effects(file) if in_effects is None else in_effects
        if call.id in in_effects or any(_is_hook_callback(file, function) for function in ancestors(call)):
            continue
        found = _started(file, owner, acquired)
        if found is not None:
            yield found


def added_by_handlers(file: SourceFile) -> Iterator[Acquisition]:
    """The listeners of the page that handlers of elements add, in files that never take one for that event away."""
    if b"addEventListener" not in file.source:
        return
    calls = list(descendants(file.root, "call_expression"))
    removed = {_event(file, call) for call in calls if called_name(file, call) in RELEASES[Kind.LISTENER]}
    for call in calls if None not in removed else ():
        found = acquisition(file, call) if called_name(file, call) == "addEventListener" else None
        if found is None or found.kind is not Kind.LISTENER or found.aborts or _event(file, call) in removed:
            continue
        page = found.receiver is None or dotted(file, found.receiver) in _PAGE
        owner = component_of(file, call) if page else None
        if owner is not None and is_handler(file, enclosing_function(file, call), owner, is_given_to_event):
            yield found


def _event(file: SourceFile, call: Node) -> str | None:
    given = arguments_of(call)
    return string_value(file, given[0]) if given else None


def _started(file: SourceFile, owner: Node, acquired: Acquisition) -> Started | None:
    handle = handle_of(file, acquired.node)
    pseudo = Effect(acquired.node, owner, Deps.EMPTY, (), owner, keeps_cleanup=True)
    if handle.escapes or handle.paged or given_back_on_unmount(file, pseudo, handle.lasting):
        return None
    by_hand = released_by_hand(file, owner, _STOPS, handle.names, None) if handle.names else None
    within = by_hand is not None and ends_itself(file, acquired.node, by_hand)
    if _is_handed_over(file, owner, acquired.node, handle.names):
        return None
    if by_hand is not None and ends_in_finally(file, acquired.node, by_hand):
        return None
    callback = callback_of(file, acquired.node)
    polls = (
        by_hand is not None
        and callback is not None
        and any(
            file.text(node.child_by_field_name("property") or node) == "closed"
            for node in descendants(callback, "member_expression")
        )
    )
    calls = descendants(callback, "call_expression") if callback is not None else ()
    if any(called_name(file, call) == "reload" and "location" in file.text(call) for call in calls):
        return None  # It polls until the page begins anew, and ends with it.
    if within and not polls:
        return None  # A countdown ends by itself.
    if polls and callback is not None and not acts_outside(file, callback, pseudo):
        return None  # The other window ends it, and then only the component's own state is set.
    if by_hand is not None and ends_after_the_wait(file, acquired.node, by_hand):
        return None
    asked = any(handle.names & set(chains_in(file, one)) for one in _conditions_of(acquired.node))
    # Nothing mounts an async function in a browser, nor unmounts it.
    ends = enclosing_function(file, by_hand) if by_hand is not None and is_async(owner) else None
    return Started(acquired, by_hand, polls, asked, function_name(file, ends) if ends is not None else "")


def _conditions_of(node: Node) -> Iterator[Node]:
    """What decides, in the function around a node, whether it is reached."""
    around = next((one for one in ancestors(node) if is_function(one)), None)
    return conditions(around) if around is not None else iter(())


def _is_handed_over(file: SourceFile, owner: Node, started: Node, names: frozenset[tuple[str, ...]]) -> bool:
    """Whether a function that clears the interval is kept somewhere: `stopRef.current = stop`."""
    for call in descendants(owner, "call_expression"):
        if called_name(file, call) not in _STOPS or not {dotted(file, given) for given in arguments_of(call)} & names:
            continue
        function = enclosing_function(file, call)
        inside = function is not None and begins_within(started, function)
        if (
            function is None
            or inside
            or function == owner
            or started.start_byte < function.start_byte < started.end_byte
        ):
            continue
        name = function_name(file, function)
        if not name and function.parent is not None and function.parent.type == "jsx_expression":
            continue  # A handler of an element runs when somebody clicks.
        uses = [
            use for use in descendants(owner, "identifier", "shorthand_property_identifier") if file.text(use) == name
        ]
        if not name or any(_is_value(use) for use in uses):
            return True
    return False


def _is_value(use: Node) -> bool:
    """Whether a name stands for the function itself, neither defined nor called there."""
    around = use.parent
    if around is None or around.type in ("variable_declarator", "function_declaration"):
        return around is not None and around.child_by_field_name("name") != use
    return around.type not in ("call_expression", "jsx_expression")


def _interval_calls(file: SourceFile) -> Iterator[Node]:
    if b"setInterval" in file.source:
        yield from (
            call for call in descendants(file.root, "call_expression") if called_name(file, call) == "setInterval"
        )


def run_by_effects(file: SourceFile) -> frozenset[int]:
    """The calls that effects make, through local functions too."""
    return frozenset(run.node.id for effect in effects(file) for run, _ in reached(file, effect.callback))


def _is_hook_callback(file: SourceFile, function: Node) -> bool:
    """Whether a function is given to a hook that may run it as an effect; `useCallback` only keeps it."""
    if not is_function(function) or function.parent is None or function.parent.type != "arguments":
        return False
    call = function.parent.parent
    return call is not None and is_hook(name := called_name(file, call)) and name not in ("useCallback", "useEvent")


def opened_by_initialisers(file: SourceFile) -> Iterator[Opened]:
    """What the functions given to `useState` and `useMemo` open, once the component has no way to close it."""
    for hook in ("useState", "useMemo"):
        for call in hook_calls(file, hook):
            callback = function_of(file, arguments_of(call)[0])
            owner = component_of(file, call)
            if callback is None or owner is None:
                continue
            for found in acquisitions(file, callback):
                if found.kind not in _OPENED or _has_ends(file, owner, found.kind):
                    continue
                if hook == "useState" and never_at_first(file, found.node, callback):
                    continue
                stays = found.kind is Kind.OBJECT_URL and not is_hook(function_name(file, owner))
                if found.kind is Kind.OBJECT_URL and is_slight(file, call, found.node):
                    continue
                if not found.path and (stays or not _leaves(file, call, owner)):
                    yield Opened(call, found)
                    break


def opened_by_renders(file: SourceFile) -> Iterator[Opened]:
    """What a component acquires while it renders, anew each time: a socket in its body, an object URL in its JSX."""
    yield from file.remember("opened by renders", lambda: tuple(_opened_by_renders(file)))


def _opened_by_renders(file: SourceFile) -> Iterator[Opened]:
    if not any(word in file.source for word in (b"new ", b"createObjectURL", b"setInterval", b"socket.io-client")):
        return
    for node in descendants(file.root, "new_expression", "call_expression"):
        name = called_name(file, node) if node.type == "call_expression" else "new"
        if name not in ("new", "createObjectURL", "setInterval", "io", "connect"):
            continue
        found = acquisition(file, node)
        stays = found is not None and (found.kind in _EACH_RENDER or is_live(file, found))
        owner = component_of(file, node) if stays else None
        if found is None or owner is None or _has_ends(file, owner, found.kind):
            continue
        if found.kind is Kind.OBJECT_URL and is_of_object(file, node):
            continue
        around = enclosing_function(file, node)
        mapped = found.kind is Kind.OBJECT_URL and around is not None and _is_mapped(file, around)
        while mapped and around is not None and around != owner and _is_mapped(file, around):
            around = enclosing_function(file, around)
        if around != owner or is_hook(function_name(file, owner)):
            continue
        once = found.kind is not Kind.OBJECT_URL and any(part.type in _ONE_TIME for part in _between(node, owner))
        if not once and _renders(owner):
            yield Opened(None, found)


def _renders(owner: Node) -> bool:
    """Whether a function with a component's name shows elements or nothing; one that returns what it makes does not."""
    if next(descendants(owner, *_ELEMENTS), None) is not None:
        return True
    return any(value.type == "null" for value in returned(owner))


def _between(node: Node, owner: Node) -> Iterator[Node]:
    for around in ancestors(node):
        if around == owner:
            return
        yield around


def _is_mapped(file: SourceFile, function: Node) -> bool:
    """Whether a function is given to `map`, which calls it at once."""
    call = function.parent.parent if function.parent is not None else None
    return call is not None and call.type == "call_expression" and called_name(file, call) == "map"


def _has_ends(file: SourceFile, owner: Node, kind: Kind) -> bool:
    """Whether the component calls anything by a name that ends things of that kind."""
    return any(called_name(file, call) in _ENDS[kind] for call in descendants(owner, "call_expression"))


def _leaves(file: SourceFile, call: Node, owner: Node) -> bool:
    """Whether the hook's value goes to other components or functions, which may end it."""
    declarator = call.parent
    while declarator is not None and unwrap(declarator) != declarator:
        declarator = declarator.parent
    pattern = declarator.child_by_field_name("name") if declarator is not None else None
    if pattern is None:
        return declarator is None or declarator.type != "expression_statement"
    names = [pattern] if pattern.type == "identifier" else list(descendants(pattern, "identifier"))[:1]
    for use in descendants(owner, "identifier", "shorthand_property_identifier"):
        if not names or file.text(use) != file.text(names[0]) or use in names:
            continue
        around = use.parent
        if around is None or around.type != "member_expression":
            return True
    return not names
