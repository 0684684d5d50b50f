"""What an effect's own cleanup does: what it names, what it sets, which conditions it can steer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_code import cleanup_code
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    assigned_later,
    awaited,
    called_name,
    callee_of,
    function_of,
    functions_in_ref,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, string_value, unwrap
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    Effect,
    cleanup_of,
    cleanups,
    effects,
    hook_of,
    state_of_setter,
)

Chain = tuple[str, ...]

_CONDITIONAL = frozenset({"if_statement", "ternary_expression", "while_statement", "do_statement"})
# What flags of that kind are called. `active`, `ignore` and `stale` are words of many other things (`activeTab`).
_ALIVE = re.compile(
    r"mounted|cancel|abort|disposed|unmount|alive|destroyed|"
    r"(?<![A-Za-z0-9])(?:is|still|should)?_?(?:active|ignored?|stale)(?:Ref|Flag)?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_READS = (b"json", b"text", b"blob", b"arrayBuffer", b"formData")
_COMPARES = ("===", "!==", "==", "!=")
_REMOVES_ONE = frozenset({"off", "removeListener", "removeEventListener"})
_PLAIN_CALLS = frozenset({"clearTimeout", "clearInterval", "cancelAnimationFrame", "queueMicrotask", "setTimeout"})


def chains_in(file: SourceFile, part: Node) -> Iterator[Chain]:
    """Every chain of names in a piece of code, and every beginning of one."""
    if part.type in ("identifier", "member_expression"):
        yield dotted(file, part)
    for node in descendants(part, "identifier", "member_expression", "shorthand_property_identifier"):
        yield dotted(file, node) if node.type != "shorthand_property_identifier" else (file.text(node),)


def own_chains(file: SourceFile, effect: Effect) -> frozenset[Chain]:
    """What an effect's own cleanup names, with what the local functions name that it calls."""

    def collect() -> frozenset[Chain]:
        return frozenset(chain for part in cleanup_code(file, effect) for chain in chains_in(file, part) if chain)

    return file.remember(("own chains", effect.call.id), collect)


def handled_chains(file: SourceFile, effect: Effect) -> frozenset[Chain]:
    """What the cleanup does something with: calls, hands to a call, goes through, or renames; `x = null` is nothing."""

    def collect() -> Iterator[Chain]:
        for part in cleanup_code(file, effect):
            if not is_function(part):
                yield from chains_in(file, part)
            for node in descendants(part, "call_expression", "variable_declarator", "for_in_statement"):
                used = node if node.type == "call_expression" else None
                used = used or node.child_by_field_name("value") or node.child_by_field_name("right")
                yield from chains_in(file, used) if used is not None else ()

    return file.remember(("handled chains", effect.call.id), lambda: frozenset(collect()) - {()})


def own_calls(file: SourceFile, effect: Effect) -> tuple[Node, ...]:
    """The calls that an effect's own cleanup makes, through local functions too."""

    def collect() -> Iterator[Node]:
        for part in cleanup_code(file, effect):
            if part.type == "call_expression":
                yield part
            yield from descendants(part, "call_expression")

    return file.remember(("own calls", effect.call.id), lambda: tuple(collect()))


def is_opaque(file: SourceFile, effect: Effect) -> bool:
    """Whether the cleanup runs code that this file does not show, so that it may release anything."""

    def judge() -> bool:
        if any(not is_function(cleanup) for cleanup in cleanups(file, effect)):
            return True
        return any(_is_unknown(file, call, effect.owner) for call in own_calls(file, effect))

    return file.remember(("opaque cleanup", effect.call.id), judge)


def _is_unknown(file: SourceFile, call: Node, owner: Node | None) -> bool:
    callee = callee_of(call)
    if callee is None:
        return True
    if callee.type != "identifier":
        if dotted(file, callee)[-1:] == ("current",) and owner is not None:
            return next(functions_in_ref(file, callee, owner), None) is None
        if called_name(file, call) in _REMOVES_ONE and _removes_one_event(file, arguments_of(call)):
            return False
        # What a module of the application is asked to do by itself (`sockets.teardown()`) may be everything.
        root = unwrap(callee.child_by_field_name("object") or callee)
        found = resolve(file, root) if root.type == "identifier" else None
        return root.type == "this" or (found is not None and found.kind == "import")
    name, found = file.text(callee), resolve(file, callee)
    if found is None:
        return name not in _PLAIN_CALLS and not name[:1].isupper()
    if any(function_of(file, right) is None and not _is_empty(right) for right in assigned_later(file, callee)):
        return True
    if state_of_setter(file, callee) is not None or function_of(file, callee) is not None:
        return False
    return found.kind != "parameter" or found.scope != owner


def _removes_one_event(file: SourceFile, given: list[Node]) -> bool:
    return len(given) > 1 or (len(given) == 1 and string_value(file, given[0]) is not None)


def _is_empty(value: Node) -> bool:
    return unwrap(value).type in ("null", "undefined")


