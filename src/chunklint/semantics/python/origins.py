"""Where a value comes from: what the author wrote down, or what a caller, the environment, a row or a request chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import partial

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.calls import Result, is_enum, result_of
from chunklint.semantics.python.checks import is_confined
from chunklint.semantics.python.helpers import escapes, returned_values
from chunklint.semantics.python.known_sources import CONFINED_TYPES, NUMBER_TYPES, SOURCES, TEXT_TYPES, Source
from chunklint.semantics.python.literals import element_at, elements_of, entered_into, mutations_of
from chunklint.semantics.python.names import (
    arguments,
    attributes_of_self,
    calls_of,
    enclosing_function,
    local_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.parameters import declared_type, entry_point, is_body, is_private, passed
from chunklint.semantics.python.scopes import Binding, Kind, reaching
from chunklint.semantics.python.strings import Hole, string_shapes

_MAX_DEPTH = 16
_MAX_STEPS = 600
_FIXED_ATTRIBUTES = frozenset({"__tablename__", "__table__", "__name__", "__class__", "__qualname__", "__module__"})
_CONTAINERS = frozenset({"list", "tuple", "set", "dictionary", "expression_list", "pair"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "generator_expression", "dictionary_comprehension"}
)
_LITERALS = frozenset({"integer", "float", "true", "false", "none", "ellipsis"})
_TESTS = frozenset({"comparison_operator", "not_operator"})


@record
class Origin:
    """Where a value comes from.

    Attributes:
        kind: The most dangerous of the sources that may reach.
        steps: The stops of the value on its way, first the source: a node and a few words on it.
        number: Whether it can only be a number: converted, or declared as one.
        converted: Whether the program itself converts it, as `int()` does.
        callers: For a parameter, the most dangerous source that a call in this module passes; None without calls.
        private: For a parameter, whether its function is nested, or private by its name.
        catalogue: For rows, whether they tell of tables, columns and the like.
    """

    kind: Source
    steps: tuple[tuple[Node, str], ...] = ()
    number: bool = False
    converted: bool = False
    callers: Source | None = None
    private: bool = False
    catalogue: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the author alone chose the value: a literal, an index, a time, a checked value."""
        return self.kind < Source.UNKNOWN


_UNKNOWN = Origin(Source.UNKNOWN)
_LITERAL = Origin(Source.LITERAL)


@record
class _Trace:
    file: PythonFile
    given: Mapping[int, Origin] = field(default_factory=dict)
    active: frozenset[int] = frozenset()
    depth: int = 0
    steps: list[int] = field(default_factory=lambda: [_MAX_STEPS])

    def inside(self, *entered: int) -> _Trace:
        return replace(self, depth=self.depth + 1, active=self.active | set(entered))


def origin_of(node: Node, file: PythonFile) -> Origin:
    """Where an expression's value comes from. For a collection or an iterable: where its elements do."""
    return file.remember(("origin", node.id), partial(_origin, node, _Trace(file)))


def origin_of_hole(hole: Hole, file: PythonFile) -> Origin:
    """Where the text of a hole comes from; a check of a name behind which it stood counts."""
    if any(is_confined(name, file.text(name), file) for name in hole.via):
        return Origin(Source.CONFINED)
    found = origin_of(hole.node, file)
    passing = tuple((name, f"`{file.text(name)}` carries it into the text") for name in reversed(hole.via))
    return replace(found, steps=(*found.steps, *passing))


def _worst(origins: Iterable[Origin]) -> Origin:
    """The most dangerous of several; of one kind the one that is not just a number, nor a name of the catalogue."""
    return max(origins, key=lambda one: (one.kind, not one.number, not one.catalogue), default=_UNKNOWN)


def _all(nodes: Iterable[Node], at: _Trace) -> Origin:
    return _worst(_origin(node, at) for node in nodes)


def _origin(node: Node, at: _Trace) -> Origin:
    at.steps[0] -= 1
    if at.depth > _MAX_DEPTH or at.steps[0] < 0:
        return _UNKNOWN
    if node.type in _LITERALS:
        return _LITERAL
    if node.type in _TESTS:
        return Origin(Source.CONFINED, number=True)
    if node.type in ("identifier", "attribute", "subscript"):
        confined = is_confined(node, at.file.text(node), at.file)
        return Origin(Source.CONFINED) if confined else _of_reference(node, at.inside())
    return _of_expression(node, at.inside())


