"""In which order the functions of a module nest their locks, through calls of one another too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.held import Held, locks_held_at, with_items
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock, lock_of
from chunklint.semantics.python.names import arguments, enclosing_function, local_function
from chunklint.semantics.python.parameters import parameters_of, passed

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
# Through how many calls a lock is followed.
_MAX_CALLS = 4
# Before these have run, nobody else has the object.
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
# Whoever asks first does not wait for itself.
_ASKS = (".locked(", "._is_owned(", ".statistics(")
_SORTS = ("sorted(", ".sort(", "min(", "max(", "id(", " < ", " > ")

Steps = tuple[tuple[Node, str], ...]


@record
class Nesting:
    """One lock taken while another is held.

    Attributes:
        at: What takes the inner lock: the item of a `with`, the call of `acquire`, or the call that leads there.
        steps: The way from the outer lock to the inner one, both included.
        around: The other locks that are held all the while.
    """

    outer: Lock
    inner: Lock
    at: Node
    steps: Steps
    around: tuple[Lock, ...]


@record
class _Taken:
    lock: Lock
    steps: Steps


def reentries(file: PythonFile) -> Iterator[Nesting]:
    """Locks that their holder takes again although they are not reentrant: it waits for itself."""
    for one in _nestings(file):
        if not one.outer.is_same(one.inner) or one.inner.reentrant or not (one.outer.exclusive and one.inner.exclusive):
            continue
        if _is_one_object(one, file) and not any(_asks_first(node, file) for node, _ in one.steps):
            yield one


def _is_one_object(nesting: Nesting, file: PythonFile) -> bool:
    """Whether the holder means the same at both ends: it does in one function, and `self` does in methods' calls."""
    if nesting.inner.holder in ("", "self") or len(nesting.steps) == 2:
        return True
    owner, _, key = nesting.inner.holder.rstrip("]").partition("[")
    if owner not in ("", "self") or not key.isidentifier() or len(nesting.steps) != 3:
        return False
    call = nesting.steps[1][0]
    callee = call.child_by_field_name("function")
    definition = local_function(callee, file) if callee is not None else None
    pairs = passed(call, definition, file) if definition is not None else ()
    return any(file.text(parameter) == key == file.text(argument) for parameter, argument in pairs)


def inversions(file: PythonFile) -> Iterator[tuple[Nesting, Nesting]]:
    """Pairs of nestings of the same two locks, the other way round; a pair of locks is given once."""
    seen: dict[tuple[str, str], Nesting] = {}
    told: set[frozenset[str]] = set()
    for one in _nestings(file):
        outer, inner = one.outer.home, one.inner.home
        if outer == inner or not (one.outer.exclusive and one.inner.exclusive):
            continue
        seen.setdefault((outer, inner), one)
        other = seen.get((inner, outer))
        pair = frozenset((outer, inner))
        if other is None or pair in told or _share(one.around, other.around):
            continue
        told.add(pair)
        yield other, one


def unordered_items(file: PythonFile) -> Iterator[Nesting]:
    """Two locks of one kind, of different keys or objects, nested in the order in which a caller names them."""
    for one in _nestings(file):
        function = enclosing_function(one.at)
        if one.outer.home != one.inner.home or one.outer.holder == one.inner.holder or function is None:
            continue
        if len(one.steps) != 2 or not (one.outer.exclusive and one.inner.exclusive):
            continue
        names = {parameter.name for parameter in parameters_of(function, file)} - {"self", "cls"}
        keys = [_key_words(lock, names) for lock in (one.outer, one.inner)]
        if all(keys) and keys[0] != keys[1] and not any(word in file.text(function) for word in _SORTS):
            yield one


def _key_words(lock: Lock, names: set[str]) -> frozenset[str]:
    words = lock.holder.replace("[", " ").replace("]", " ").replace(".", " ").split()
    return frozenset(words) & names


def _share(one: Sequence[Lock], other: Sequence[Lock]) -> bool:
    """Whether a third lock around both keeps them from running at the same time."""
    return any(first.is_same(second) for first in one for second in other)


def _asks_first(node: Node, file: PythonFile) -> bool:
    function = enclosing_function(node)
    return function is not None and any(word in file.text(function) for word in _ASKS)


def _nestings(file: PythonFile) -> tuple[Nesting, ...]:
    return file.remember("lock nestings", partial(_collect, file))


def _collect(file: PythonFile) -> tuple[Nesting, ...]:
    found: list[Nesting] = []
    for _, captures in PYTHON.matches(file, ("(function_definition) @function",)):
        function = captures["function"][0]
        if _name(function, file) not in _CONSTRUCTORS:
            found += _nestings_of(function, file)
    return tuple(found)