def killers(file: SourceFile, effect: Effect) -> frozenset[Chain]:
    """The chains that cleanups of the component set, delete or abort: what a check can read to learn of unmounting."""

    def collect() -> Iterator[Chain]:
        for other in effects(file):
            if other.owner == effect.owner and cleanup_of(file, other) is not Cleanup.ABSENT:
                yield from _set_by(file, other)

    return file.remember(("killers", effect.owner.id if effect.owner else 0), lambda: frozenset(collect()) - {()})


def _set_by(file: SourceFile, effect: Effect) -> Iterator[Chain]:
    for part in cleanup_code(file, effect):
        for node in descendants(part, "assignment_expression", "augmented_assignment_expression", "update_expression"):
            target = node.child_by_field_name("left") or node.child_by_field_name("argument")
            if target is not None:
                yield dotted(file, target)
        for call in descendants(part, "call_expression"):
            receiver = receiver_of(call)
            if receiver is not None and called_name(file, call) in ("abort", "cancel", "add", "delete", "clear"):
                yield dotted(file, receiver)


def aborts(file: SourceFile, effect: Effect) -> bool:
    """Whether the effect's own cleanup aborts or cancels something, or hands a controller to what will."""
    return any(
        called_name(file, call) in ("abort", "cancel") or any(_is_controller(file, one) for one in arguments_of(call))
        for call in own_calls(file, effect)
    )


def _is_controller(file: SourceFile, value: Node) -> bool:
    """Whether a name stands for an AbortController that the file makes."""
    found = resolve(file, value) if value.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None else None
    callee = callee_of(made) if made is not None and made.type == "new_expression" else None
    return callee is not None and file.text(callee) == "AbortController"


def steers(file: SourceFile, condition: Node, setters: frozenset[Chain]) -> bool:
    """Whether a condition asks for something that unmounting changes, or for the identity of what a ref holds."""
    text = file.text(condition)
    if _ALIVE.search(text) or _asks_hook(file, condition):
        return True
    if ".current" in text and any(_compares_ref(file, node) for node in _binaries(condition)):
        return True
    asked = (condition, *_asked_functions(file, condition))
    return any(chain[: len(name)] == name for part in asked for chain in chains_in(file, part) for name in setters)


def _asks_hook(file: SourceFile, condition: Node) -> bool:
    """Whether a condition reads what a hook tells of the component's life: `const gone = useUnmountedRef()`."""
    names = [condition] if condition.type == "identifier" else descendants(condition, "identifier")
    found = (resolve(file, name) for name in names)
    hooks = (hook_of(file, one) for one in found if one is not None)
    return any(hook is not None and "mounted" in hook[0].lower() for hook in hooks)


def _asked_functions(file: SourceFile, condition: Node) -> Iterator[Node]:
    """The local functions that give an answer and that a condition calls: `if (left()) return;`."""
    calls = [condition] if condition.type == "call_expression" else []
    for call in (*calls, *descendants(condition, "call_expression")):
        callee = callee_of(call)
        called = function_of(file, callee) if callee is not None and not is_function(callee) else None
        if called is not None:
            yield from returned(called)


def _binaries(condition: Node) -> Iterator[Node]:
    if condition.type == "binary_expression":
        yield condition
    yield from descendants(condition, "binary_expression")