def _of_reference(node: Node, at: _Trace) -> Origin:
    match node.type:
        case "identifier":
            return _name(node, at)
        case "attribute":
            return _attribute(node, at)
    return _subscript(node, at)


def _of_expression(node: Node, at: _Trace) -> Origin:
    match node.type:
        case "string" | "concatenated_string":
            return _text(node, at)
        case "call":
            return _call(node, at)
        case "conditional_expression" if len(node.named_children) == 3:
            return _all((node.named_children[0], node.named_children[2]), at)
        case "boolean_operator":
            origin = _all(node.named_children, at)
            # Who writes `or 0` knows that it is a number.
            counted = node.named_children[-1].type in ("integer", "float")
            return replace(origin, number=True, converted=True) if counted else origin
        case "binary_operator":
            return _text(node, at) if string_shapes(node, at.file) else _arithmetic(node, at)
        case "parenthesized_expression" | "await" | "named_expression" | "unary_operator" | "list_splat":
            return _origin(node.named_children[-1], at) if node.named_children else _UNKNOWN
        case kind if kind in _CONTAINERS:
            return _all(node.named_children, at) if node.named_children else _LITERAL
        case kind if kind in _COMPREHENSIONS:
            body = node.child_by_field_name("body")
            return _origin(body, at) if body is not None else _UNKNOWN
    return _UNKNOWN


def _text(node: Node, at: _Trace) -> Origin:
    shapes = string_shapes(node, at.file)
    if not shapes:
        return _UNKNOWN
    holes = [hole for shape in shapes for hole in shape.holes if hole.node != node]
    return _worst(_hole(hole, at) for hole in holes) if holes else _LITERAL


def _hole(hole: Hole, at: _Trace) -> Origin:
    if any(is_confined(name, at.file.text(name), at.file) for name in hole.via):
        return Origin(Source.CONFINED)
    return _origin(hole.node, at)


def _arithmetic(node: Node, at: _Trace) -> Origin:
    operands = [_origin(child, at) for child in node.named_children]
    if any(child.type == "&" for child in node.children):
        # The intersection of two sets holds nothing that the tamer one does not.
        return min(operands, key=lambda one: one.kind)
    # Python adds no number to a text, so what is added to one is one.
    counted = any(child.type in ("integer", "float") for child in node.named_children)
    number = counted or all(one.number or one.is_ours for one in operands)
    converted = counted or all(one.converted or one.is_ours for one in operands)
    return replace(_worst(operands), number=number, converted=converted)


def _name(node: Node, at: _Trace) -> Origin:
    found = [one for one in reaching(node, at.file) if one.node.id not in at.active]
    if not found:
        return Origin(SOURCES.get(qualified_name(node, at.file) or "", Source.UNKNOWN), ((node, "read here"),))
    origins = [_binding(one, at.inside(one.node.id)) for one in found]
    if any(one.value is not None and one.value.type in _CONTAINERS for one in found):
        inside = at.inside(*(one.node.id for one in found))
        added = (*mutations_of(node, at.file), *entered_into(node, at.file, values=True))
        origins.extend(_origin(one, inside) for one in added)
    return _worst(origins)


def _binding(binding: Binding, at: _Trace) -> Origin:
    if binding.node.id in at.given:
        return at.given[binding.node.id]
    match binding.kind:
        case Kind.ASSIGNMENT | Kind.AUGMENTED | Kind.CONTEXT if binding.value is not None:
            return _with_step(_unpacked(binding.value, binding.path, at), binding, "is set")
        case Kind.LOOP if binding.value is not None:
            return _with_step(_element(binding.value, binding.path, at), binding, "goes through the values")
        case Kind.PARAMETER:
            return _parameter(binding, at)
        case Kind.IMPORT:
            if binding.name.isupper():
                return Origin(Source.CONSTANT)
            return Origin(SOURCES.get(binding.qualified, Source.UNKNOWN), ((binding.node, "imported here"),))
    return _UNKNOWN


def _unpacked(value: Node, path: tuple[int, ...], at: _Trace) -> Origin:
    """The origin of what stands at a position of a value; of a helper's result, at that position of what it returns."""
    spelled = element_at(value, path)
    if spelled is not None:
        return _origin(spelled, at)
    call = value.named_children[-1] if value.type == "await" and value.named_children else value
    function = call.child_by_field_name("function") if call.type == "call" else None
    definition = local_function(function, at.file) if function is not None else None
    return _returned(call, definition, at, path) if definition is not None else _origin(value, at)


