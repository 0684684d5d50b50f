"""Python's scopes and bindings: which names exist where, and which definitions of a name may reach a use of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.python.bindings import BINDERS, Binding, Kind, bindings_of

__all__ = [
    "COMPREHENSIONS",
    "FUNCTIONS",
    "SCOPES",
    "Binding",
    "Kind",
    "attribute_bindings",
    "bindings_in",
    "exclusive",
    "reaching",
    "resolve",
    "scope_of",
]

COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
FUNCTIONS = frozenset({"function_definition", "lambda"})
SCOPES = COMPREHENSIONS | FUNCTIONS | {"module", "class_definition"}

# Parts of a definition that are evaluated in the scope around it.
_OUTER_FIELDS = ("name", "superclasses", "return_type", "type_parameters")

# More bindings of one name that may all hold at one place do not occur in code that people wrote.
_MOST = 64

_BLOCKS = SCOPES | {"block"}

# Bindings that hold in one construct alone: after it, earlier bindings may still be the ones that count.
_REGIONS = {
    Kind.LOOP: frozenset({"for_statement"}) | COMPREHENSIONS,
    Kind.EXCEPTION: frozenset({"except_clause"}),
    Kind.PATTERN: frozenset({"case_clause"}),
}


@dataclass(slots=True)
class _Table:
    """The bindings of one file by scope, the names that a scope declares global or nonlocal, and attributes.

    `visible` keeps what a name means in a scope, once that was asked for.
    """

    names: dict[int, dict[str, list[Binding]]]
    foreign: dict[tuple[int, str], str]
    attributes: dict[tuple[int, str], list[Binding]]
    visible: dict[tuple[int, str], tuple[Binding, ...]]


@record
class _Place:
    """Where a node stands: what is around it (ids and types, innermost first), loops, and branches of `if`s."""

    around: tuple[tuple[int, str], ...]
    loops: frozenset[int]
    branches: Mapping[int, int]


def scope_of(node: Node, file: PythonFile) -> Node:
    """The scope in which a node is evaluated: a definition's name, bases, decorators and defaults belong outside."""
    regions = file.remember("regions of scopes", partial(_find_regions, file))
    return regions.scopes[bisect_right(regions.starts, node.start_byte) - 1]


def _scope_around(scope: Node, file: PythonFile) -> Node | None:
    """The scope in which a scope's definition stands; None for the module."""
    return scope_of(scope, file) if scope.id != file.root.id else None


@record
class _Regions:
    """The scopes of a file one after another: each holds from its start in bytes to the next one's."""

    starts: list[int]
    scopes: list[Node]


def _find_regions(file: PythonFile) -> _Regions:
    found = _Regions([], [])
    # The last is the innermost one that the sweep is in.
    around: list[tuple[int, Node]] = []

    def close(position: int) -> None:
        while len(around) > 1 and around[-1][0] <= position:
            end, _ = around.pop()
            found.starts.append(end)
            found.scopes.append(around[-1][1])

    scopes = (file.root, *descendants(file.root, *SCOPES))
    regions = sorted((start, -end, at) for at, one in enumerate(scopes) for start, end in _inside(one) if start < end)
    for start, end, at in regions:
        close(start)
        around.append((-end, scopes[at]))
        found.starts.append(start)
        found.scopes.append(scopes[at])
    close(len(file.source))
    return found


def _inside(scope: Node) -> Iterator[tuple[int, int]]:
    """The regions of a scope's node, in bytes, that are evaluated in it."""
    if scope.parent is None:
        yield 0, scope.end_byte + 1
        return
    # Nothing but the scope itself, and what ends with it, starts where it starts.
    start = scope.start_byte + 1
    for outside in sorted(_outside(scope)):
        yield start, outside[0]
        start = outside[1]
    yield start, scope.end_byte


def _outside(scope: Node) -> Iterator[tuple[int, int]]:
    """The regions of a scope's node that are evaluated before the scope is entered."""
    if scope.type in COMPREHENSIONS:
        first = next((child for child in scope.named_children if child.type == "for_in_clause"), None)
        iterable = first.child_by_field_name("right") if first is not None else None
        if first is not None and iterable is not None:
            yield iterable.start_byte, first.end_byte
        return
    parts = [scope.child_by_field_name(field) for field in _OUTER_FIELDS]
    parameters = scope.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters is not None else ():
        parts.extend((parameter.child_by_field_name("type"), parameter.child_by_field_name("value")))
    yield from ((part.start_byte, part.end_byte) for part in parts if part is not None)


def bindings_in(scope: Node, file: PythonFile) -> dict[str, list[Binding]]:
    """Every name bound directly in a scope, with its bindings in source order."""
    return _table(file).names.get(scope.id, {})


