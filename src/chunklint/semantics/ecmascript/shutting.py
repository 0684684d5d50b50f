"""Whether each run of an effect comes so far as to acquire, or an earlier run may have shut the way there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants, is_within
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import Chain, chains_in
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.latches import waits_for_a_latch
from chunklint.semantics.ecmascript.names import (
    FUNCTIONS,
    Binding,
    dotted,
    resolve,
    root_of,
    string_value,
    unwrap,
    written_out,
)
from chunklint.semantics.ecmascript.react import Effect, hook_of, state_of_pair, state_of_setter
from chunklint.semantics.ecmascript.reruns import DEEDS
from chunklint.semantics.ecmascript.resources import Acquisition, reached

_HOPS = 6
_CONDITIONAL = frozenset({"if_statement", "ternary_expression", "binary_expression"})
_BRANCHES = ("consequence", "alternative", "right")
_LOOPS = frozenset({"while_statement", "do_statement", "for_statement"})
_WRITES = ("assignment_expression", "augmented_assignment_expression", "update_expression")
_NAMES = ("identifier", "shorthand_property_identifier")
_SETTERS = tuple(f"{deed}{more}" for deed in ("set", "update", "on", "add", "toggle", "mark") for more in ("", "is"))
_EACH = frozenset({"map", "forEach", "filter", "find", "some", "every", "flatMap", "reduce", "findIndex", "sort"})
_CHANGES = frozenset({"set", "add", "delete", "clear", "push", "unshift", "splice", "pop", "shift"})
_KEEPS = frozenset({"useMemo", "useCallback", "useEvent", "useEffectEvent", "useDeferredValue"})
# Nobody clicks as an effect runs: what such a handler sets, it sets later and sets back as well.
_BY_HAND = re.compile(r"^(?:click|dbl|key|mouse|pointer|touch|resize|scroll|wheel|focus|blur|drag|drop|input|change)")
# What is in the page or in its storage may be what an earlier run has put there.
_STORED = frozenset({"localStorage", "sessionStorage", "performance", "Date", "history"})
_PAGES = frozenset({"window", "globalThis", "self", "document"})
_OF_PAGES = frozenset(
    {"matchMedia", "innerWidth", "innerHeight", "location", "navigator", "body", "documentElement", "head"}
    | {"IntersectionObserver", "ResizeObserver", "MutationObserver", "EventSource", "WebSocket", "Notification"}
    | {"SpeechRecognition", "webkitSpeechRecognition", "AudioContext", "webkitAudioContext", "addEventListener"}
)
_FINDS = frozenset({"getElementById", "querySelector", "querySelectorAll", "closest", "getElementsByClassName"})
_LITERALS = frozenset({"string", "number", "true", "false", "null", "regex", "template_string", "array", "object"})


@record
class _Deeds:
    """What an effect and all that it calls do, at once or later.

    Attributes:
        states: The states that they set, by name.
        written: What they assign to, or change by a method: `ready.current`, `seen`.
        called: The last names of what they call, in small letters.
        sources: The ids of the expressions that the called names are taken from.
    """

    states: frozenset[str]
    written: frozenset[Chain]
    called: frozenset[str]
    sources: frozenset[int]


@record
class _Run:
    """The way of an effect to what it acquires, with what holds that and what the effect does."""

    effect: Effect
    way: tuple[Node, ...]
    receiver: Node | None
    deeds: _Deeds


def acquires_each_time(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """As `comes_each_time`, for what an effect acquires."""
    return comes_each_time(file, effect, (*acquired.path, acquired.node), acquired.receiver)


def comes_each_time(file: SourceFile, effect: Effect, way: tuple[Node, ...], receiver: Node | None = None) -> bool:
    """Whether nothing that an effect does may keep a later run of it from coming to the end of a way of calls.

    All conditions on the way must be about what the effect is given: props, state and refs that it does not set,
    constants. An answer, the page, a store that it calls or a variable of the module may be what it has changed. Where
    all that makes it run again is a state that is set once and asked for, there is no second time.
    """
    asked = list(_asked(effect, way))
    if not asked:
        return True
    if waits_for_a_latch(file, effect, asked):
        return False
    run = _Run(effect, way, receiver, file.remember(("effect deeds", effect.call.id), lambda: _deeds(file, effect)))
    return all(_is_given(file, run, test, test, _HOPS) for test in asked)


def closing(file: SourceFile, effect: Effect, acquired: Acquisition) -> frozenset[Chain]:
    """The states and refs that an effect asks before it acquires, and sets itself."""
    tests = _asked(effect, (*acquired.path, acquired.node))
    asked = {chain for test in tests for chain in chains_in(file, test) if chain}
    return frozenset(chain for chain in _set(file, effect) if chain in asked) if asked else frozenset()


def _set(file: SourceFile, effect: Effect) -> Iterator[Chain]:
    for run, _ in reached(file, effect.callback):
        node = run.node
        callee = callee_of(node) if node.type == "call_expression" else None
        if callee is not None and callee.type == "identifier" and (state := state_of_setter(file, callee)):
            yield (state,)
        left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
        chain = dotted(file, left) if left is not None else ()
        if chain[-1:] == ("current",):
            yield chain


def _asked(effect: Effect, way: tuple[Node, ...]) -> Iterator[Node]:
    """What decides whether a run of the effect comes to the end of a way: conditions, lists, and early leaves."""
    for place in way:
        inner = place
        for around in ancestors(place):
            if around in (effect.owner, effect.call):
                break
            yield from _asked_by(around, inner)
            inner = around


def _asked_by(around: Node, inner: Node) -> Iterator[Node]:
    """What one node around a place asks before it comes to the part with the place."""
    told: list[Node | None] = []
    if around.type in _CONDITIONAL:
        branches = [around.child_by_field_name(key) for key in _BRANCHES]
        if any(one is not None and is_within(inner, one) for one in branches):
            told = [around.child_by_field_name("condition") or around.child_by_field_name("left")]
    elif around.type in _LOOPS:
        told = [around.child_by_field_name("condition")]
    elif around.type == "for_in_statement":
        told = [around.child_by_field_name("right")]
    elif around.type == "switch_statement" and inner.type == "switch_body":
        told = [around.child_by_field_name("value")]
    elif around.type == "augmented_assignment_expression":
        operator, left = around.child_by_field_name("operator"), around.child_by_field_name("left")
        told = [left] if operator is not None and operator.type in ("??=", "||=", "&&=") else []
    elif around.type in ("statement_block", "switch_case"):
        told = [test for part in around.named_children if part.start_byte < inner.start_byte for test in _leaves(part)]
    elif around.type == "arguments" and around.parent is not None and is_function(inner):
        callee = callee_of(around.parent)
        name = callee.child_by_field_name("property") if callee is not None else None
        each = name is not None and name.text is not None and name.text.decode() in _EACH
        told = [receiver_of(around.parent)] if each else []
    yield from (one for one in told if one is not None)


def _leaves(statement: Node) -> Iterator[Node]:
    """The conditions under which a statement leaves what is around it."""
    own = (statement,) if statement.type == "if_statement" else ()
    for test in (*own, *descendants(statement, "if_statement", stop=FUNCTIONS)):
        condition = test.child_by_field_name("condition")
        kinds = ("return_statement", "throw_statement", "continue_statement", "break_statement")
        if condition is not None and any(descendants(test, *kinds[: 4 if test in own else 2], stop=FUNCTIONS)):
            yield condition


def _is_given(file: SourceFile, run: _Run, part: Node, around: Node, hops: int) -> bool:
    """Whether a piece of code speaks only of what an effect is given; what `around` introduces is its own."""
    if hops <= 0 or part.type == "await_expression" or any(descendants(part, "await_expression", stop=FUNCTIONS)):
        return False
    own = (part,) if part.type in _NAMES else ()
    return all(_is_input(file, run, name, around, hops) for name in (*own, *descendants(part, *_NAMES)))


def _is_input(file: SourceFile, run: _Run, name: Node, around: Node, hops: int) -> bool:
    chain, found = _chain(file, name), resolve(file, name)
    if found is None:
        return _is_steady(chain)
    if begins_within(found.node, around):
        return True  # A parameter of a function in the test: the list that it goes through is asked about, too.
    if found.kind == "import":
        # What a module has and does may be what the effect has asked it for: `if (!socket.connected)`.
        return len(chain) == 1 or not chain[0][:1].islower()
    if found.scope.type == "program":
        return _is_constant(file, run, found, hops)
    if _is_paired(run.deeds, chain) or any(chain[: len(one)] == one for one in run.deeds.written):
        return False
    if found.kind == "parameter":
        return _is_argument(file, run, found, hops)
    if found.kind == "loop":
        return True  # The list is asked about, too.
    return _is_local(file, run, found, hops)


def _is_given_by(file: SourceFile, run: _Run, function: Node, hops: int) -> bool:
    """Whether what a function returns depends only on what the effect is given."""
    body = function.child_by_field_name("body")
    return body is None or _is_given(file, run, body, function, hops - 1)


def _chain(file: SourceFile, name: Node) -> Chain:
    """The whole chain of members that begins with a name."""
    node = name
    while (
        node.parent is not None
        and node.parent.type in ("member_expression", "non_null_expression", "parenthesized_expression")
        and (node.parent.child_by_field_name("object") or node) == node
    ):
        node = node.parent
    return dotted(file, node) or (file.text(name),)


def _is_steady(chain: Chain) -> bool:
    """Whether a global says the same at each run, as far as the effect goes."""
    if chain[0] in _STORED:
        return False
    return chain[0] not in _PAGES or len(chain) == 1 or chain[1] in _OF_PAGES


def _is_constant(file: SourceFile, run: _Run, found: Binding, hops: int) -> bool:
    """Whether what stands at the top of a file never changes."""
    if found.name in file.remember("roots written", lambda: frozenset(_written(file, file.root))):
        return False
    value = unwrap(found.value) if found.value is not None else None
    if found.kind in ("class", "enum") or value is None:
        return found.kind != "variable"
    if is_function(value):
        return _is_given_by(file, run, value, hops)
    if value.type in _LITERALS:
        return True
    return value.type != "new_expression" and _is_given(file, run, value, value, hops - 1)


def _is_paired(deeds: _Deeds, chain: Chain) -> bool:
    """Whether the effect calls what is named as the setter of a value: `setReady`, `onReadyChange`, `markReady`."""
    for name in chain:
        word = name.lower().removeprefix("is").removeprefix("has")
        if word and any(f"{deed}{word}{end}" in deeds.called for deed in _SETTERS for end in ("", "change", "changed")):
            return True
    return False


def _is_argument(file: SourceFile, run: _Run, found: Binding, hops: int) -> bool:
    """Whether a parameter is the component's own, or is given by what the effect is given."""
    if found.scope == run.effect.owner:
        return True
    around = found.scope.parent
    call = around.parent if around is not None and around.type == "arguments" else None
    if call is not None and called_name(file, call) in _EACH:
        return True  # The list is asked about, too.
    for step in run.way[:-1]:
        callee = callee_of(step)
        if callee is not None and function_of(file, callee) == found.scope:
            return all(_is_given(file, run, given, given, hops - 1) for given in arguments_of(step))
    return False