def _with_step(origin: Origin, binding: Binding, words: str) -> Origin:
    return replace(origin, steps=(*origin.steps, (binding.node, f"`{binding.name}` {words} here")))


def _element(iterable: Node, path: tuple[int, ...], at: _Trace) -> Origin:
    """The origin of what a loop over an iterable binds, at a position of each element."""
    spelled = elements_of(iterable, at.file)
    if spelled is not None:
        return _worst(_origin(element_at(one, path) or one, at) for one in spelled)
    function = iterable.child_by_field_name("function") if iterable.type == "call" else None
    if function is None:
        return _enum_members(iterable, at) or _origin(iterable, at)
    given = arguments(iterable, at.file).positional
    receiver = function.child_by_field_name("object")
    match at.file.text(function).rsplit(".", 1)[-1]:
        case "range":
            return Origin(Source.INDEX, number=True)
        case "enumerate" if path and given:
            return Origin(Source.INDEX, number=True) if path[0] == 0 else _element(given[0], path[1:], at)
        case "zip" if path and path[0] < len(given):
            return _element(given[path[0]], path[1:], at)
        case "reversed" | "sorted" | "list" | "tuple" | "set" if given:
            return _element(given[0], path, at)
        case "items" if path and receiver is not None:
            entries = elements_of(receiver, at.file, values=path[0] == 1)
            if entries is not None:
                return _worst(_origin(element_at(one, path[1:]) or one, at) for one in entries)
    return _origin(iterable, at)


def _enum_members(iterable: Node, at: _Trace) -> Origin | None:
    return _LITERAL if iterable.type == "identifier" and is_enum(iterable, at.file) else None


def _attribute(node: Node, at: _Trace) -> Origin:
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
    if owner is None or name is None:
        return _UNKNOWN
    word = at.file.text(name)
    if word in _FIXED_ATTRIBUTES or word.isupper() or at.file.text(owner).rsplit(".", 1)[-1].isupper():
        return Origin(Source.CONSTANT)
    known = SOURCES.get(qualified_name(node, at.file) or "")
    if known is not None:
        return Origin(known, ((node, f"`{at.file.text(node)}` is read here"),))
    if is_enum(owner, at.file):
        return _LITERAL
    if at.file.text(owner) in ("self", "cls"):
        found = [one for one in attributes_of_self(node, at.file) if one.node.id not in at.active]
        # What a constructor was given is the configuration of an object: the one who builds it decides, not a caller.
        origins = [_binding(one, at.inside(one.node.id)) for one in found]
        return _worst(_UNKNOWN if one.kind is Source.PARAMETER else one for one in origins)
    known = SOURCES.get(type_of(owner, at.file) or "")
    if known is not None:
        return Origin(known, ((node, f"`{at.file.text(node)}` is read here"),))
    return _of_object(_origin(owner, at))


def _of_object(origin: Origin) -> Origin:
    """What an attribute of a value is: rows, requests and our own values hand on, an unknown object does not."""
    if origin.is_ours or origin.kind in (Source.ROW, Source.REQUEST, Source.ARGV):
        return replace(origin, number=False)
    return _UNKNOWN


def _subscript(node: Node, at: _Trace) -> Origin:
    container = node.child_by_field_name("value")
    if container is None:
        return _UNKNOWN
    spelled = elements_of(container, at.file, values=True)
    return _all(spelled, at) if spelled else _origin(container, at)


def _call(node: Node, at: _Trace) -> Origin:
    function = node.child_by_field_name("function")
    if function is None:
        return _UNKNOWN
    definition = local_function(function, at.file)
    if definition is not None:
        return _returned(node, definition, at)
    if string_shapes(node, at.file):
        return _text(node, at)
    result = result_of(node, function, at.file)
    match result:
        case Result(source=Source() as source):
            return Origin(source, ((node, result.words),), number=result.number, catalogue=result.catalogue)
        case Result(made_of=made_of) if made_of:
            origin = _all(made_of, at)
            if origin.kind is Source.PARAMETER and _asks_an_object(function, made_of, at.file):
                return _UNKNOWN
            return replace(origin, number=True, converted=True) if result.number else origin
    return _UNKNOWN


