"""Functions in TypeScript and JavaScript: what an expression calls, what runs when it runs, what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, scopes_around, unwrap, uses_of, wrapped

# Wrappers that hand back, more or less, the function that they are given.
_KEEPS_FIRST = frozenset(
    {
        "useCallback",
        "useEvent",
        "useEffectEvent",
        "useEventCallback",
        "useMemoizedFn",
        "useCallbackRef",
        "memo",
        "forwardRef",
    }
)
# Methods that call the function they are given before the statement after them, or as its continuation.
_ITERATES = frozenset({"forEach", "map", "filter", "reduce", "some", "every", "find", "flatMap"})
CONTINUES = frozenset({"then", "catch", "finally"})
_RUNS_SOON = frozenset(
    {"setTimeout", "requestAnimationFrame", "queueMicrotask", "startTransition", "flushSync", "requestIdleCallback"}
)

_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})

# How many hops from a name to the function behind it are worth following.
_HOPS = 5


@record
class Running:
    """A node that is evaluated when a function runs.

    `waited` says that an `await` or a `then` lies between the start of the run and the node, `delayed` that a
    timer does.
    """

    node: Node
    waited: bool = False
    delayed: bool = False


def is_function(node: Node) -> bool:
    """Whether the node is a function of any form."""
    return node.type in FUNCTIONS


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call or `new` expression, without comments."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return []
    return [child for child in arguments.named_children if child.type != "comment"]


def callee_of(call: Node) -> Node | None:
    """What is called or constructed, unwrapped."""
    callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    return unwrap(callee) if callee is not None else None


def awaited(wait: Node) -> Node:
    """What an `await` waits for. The grammar takes `await load<Row>(id)` for a call of `await load`."""
    call = wait.parent
    read_apart = call is not None and call.type == "call_expression" and call.child_by_field_name("function") == wait
    return call if call is not None and read_apart else unwrap(wait)


def called_name(file: SourceFile, call: Node) -> str:
    """The last name of what is called: `on` of `socket.on(...)`; "" when it has none."""
    callee = callee_of(call)
    if callee is None:
        return ""
    if callee.type == "member_expression":
        name = callee.child_by_field_name("property")
        return file.text(name) if name is not None else ""
    return file.text(callee) if callee.type == "identifier" else ""


def is_called_on_new(call: Node) -> bool:
    """Whether a method is called on what is made for it: `matchMedia(query).addEventListener(...)`."""
    receiver = receiver_of(call)
    return receiver is not None and receiver.type in ("call_expression", "new_expression")


def receiver_of(call: Node) -> Node | None:
    """What a method is called on, unwrapped; None for a plain call."""
    callee = callee_of(call)
    owner = callee.child_by_field_name("object") if callee is not None and callee.type == "member_expression" else None
    return unwrap(owner) if owner is not None else None


def function_of(file: SourceFile, expression: Node, hops: int = _HOPS) -> Node | None:
    """The function that an expression evaluates to, when this file says so.

    Follows names, `useCallback` and its kin, `useMemo` that makes a function, and calls of local functions that return
    one.
    """
    node = unwrap(expression)
    if is_function(node):
        return node
    if hops == 0:
        return None
    match node.type:
        case "identifier":
            found = resolve(file, node)
            if found is None or found.value is None or found.keys:
                return None
            return function_of(file, found.value, hops - 1)
        case "call_expression":
            return _function_from_call(file, node, hops - 1)
    return None


def assigned_later(file: SourceFile, name: Node) -> Iterator[Node]:
    """What code puts into a variable after it was declared: `end = () => ...` for the callee `end`."""
    found = resolve(file, name) if name.type == "identifier" else None
    if found is None or found.kind != "variable" or found.scope.type == "program":
        return
    for given in descendants(found.scope, "assignment_expression"):
        left, right = given.child_by_field_name("left"), given.child_by_field_name("right")
        if left is None or right is None or left.type != "identifier" or file.text(left) != found.name:
            continue
        if resolve(file, left) == found:
            yield right


def functions_in_ref(file: SourceFile, callee: Node, around: Node) -> Iterator[Node]:
    """The functions that a ref is given in the code around: `end.current = () => ...` for the callee `end.current`."""
    if callee.type != "member_expression" or (chain := dotted(file, callee))[-1:] != ("current",):
        return
    for given in descendants(around, "assignment_expression"):
        left, right = given.child_by_field_name("left"), given.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression" or dotted(file, left) != chain:
            continue
        function = function_of(file, right)
        if function is not None:
            yield function


def _function_from_call(file: SourceFile, call: Node, hops: int) -> Node | None:
    given, name = arguments_of(call), called_name(file, call)
    if name in _KEEPS_FIRST:
        return function_of(file, given[0], hops) if given else None
    if name == "useMemo":
        maker = function_of(file, given[0], hops) if given else None
    else:
        callee = callee_of(call)
        maker = function_of(file, callee, hops) if callee is not None else None
    return returned_function(file, maker, hops) if maker is not None else None


def returned_function(file: SourceFile, function: Node, hops: int = _HOPS) -> Node | None:
    """The one function that a function returns; None when it returns none, several, or something unknown."""
    values = returned(function)
    return function_of(file, values[0], hops) if len(values) == 1 else None


def returned(function: Node) -> list[Node]:
    """The expressions that a function returns: the body of a short arrow, or what stands after each `return`."""
    body = function.child_by_field_name("body")
    if body is None:
        return []
    if body.type != "statement_block":
        return [unwrap(body)]
    statements = descendants(body, "return_statement", stop=FUNCTIONS)
    return [
        unwrap(value) for statement in statements for value in statement.named_children[:1] if value.type != "comment"
    ]


def is_async(function: Node) -> bool:
    """Whether a function is declared `async`."""
    return any(child.type == "async" for child in function.children)


def callback_of(file: SourceFile, call: Node) -> Node | None:
    """The function that a call is given first, as a timer is; None where that is none of this file."""
    given = arguments_of(call)
    return function_of(file, given[0]) if given else None


def enclosing_function(file: SourceFile, node: Node) -> Node | None:
    """The innermost function around a node."""
    return next((around for around in scopes_around(file, node) if is_function(around)), None)


def function_name(file: SourceFile, function: Node) -> str:
    """The name of a function: its own, or that of the variable it is bound to, through wrappers such as memo()."""
    own = function.child_by_field_name("name")
    if own is not None:
        return file.text(own)
    around = function.parent
    while around is not None and (around.type in ("arguments", "call_expression") or unwrap(around) != around):
        around = around.parent
    name = around.child_by_field_name("name") if around is not None and around.type == "variable_declarator" else None
    return file.text(name) if name is not None and name.type == "identifier" else ""


def running(file: SourceFile, function: Node) -> Iterator[Running]:
    """The calls, constructions and assignments that running a function evaluates, in source order.

    Enters the functions that run with it: called on the spot, given to `then` or `forEach`, to a timer, to
    `new Promise`. Does not enter handlers and other functions that are only made; calls of named functions are for
    the caller.
    """
    pending = [(function, False, False)]
    while pending:
        current, waited, delayed = pending.pop()
        body = current.child_by_field_name("body")
        if body is None:
            continue
        waits = _waits(current)
        for node in _within(body):
            late = waited or any(_comes_after(node, end, spared) for end, spared in waits)
            yield Running(node, late, delayed)
            for inner, continued, timed in _inner_runs(file, node):
                pending.append((inner, late or continued, delayed or timed))


def _within(body: Node) -> Iterator[Node]:
    kinds = ("call_expression", "new_expression", "assignment_expression")
    if body.type in kinds:
        yield body
    if not is_function(body):
        yield from descendants(body, *kinds, stop=FUNCTIONS)


def _waits(function: Node) -> list[tuple[int, list[tuple[int, int]]]]:
    """The `await`s of an async function: (the last byte, the spans behind it that its way does not lead to)."""
    body = function.child_by_field_name("body")
    if body is None or not is_async(function):
        return []
    waits = descendants(body, "await_expression", stop=FUNCTIONS)
    return [(node.end_byte - 1, list(_spared(node, body))) for node in waits]


def _spared(wait: Node, body: Node) -> Iterator[tuple[int, int]]:
    """The other branches of the conditions around a wait, and all that follows a branch that ends by leaving.

    In a loop a wait of one round comes before everything of the next.
    """
    found: list[tuple[int, int]] = []
    for around in ancestors(wait):
        if around == body:
            break
        if around.type in _LOOPS:
            found.clear()
        taken, other = around.child_by_field_name("consequence"), around.child_by_field_name("alternative")
        if around.type not in ("if_statement", "ternary_expression") or taken is None:
            continue
        if other is not None and begins_within(wait, taken):
            found.append((other.start_byte, other.end_byte))
        last = taken.named_children[-1:] if begins_within(wait, taken) else []
        if any(one.type in ("return_statement", "throw_statement") for one in last):
            found.append((around.end_byte, body.end_byte))
    yield from found


def _comes_after(node: Node, wait: int, spared: list[tuple[int, int]]) -> bool:
    return node.start_byte > wait and not any(start <= node.start_byte < end for start, end in spared)


def runs_in_place(file: SourceFile, function: Node) -> bool:
    """Whether a function runs with the code around it: given to `then` or a timer, or called by its name only."""
    around = wrapped(function).parent
    call = around.parent if around is not None and around.type == "arguments" else around
    if call is not None and any(function == inner for inner, _, _ in _inner_runs(file, call)):
        return True
    declared = function if function.type == "function_declaration" else around
    name = declared.child_by_field_name("name") if declared is not None else None
    if name is None or name.type != "identifier":
        return False
    uses = list(uses_of(file, name))
    return bool(uses) and all(use.parent is not None and callee_of(use.parent) == use for use in uses)


def chain_start(file: SourceFile, node: Node | None) -> Node | None:
    """The first call of a chain: `load()` of `load().then(show).finally(done)`; None where that is no call."""
    while node is not None and node.type == "call_expression" and called_name(file, node) in CONTINUES:
        node = receiver_of(node)
    return node if node is not None and node.type == "call_expression" else None


def continues_with(file: SourceFile, use: Node) -> bool:
    """Whether a name is what `then`, `catch` or `finally` go on with: `load().then(setRows)`."""
    around = use.parent
    call = around.parent if around is not None and around.type == "arguments" else None
    return call is not None and called_name(file, call) in CONTINUES


def _inner_runs(file: SourceFile, node: Node) -> Iterator[tuple[Node, bool, bool]]:
    """The inline functions that a call runs, with whether it waits first and whether a timer does."""
    if node.type == "assignment_expression":
        return
    callee = callee_of(node)
    if callee is not None and is_function(callee):
        yield callee, False, False
        return
    name = called_name(file, node)
    inline = [given for argument in arguments_of(node) if is_function(given := unwrap(argument))]
    if name in _ITERATES | CONTINUES or (node.type == "new_expression" and name == "Promise"):
        yield from ((given, name in CONTINUES, False) for given in inline)
    elif name in _RUNS_SOON:
        yield from ((given, False, True) for given in inline[:1])