def function_names(file: PythonFile) -> frozenset[str]:
    """Every name that some scope of the file binds to a function."""

    def collect() -> frozenset[str]:
        scopes = _table(file).names.values()
        return frozenset(
            name for names in scopes for name, found in names.items() if any(one.kind is Kind.FUNCTION for one in found)
        )

    return file.remember("names bound to functions", collect)


def attribute_bindings(owner: Node, name: str, file: PythonFile) -> tuple[Binding, ...]:
    """Where methods of a class assign `self.<name>`, and where its body assigns the name, in source order."""
    on_self = _table(file).attributes.get((owner.id, name), [])
    return (*bindings_in(owner, file).get(name, []), *on_self)


def resolve(identifier: Node, file: PythonFile) -> tuple[Binding, ...]:
    """All bindings of an identifier in the scope that Python would look it up in; () for a builtin or unknown name."""
    table, start, name = _table(file), scope_of(identifier, file), file.text(identifier)
    known = table.visible.get((start.id, name))
    if known is None:
        known = table.visible[start.id, name] = _visible(name, start, table, file)
    return known


def _visible(name: str, start: Node, table: _Table, file: PythonFile) -> tuple[Binding, ...]:
    scope: Node | None = start
    while scope is not None:
        declared = table.foreign.get((scope.id, name))
        if declared == "global":
            return tuple(table.names.get(file.root.id, {}).get(name, ()))
        visible = scope.type != "class_definition" or scope == start
        if visible and declared is None and (found := table.names.get(scope.id, {}).get(name)):
            return tuple(found)
        scope = _scope_around(scope, file)
    return ()


def reaching(identifier: Node, file: PythonFile) -> tuple[Binding, ...]:
    """The bindings that may give an identifier its value where it stands.

    In the scope of the use, a binding that every path to the use passes hides the earlier ones, and a binding after
    the use counts only when a loop holds both. From an inner scope, every binding of the outer scope counts. Of very
    many bindings the nearest are given.
    """
    found = resolve(identifier, file)
    if len(found) < 2:
        return found
    use, scope = _place(identifier, file), scope_of(identifier, file).id
    own, elsewhere = file.remember(("own bindings", found[0].node.id, scope), lambda: _split(found, scope, file))
    if not own:
        return found[-_MOST:]
    at = bisect_left(own, identifier.start_byte, key=_start)
    before, held, certain = _before(own, at, identifier, use, file)
    again = (one for one in (*held, *own[at : at + _MOST]) if not use.loops.isdisjoint(_place(one.node, file).loops))
    # Functions that declare the name global or nonlocal bind it at any time; to one of them, its own is certain.
    others = () if certain and (scope, found[0].name) in _table(file).foreign else elsewhere[-_MOST:]
    possible = [one for one in (*before, *again) if not _exclusive(_place(one.node, file), use)]
    return (*others, *possible) or found[-_MOST:]


def _split(found: Sequence[Binding], scope: int, file: PythonFile) -> tuple[list[Binding], list[Binding]]:
    """The bindings that stand in a scope, and those that others make for it."""
    own = [one for one in found if scope_of(one.node, file).id == scope]
    return own, [one for one in found if scope_of(one.node, file).id != scope]


def _start(binding: Binding) -> int:
    return binding.node.start_byte


def _before(
    own: Sequence[Binding], at: int, identifier: Node, use: _Place, file: PythonFile
) -> tuple[list[Binding], list[Binding], bool]:
    """The bindings before a use that may still hold there, those it is part of, and whether one surely ran."""
    reached: list[Binding] = []
    held: list[Binding] = []
    for n in range(at - 1, max(at - 1 - _MOST, -1), -1):
        one = own[n]
        if _holds(one, identifier):
            held.append(one)
            continue
        if one.kind is Kind.LOOP and any(_overwrites(later, one, identifier) for later in reached):
            continue
        reached.append(one)
        # An augmented assignment adds to what came before, so it hides nothing.
        if one.kind is not Kind.AUGMENTED and _always_runs_before(one, use, file):
            return reached[::-1], held, True
    return reached[::-1], held, False


def _overwrites(later: Binding, target: Binding, use: Node) -> bool:
    """Whether each round of a loop gives its target another value, so that after the loop none of its own is left."""
    loop = next((node for node in ancestors(target.node) if node.type == "for_statement"), None)
    body = loop.child_by_field_name("body") if loop is not None else None
    statement = next((node for node in ancestors(later.node) if node.parent == body), None)
    if later.kind is not Kind.ASSIGNMENT or loop is None or body is None or statement is None:
        return False
    if statement.type != "expression_statement" or begins_within(use, loop):
        return False
    leaving = descendants(body, "break_statement", "continue_statement")
    return not any(one.start_byte < statement.start_byte for one in leaving)