def _is_local(file: SourceFile, run: _Run, found: Binding, hops: int) -> bool:
    if found.name in run.deeds.states or found.value is None:
        return False
    later = list(_set_again(file, found))
    if later:
        # A flag that each run makes anew says nothing to the next one.
        own = begins_within(found.node, run.effect.callback)
        return own and all(value is not None and value.type in _LITERALS for value in (unwrap(found.value), *later))
    hook, value = hook_of(file, found), unwrap(found.value)
    if hook is not None:
        return _is_of_hook(file, run, found, *hook, hops)
    if is_function(value):
        return _is_given_by(file, run, value, hops)
    if value.type == "call_expression" and called_name(file, value) in _FINDS:
        # It asks for the element only that it then listens to.
        return run.receiver is not None and file.text(root_of(run.receiver)) == found.name
    return _is_given(file, run, found.value, found.value, hops - 1)


def _is_of_hook(file: SourceFile, run: _Run, found: Binding, name: str, call: Node, hops: int) -> bool:
    given = arguments_of(call)
    if name in _KEEPS:
        function = function_of(file, given[0]) if given else None
        return function is None or _is_given_by(file, run, function, hops)
    if name in ("useState", "useRef"):
        return True
    if unwrap(found.value or call).id in run.deeds.sources:
        return False
    if hops <= 0:
        return False  # Its callbacks may use what it returns, and so on without end.
    # What a hook makes of a state that the effect sets: `useDebounce(rows)`.
    names = (one for part in given for one in ((part,) if part.type in _NAMES else descendants(part, *_NAMES)))
    local = (one for one in names if (source := resolve(file, one)) is not None and source.scope.type != "program")
    return all(_is_input(file, run, one, call, hops - 1) for one in local)


