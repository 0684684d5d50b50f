"""A function as one call runs it: what its parameters hold, and the texts that its expressions stand for there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.literals import element_at, elements_of, entries_of
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.parameters import passed
from chunklint.semantics.python.scopes import Binding, Kind, reaching
from chunklint.semantics.python.strings import Hole, Shape, string_shapes

# A loop over more names than this is not worth naming them all.
_MAX_TEXTS = 64
# Frames are few and texts shallow; the bound is for loops over themselves.
_MAX_DEPTH = 8


@record
class Frame:
    """One run of a function.

    Attributes:
        call: The call that started it, None for an entry point and for one turn of a loop.
        given: The expression that fills each parameter, or loop variable, by the id of its identifier; it is evaluated
            in the caller's frame.
    """

    function: Node
    call: Node | None = None
    caller: Frame | None = None
    given: Mapping[int, Node] = field(default_factory=dict)

    def entered(self, call: Node, function: Node, file: PythonFile) -> Frame:
        """The frame of a helper that this one calls."""
        given = {parameter.id: value for parameter, value in passed(call, function, file)}
        return Frame(function, call, self, given)

    def turned(self, given: Mapping[int, Node]) -> Frame:
        """The frame of one turn of a loop in this function, with what its variables hold."""
        return Frame(self.function, None, self, given)

    @property
    def stack(self) -> tuple[Frame, ...]:
        """This frame and the callers', innermost first."""
        frames, frame = [self], self.caller
        while frame is not None:
            frames.append(frame)
            frame = frame.caller
        return tuple(frames)


def argument_of(identifier: Node, frame: Frame, file: PythonFile) -> tuple[Node, Frame] | None:
    """The expression that an identifier's parameter holds, and the frame to evaluate it in."""
    if identifier.type != "identifier" or frame.caller is None:
        return None
    found = reaching(identifier, file)
    if len(found) != 1 or found[0].kind not in (Kind.PARAMETER, Kind.LOOP):
        return None
    for one in frame.stack:
        if found[0].node.id in one.given and one.caller is not None:
            return one.given[found[0].node.id], one.caller
        if one.call is not None:
            return None
    return None


def shapes_in(node: Node, frame: Frame, file: PythonFile) -> tuple[Shape, ...]:
    """The strings that an expression may be in a frame: as `string_shapes`, with known parameters filled in."""
    return _shapes(node, frame, file, 0)


def _shapes(node: Node, frame: Frame, file: PythonFile, depth: int) -> tuple[Shape, ...]:
    if depth > _MAX_DEPTH:
        return (Shape((Hole(node),), node),)
    if known := _known(node, frame, file):
        return tuple(shape for one, home in known for shape in _shapes(one, home, file, depth + 1))[:_MAX_TEXTS]
    found = string_shapes(node, file) or (Shape((Hole(node),), node),)
    return tuple(filled for shape in found for filled in _filled(shape, frame, file, depth))[:_MAX_TEXTS]


def _known(node: Node, frame: Frame, file: PythonFile) -> tuple[tuple[Node, Frame], ...]:
    """What stands behind a parameter, a loop variable, or Alembic's `op.f(name)`, which keeps the name as it is."""
    held = argument_of(node, frame, file)
    if held is not None:
        return (held,)
    function = node.child_by_field_name("function") if node.type == "call" else None
    if function is not None and (qualified_name(function, file) == "alembic.op.f" or _is_batch_f(function, file)):
        return tuple((one, frame) for one in arguments(node, file).positional[:1])
    return _looped(node, frame, file)


def _is_batch_f(function: Node, file: PythonFile) -> bool:
    """`batch_op.f`, by its name alone: nothing else that is called `f` is given to a migration's operations."""
    named = function.child_by_field_name("attribute")
    return named is not None and file.text(named) == "f"


def _filled(shape: Shape, frame: Frame, file: PythonFile, depth: int) -> Iterator[Shape]:
    """The shape with the holes filled that hold a parameter or run over literals: one shape for each value.

    Only one hole takes several values: two loop variables most often come from one loop over pairs, and crossing them
    would invent names.
    """
    ready: list[tuple[str | Hole, ...]] = [()]
    for part in shape.parts:
        fillings = _fillings(part, frame, file, depth)
        if len(fillings) > 1 and len(ready) > 1:
            fillings = ((part,),)
        ready = [(*parts, *filling) for parts in ready for filling in fillings]
    for parts in ready:
        yield Shape(parts, shape.node)


def _fillings(part: str | Hole, frame: Frame, file: PythonFile, depth: int) -> tuple[tuple[str | Hole, ...], ...]:
    if isinstance(part, str):
        return ((part,),)
    known = _known(part.node, frame, file)
    return tuple(shape.parts for one, home in known for shape in _shapes(one, home, file, depth + 1)) or ((part,),)


def _loop_bindings(node: Node, file: PythonFile) -> tuple[Binding, ...]:
    found = reaching(node, file) if node.type == "identifier" else ()
    return found if found and all(one.kind is Kind.LOOP for one in found) else ()


def _looped(node: Node, frame: Frame, file: PythonFile) -> tuple[tuple[Node, Frame], ...]:
    """What a loop variable runs over, when the code spells it out."""
    found: list[tuple[Node, Frame]] = []
    for binding in _loop_bindings(node, file):
        if binding.value is None:
            continue
        iterable, home = argument_of(binding.value, frame, file) or (binding.value, frame)
        for element in elements_of(iterable, file) or ():
            reached = element_at(element, binding.path)
            if reached is not None:
                found.append((reached, home))
    return tuple(found[:_MAX_TEXTS])


def names_in(node: Node | None, frame: Frame, file: PythonFile) -> tuple[str, ...]:
    """The texts that an expression may be, what is unknown of them as `{expression}`; () without an expression."""
    if node is None:
        return ()
    return tuple(dict.fromkeys(label(shape, file) for shape in shapes_in(node, frame, file)))


def label(shape: Shape, file: PythonFile) -> str:
    """The text of a shape with `{expression}` for each hole."""
    return "".join(part if isinstance(part, str) else f"{{{file.text(part.node)}}}" for part in shape.parts)


def bound_in(call: Node, frame: Frame, file: PythonFile) -> dict[str, str]:
    """The text or `{expression}` that a call binds to each parameter of its SQL: `bindparams(...)`, or a dictionary."""
    found: dict[str, str] = {}
    for inner in (call, *descendants(call, "call")):
        function = inner.child_by_field_name("function")
        given = arguments(inner, file)
        if function is not None and file.text(function).endswith("bindparams"):
            found.update({name: _one_name(value, frame, file) for name, value in given.keywords.items()})
        for argument in given.positional[1:]:
            entries = entries_of(argument, file)
            found.update({name: _one_name(value, frame, file) for name, value in entries if name is not None})
    return found


def _one_name(node: Node, frame: Frame, file: PythonFile) -> str:
    names = names_in(node, frame, file)
    return names[0] if len(names) == 1 else f"{{{file.text(node)}}}"