def _holds(binding: Binding, identifier: Node) -> bool:
    """Whether the use stands in the binding's own value: `x = f(x)` and `for x in f(x)` read the x before them."""
    value = binding.value
    return (
        binding.kind in (Kind.ASSIGNMENT, Kind.AUGMENTED, Kind.LOOP)
        and value is not None
        and begins_within(identifier, value)
    )


def _always_runs_before(binding: Binding, use: _Place, file: PythonFile) -> bool:
    """Whether the block of the binding, or the construct it holds in, is around the use."""
    types = _REGIONS.get(binding.kind, _BLOCKS)
    block = next((node for node, kind in _place(binding.node, file).around if kind in types), None)
    return block is not None and any(node == block for node, _ in use.around)


def exclusive(one: Node, use: Node) -> bool:
    """Whether the two stand in different branches of one `if`, so that no single run passes both."""
    return _exclusive(_find_place(one), _find_place(use))


def _exclusive(one: _Place, use: _Place) -> bool:
    shared = next((statement for statement in use.branches if statement in one.branches), None)
    if shared is None or use.branches[shared] == one.branches[shared]:
        return False
    return use.loops.isdisjoint(one.loops)


def _place(node: Node, file: PythonFile) -> _Place:
    return file.remember(("place", node.id), lambda: _find_place(node))


def _find_place(node: Node) -> _Place:
    around: list[tuple[int, str]] = []
    loops: set[int] = set()
    branches: dict[int, int] = {}
    inner = node
    for outer in ancestors(node):
        around.append((outer.id, outer.type))
        # The iterable of a `for` is read only once.
        repeats = outer.type == "for_statement" and inner != outer.child_by_field_name("right")
        if repeats or outer.type == "while_statement":
            loops.add(outer.id)
        if outer.type == "if_statement" and inner.type in ("block", "else_clause", "elif_clause"):
            branches[outer.id] = inner.id
        inner = outer
    return _Place(tuple(around), frozenset(loops), branches)


def _table(file: PythonFile) -> _Table:
    return file.remember("scopes", partial(_collect, file))


def _collect(file: PythonFile) -> _Table:
    table = _Table({}, {}, {}, {})
    declarations: list[tuple[Node, str]] = []
    for _, captures in PYTHON.matches(file, BINDERS):
        first = {name: nodes[0] for name, nodes in captures.items()}
        for binding in bindings_of(first, file):
            _enter(table, binding, file)
        for word in ("global", "nonlocal"):
            if word in first:
                scope, name = scope_of(first[word], file), file.text(first[word])
                table.foreign[scope.id, name] = word
                declarations.append((scope, name))
    for scope, name in declarations:
        _hand_over(table, scope, name, file)
    for names in table.names.values():
        for found in names.values():
            found.sort(key=lambda one: one.node.start_byte)
    return table


def _hand_over(table: _Table, scope: Node, name: str, file: PythonFile) -> None:
    """Give the bindings of a name that a scope declares global or nonlocal to the scope that they are made in."""
    moved = table.names.get(scope.id, {}).pop(name, [])
    owner: Node | None = file.root
    if table.foreign[scope.id, name] == "nonlocal":
        owner = scope_of(scope, file)
        while owner is not None and name not in table.names.get(owner.id, {}):
            owner = _scope_around(owner, file)
    if owner is not None and moved:
        table.names.setdefault(owner.id, {}).setdefault(name, []).extend(moved)


def _enter(table: _Table, binding: Binding, file: PythonFile) -> None:
    if binding.node.type == "attribute":
        owner = _owner_of_self(binding.node, file)
        if owner is not None:
            table.attributes.setdefault((owner.id, binding.name), []).append(binding)
        return
    scope = scope_of(binding.node, file)
    if binding.kind is not Kind.LOOP and scope.type in COMPREHENSIONS:
        scope = next(n for n in ancestors(scope) if n.type in SCOPES and n.type not in COMPREHENSIONS)
    if binding.kind is Kind.PARAMETER:
        scope = next(n for n in ancestors(binding.node) if n.type in FUNCTIONS)
    table.names.setdefault(scope.id, {}).setdefault(binding.name, []).append(binding)


def _owner_of_self(attribute: Node, file: PythonFile) -> Node | None:
    """The class whose method assigns this attribute of its first parameter."""
    receiver = attribute.child_by_field_name("object")
    if receiver is None or receiver.type != "identifier" or file.text(receiver) not in ("self", "cls"):
        return None
    return next((n for n in ancestors(attribute) if n.type == "class_definition"), None)