def _nestings_of(function: Node, file: PythonFile) -> Iterator[Nesting]:
    for taken in _taken_in(function, file):
        node = taken.steps[0][0]
        yield from _within(_held(node, file), taken, node)
    for call, callee in _calls_in(function, file):
        held = _held(call, file)
        if not held:
            continue
        for taken in _reached(callee, file, 1):
            step = (call, f"`{_name(callee, file)}` is called with it held")
            yield from _within(held, _Taken(taken.lock, (step, *taken.steps)), call)


def _within(held: Sequence[Held], taken: _Taken, at: Node) -> Iterator[Nesting]:
    for one in held:
        around = tuple(other.lock for other in held if other != one)
        first = (one.by, f"`{one.lock.name}` is taken")
        yield Nesting(one.lock, taken.lock, at, (first, *taken.steps), around)


def _held(node: Node, file: PythonFile) -> tuple[Held, ...]:
    return tuple(one for one in locks_held_at(node, file) if _counts(one.lock))


def _counts(lock: Lock) -> bool:
    """Whether it is surely a lock of this process, and one that others see."""
    return lock.kind in (LockKind.ASYNCIO, LockKind.THREADING) and lock.shared and bool(lock.home)


def _taken_in(function: Node, file: PythonFile) -> tuple[_Taken, ...]:
    return file.remember(("taken in", function.id), lambda: tuple(_find_taken(function, file)))


def _find_taken(function: Node, file: PythonFile) -> Iterator[_Taken]:
    body = function.child_by_field_name("body")
    for node in descendants(body, "with_statement", "call", stop=_NESTED) if body is not None else ():
        for expression in with_items(node) if node.type == "with_statement" else _acquired(node, file):
            lock = lock_of(expression, file)
            if lock is not None and _counts(lock):
                yield _Taken(
                    lock, ((expression if node.type == "with_statement" else node, f"`{lock.name}` is taken"),)
                )


def _acquired(call: Node, file: PythonFile) -> Iterator[Node]:
    """The receiver of an `acquire()` that waits as long as it takes."""
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    given = arguments(call, file)
    if receiver is None or function is None or not file.text(function).endswith(".acquire"):
        return
    around = call.parent
    limited = around is not None and around.type == "argument_list"
    if not (given.positional or given.keywords or limited):
        yield receiver


def _calls_in(function: Node, file: PythonFile) -> Iterator[tuple[Node, Node]]:
    """The calls of functions of this module that have run when control goes on, with what they call."""
    body = function.child_by_field_name("body")
    for call in descendants(body, "call", stop=_NESTED) if body is not None else ():
        callee = call.child_by_field_name("function")
        definition = local_function(callee, file) if callee is not None else None
        if definition is not None and definition != function and _runs(call, definition):
            yield call, definition


def _runs(call: Node, definition: Node) -> bool:
    """Whether the call runs the function's body here and now: a coroutine that is awaited, no generator."""
    awaited = call.parent is not None and call.parent.type == "await"
    if (definition.children[0].type == "async") != awaited:
        return False
    return next(descendants(definition, "yield", stop=frozenset({"lambda", "class_definition"})), None) is None


def _reached(function: Node, file: PythonFile, calls: int) -> tuple[_Taken, ...]:
    """The locks that a call of a function takes for certain enough: not on a branch that an argument chooses."""
    if calls > _MAX_CALLS:
        return ()
    return file.remember(("locks reached", function.id, calls), lambda: tuple(_first_ways(function, file, calls)))


def _first_ways(function: Node, file: PythonFile, calls: int) -> Iterator[_Taken]:
    """One way to each lock: the number of all ways grows with every call."""
    known = set()
    for taken in _find_reached(function, file, calls):
        if (taken.lock.home, taken.lock.holder) not in known:
            known.add((taken.lock.home, taken.lock.holder))
            yield taken


def _find_reached(function: Node, file: PythonFile, calls: int) -> Iterator[_Taken]:
    for taken in _taken_in(function, file):
        if not _is_chosen(taken.steps[0][0], function, file):
            yield taken
    for call, callee in _calls_in(function, file):
        if _is_chosen(call, function, file):
            continue
        step = (call, f"which calls `{_name(callee, file)}`")
        for taken in _reached(callee, file, calls + 1):
            yield _Taken(taken.lock, (step, *taken.steps))


def _is_chosen(node: Node, function: Node, file: PythonFile) -> bool:
    """Whether a condition on one of the function's parameters decides if the node is reached."""
    names = {parameter.name for parameter in parameters_of(function, file)} - {"self", "cls"}
    for around in ancestors(node):
        if around == function:
            return False
        condition = around.child_by_field_name("condition") if around.type in ("if_statement", "elif_clause") else None
        if condition is not None:
            spelled = {file.text(one) for one in (condition, *descendants(condition, "identifier"))}
            if spelled & names:
                return True
    return False


def _name(function: Node, file: PythonFile) -> str:
    name = function.child_by_field_name("name")
    return file.text(name) if name is not None else ""