def _set_again(file: SourceFile, found: Binding) -> Iterator[Node | None]:
    """The values that a local variable is given after its first one; None for another that is not written there."""
    for write in descendants(found.scope, *_WRITES):
        target = write.child_by_field_name("left") or write.child_by_field_name("argument")
        if target is not None and target.type == "identifier" and file.text(target) == found.name:
            yield write.child_by_field_name("right")


def _deeds(file: SourceFile, effect: Effect) -> _Deeds:
    parts = {effect.callback}
    for run, _ in reached(file, effect.callback):
        around = enclosing_function(file, run.node)
        if around is not None and around != effect.owner:
            parts.add(around)
    nodes = [node for part in parts for node in _done(file, part)]
    calls = [callee for node in nodes if node.type == "call_expression" and (callee := callee_of(node)) is not None]
    names = [node for node in nodes if node.type == "identifier"]
    writes = [target for node in nodes if (target := _target(file, node)) is not None]
    written = [chain for target in writes for chain in (dotted(file, target), written_out(file, target))]
    # `rows.keys()` only reads what a hook hands out.
    acting = [one for one in calls if one.type == "identifier" or DEEDS.match(file.text(one).rpartition(".")[2])]
    origins = [resolve(file, root) for callee in acting if (root := root_of(callee)).type == "identifier"]
    return _Deeds(
        states=frozenset(state for name in names if (state := state_of_pair(file, name))),
        written=frozenset(chain for chain in written if chain),
        called=frozenset(called_name(file, one).lower() for one in nodes if one.type == "call_expression"),
        sources=frozenset(unwrap(one.value).id for one in origins if one is not None and one.value is not None),
    )