def _compares_ref(file: SourceFile, node: Node) -> bool:
    """`latest.current !== mine`: whether a comparison asks what a ref holds by now, against a name."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None or operator.type not in _COMPARES:
        return False
    sides = (dotted(file, left), dotted(file, right))
    return any("current" in side[1:] for side in sides) and () not in sides and ("undefined",) not in sides


def conditions(function: Node) -> Iterator[Node]:
    """The conditions that a function itself asks, not those of the functions inside it."""
    body = function.child_by_field_name("body")
    if body is None:
        return
    # The body of an arrow may be a condition itself: `(rows) => !gone && setRows(rows)`.
    own = (body,) if body.type == "binary_expression" or body.type in _CONDITIONAL else ()
    for node in (*own, *descendants(body, *_CONDITIONAL, "binary_expression", stop=FUNCTIONS)):
        if node.type == "binary_expression":
            operator, left = node.child_by_field_name("operator"), node.child_by_field_name("left")
            if operator is not None and operator.type in ("&&", "||") and left is not None:
                yield left
            continue
        condition = node.child_by_field_name("condition")
        if condition is not None:
            yield condition


def is_guarded(
    file: SourceFile,
    effect: Effect,
    node: Node,
    since: int | None = None,
    is_idle: Callable[[SourceFile, Effect, Node], bool] = lambda file, effect, asked: False,
    *,
    acquires: bool = False,
) -> bool:
    """Whether the work asks, between its last wait and the node or after it, if the effect still stands.

    `since` is the byte where that wait begins, for a node that itself waits; `is_idle` tells the conditions that say
    nothing of that. For a node that `acquires` something, a question whether to set state is none.
    """
    setters = killers(file, effect)
    for function in (around for around in ancestors(node) if is_function(around)):
        if function in (effect.callback, effect.owner):
            break
        start = _waited_until(function, node, since)
        for asked in conditions(function):
            told = asked.start_byte >= start and steers(file, asked, setters) and not is_idle(file, effect, asked)
            if told and not (acquires and decides_on_state_only(file, asked, node.start_byte)):
                return True
        if _throws_between(file, function, start, node, setters):
            return True
        if start or continues(file, function):
            break
    return aborts(file, effect) and _waits_with_signal(file, effect, node)


def decides_on_state_only(file: SourceFile, asked: Node, position: int) -> bool:
    """Whether a question before a position decides on nothing but whether state is set: `if (on) setRows(rows);`."""
    branch = asked.parent
    while branch is not None and branch.type == "parenthesized_expression":
        branch = branch.parent
    if branch is None or branch.type != "if_statement" or branch.end_byte > position:
        return False
    body = branch.child_by_field_name("consequence")
    if body is None or branch.child_by_field_name("alternative") is not None:
        return False
    parts = body.named_children if body.type == "statement_block" else [body]
    calls = [part.named_children[0] for part in parts if part.type == "expression_statement" and part.named_children]
    return len(calls) == len(parts) and all(
        (callee := callee_of(call) if call.type == "call_expression" else None) is not None
        and callee.type == "identifier"
        and state_of_setter(file, callee) is not None
        for call in calls
    )


def _throws_between(file: SourceFile, function: Node, start: int, node: Node, setters: frozenset[Chain]) -> bool:
    """Whether a function calls a local one, after a wait and before a node, that throws if the effect is over."""
    for call in descendants(function, "call_expression", stop=FUNCTIONS):
        if not start < call.start_byte < node.start_byte:
            continue
        callee = callee_of(call)
        called = function_of(file, callee) if callee is not None and not is_function(callee) else None
        if called is None or next(descendants(called, "await_expression"), None) is not None:
            continue
        for thrown in descendants(called, "throw_statement", stop=FUNCTIONS):
            branches = (around for around in ancestors(thrown) if around.type == "if_statement")
            asked = (branch.child_by_field_name("condition") for branch in branches)
            if any(one is not None and steers(file, one, setters) for one in asked):
                return True
    return False


def asked_since(function: Node, node: Node, since: int | None = None) -> Iterator[Node]:
    """The conditions that a function asks between its last wait and a node, or after the wait that the node is."""
    start = _waited_until(function, node, since)
    for asked in conditions(function):
        if asked.start_byte >= start and (since is not None or asked.start_byte < node.start_byte):
            yield asked


def _waited_until(function: Node, node: Node, since: int | None) -> int:
    """Where the last wait begins before a node, or where the wait begins that the node is; 0 for none.

    What stands inside the promise that is waited for runs before that wait.
    """
    return last_wait_before(function, node.start_byte if since is None else since + 1, inside=since is not None)


def continues(file: SourceFile, function: Node) -> bool:
    """Whether a function is what `then`, `catch` or `finally` go on with."""
    call = function.parent.parent if function.parent is not None else None
    named = call is not None and call.type == "call_expression"
    return named and call is not None and called_name(file, call) in ("then", "catch", "finally")


def last_wait_before(function: Node, position: int, *, inside: bool = True) -> int:
    """Where the last `await` begins that a function comes to before a position; 0 for none.

    `inside` counts the wait that the position stands in.
    """
    body = function.child_by_field_name("body")
    if body is None:
        return 0
    waits = descendants(body, "await_expression", stop=FUNCTIONS)
    before = (
        wait.start_byte
        for wait in waits
        if (wait.start_byte if inside else wait.end_byte) < position
        and not _leads_out(wait, body, position)
        and not _reads_body(wait)
    )
    return max(before, default=0)


def _reads_body(wait: Node) -> bool:
    """Whether a wait is for the rest of an answer that has come already: `await response.json()`."""
    call = awaited(wait)
    callee = callee_of(call) if call.type == "call_expression" else None
    name = callee.child_by_field_name("property") if callee is not None else None
    return name is not None and name.text in _READS and not arguments_of(call)


def _leads_out(wait: Node, body: Node, position: int) -> bool:
    """Whether a wait stands in a branch that ends before the position by leaving the function."""
    for around in ancestors(wait):
        if around == body:
            return False
        branch = around.child_by_field_name("consequence") if around.type == "if_statement" else None
        last = branch.named_children[-1:] if branch is not None and begins_within(wait, branch) else []
        if around.end_byte <= position and any(one.type in ("return_statement", "throw_statement") for one in last):
            return True
    return False


def _waits_with_signal(file: SourceFile, effect: Effect, node: Node) -> bool:
    """Whether the work before the node is given an abort signal, so that it throws once the cleanup ran."""
    outermost = node
    for around in ancestors(node):
        if around in (effect.callback, effect.owner):
            break
        if is_function(around):
            outermost = around
    start = min(outermost.start_byte, effect.callback.start_byte)
    before = file.source[start : node.end_byte]
    return b"signal" in before or b"oken" in before