def _asks_an_object(function: Node, made_of: Iterable[Node], file: PythonFile) -> bool:
    """Whether a method is none of texts and containers: nobody here knows what an object answers."""
    name, asked = function.child_by_field_name("attribute"), [function.child_by_field_name("object")]
    known = (str, bytes, list, dict, set)
    return name is not None and list(made_of) == asked and not any(hasattr(one, file.text(name)) for one in known)


def _returned(call: Node, definition: Node, at: _Trace, path: tuple[int, ...] = ()) -> Origin:
    """What a helper of this module returns (or has at a position of it), given the arguments of the call."""
    if definition.id in at.active:
        return _UNKNOWN
    if escapes(definition, at.file):
        return Origin(Source.CONFINED)
    given = {**at.given, **{p.id: _origin(argument, at) for p, argument in passed(call, definition, at.file)}}
    inside = replace(at.inside(definition.id), given=given)
    return _worst(_unpacked(value, path, inside) for value in returned_values(definition))


def _parameter(binding: Binding, at: _Trace) -> Origin:
    function = enclosing_function(binding.node)
    declared = declared_type(binding.annotation, at.file) if binding.annotation is not None else None
    if function is None or function.type == "lambda" or binding.name in ("self", "cls"):
        return _UNKNOWN
    if declared in CONFINED_TYPES:
        return Origin(Source.CONFINED)
    if declared in SOURCES:
        return Origin(SOURCES[declared], ((binding.node, f"`{binding.name}` is the {SOURCES[declared].name.lower()}"),))
    by_default = binding.annotation is None and binding.value is not None and binding.value.type in ("integer", "float")
    number = declared in NUMBER_TYPES or by_default
    kind = entry_point(function, at.file)
    if kind is not None:
        return _handed_in(binding, kind, declared, number, at.file)
    spoken = number or declared in TEXT_TYPES or binding.annotation is None
    if not spoken and binding.annotation is not None and not _may_be_text(binding.annotation, at):
        return _UNKNOWN
    return _from_callers(binding, function, number, at)


def _may_be_text(annotation: Node, at: _Trace) -> bool:
    """Whether `str` is among the types that an annotation names, as in `str | int`."""
    written = at.file.text(annotation)
    return "str" in written.replace("[", " ").replace("]", " ").replace("|", " ").replace(",", " ").split()


def _handed_in(binding: Binding, kind: Source, declared: str | None, number: bool, file: PythonFile) -> Origin:
    """A parameter of a route handler or a command: the framework fills it, and converts what is declared a number."""
    default = binding.value
    injected = default is not None and default.type == "call" and "Depends" in file.text(default)
    if injected or "Depends" in (file.text(binding.annotation) if binding.annotation is not None else ""):
        return _UNKNOWN
    known = declared is None or declared in TEXT_TYPES or number
    if not known and declared is not None and not is_body(declared, file):
        return _UNKNOWN
    what = "request" if kind is Source.REQUEST else "command line"
    step = (binding.node, f"`{binding.name}` comes from the {what}")
    return Origin(kind, (step,), number=number, converted=number)


def _from_callers(binding: Binding, function: Node, number: bool, at: _Trace) -> Origin:
    """A plain parameter, judged by what the calls in this module pass."""
    own = (binding.node, f"`{binding.name}` is a parameter, so its callers choose it")
    private = is_private(function, at.file)
    origins = [_argument(call, function, binding, at) for call in calls_of(function, at.file)]
    if not origins and _is_nameless(function, at.file):
        return _UNKNOWN
    if not origins:
        return Origin(Source.PARAMETER, (own,), number=number, private=private)
    worst = _worst(origins)
    if private and worst.kind is Source.UNKNOWN:
        return _UNKNOWN
    if private or worst.kind > Source.PARAMETER:
        return replace(worst, steps=(*worst.steps, (binding.node, f"passed on as `{binding.name}`")))
    callers = worst.callers if worst.kind is Source.PARAMETER and worst.callers is not None else worst.kind
    return Origin(Source.PARAMETER, (own,), number=number, callers=callers, private=private)


def _is_nameless(function: Node, file: PythonFile) -> bool:
    """Whether a function is called `_`: only what registers it calls it, with what it has itself."""
    name = function.child_by_field_name("name")
    return name is not None and file.text(name) == "_"


def _argument(call: Node, function: Node, binding: Binding, at: _Trace) -> Origin:
    for parameter, argument in passed(call, function, at.file):
        if parameter == binding.node and argument.id not in at.active:
            return _origin(argument, at.inside(argument.id))
    return _UNKNOWN