def _done(file: SourceFile, part: Node) -> Iterator[Node]:
    """What a function does, and what it leaves to be done, but for handlers of what somebody does by hand."""
    later = [call for call in descendants(part, "call_expression") if _is_by_hand(file, call)]
    for node in descendants(part, *_WRITES, "call_expression", "identifier"):
        if not any(begins_within(node, given) for call in later for given in arguments_of(call)[1:2]):
            yield node


def _is_by_hand(file: SourceFile, call: Node) -> bool:
    given = arguments_of(call) if called_name(file, call) in ("addEventListener", "on") else []
    event = string_value(file, given[0]) if len(given) > 1 else None
    return event is not None and _BY_HAND.match(event) is not None


def _target(file: SourceFile, node: Node) -> Node | None:
    """What is written to: the left side of an assignment, the object of a method that changes it."""
    if node.type in _WRITES:
        target = node.child_by_field_name("left") or node.child_by_field_name("argument")
        while target is not None and target.type == "subscript_expression":
            target = target.child_by_field_name("object")  # `begun.current[id] = true`
        return target
    if node.type == "call_expression" and called_name(file, node) in _CHANGES:
        return receiver_of(node)
    return None


def _written(file: SourceFile, around: Node) -> Iterator[str]:
    for node in descendants(around, *_WRITES, "call_expression"):
        target = _target(file, node)
        if target is not None:
            yield file.text(root_of(target))
