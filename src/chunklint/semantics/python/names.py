"""Python names to qualified names, through imports, aliases, instances, annotations and attributes of `self`."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.python.known_types import RETURNS
from chunklint.semantics.python.scopes import (
    FUNCTIONS,
    Binding,
    Kind,
    attribute_bindings,
    bindings_in,
    function_names,
    reaching,
    resolve,
)

# The qualified name of what this very module defines starts with this.
HERE = "<module>"

# Longer chains of aliases do not occur in code that people wrote; the bound keeps cycles and hostile input finite.
_MAX_DEPTH = 12

_BUILTINS = frozenset(dir(builtins))
_WRAPPERS = frozenset({"Optional", "Annotated", "ClassVar", "Final", "Required", "NotRequired", "InitVar"})


def qualified_name(node: Node, file: PythonFile) -> str | None:
    """The dotted name that an expression refers to, or None when it cannot be known.

    `requests.get` gives "requests.get" under any alias. A method of an instance is named by the instance's class:
    `client.get` gives "httpx.Client.get" where `client = httpx.Client()`. Builtins are "builtins.open", names that
    this module defines "<module>.name", relative imports keep their dots.
    """
    return _qualified(node, file, 0)


def type_of(node: Node, file: PythonFile) -> str | None:
    """The qualified name of the class that an expression is an instance of, or None when it cannot be known."""
    return _type(node, file, 0)


def _qualified(node: Node, file: PythonFile, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return None
    return file.remember(("qualified", node.id), partial(_find_qualified, node, file, depth))


def _find_qualified(node: Node, file: PythonFile, depth: int) -> str | None:
    match node.type:
        case "identifier":
            found = reaching(node, file)
            if not found:
                name = file.text(node)
                return f"builtins.{name}" if name in _BUILTINS else None
            return _agreed(found, file, depth)
        case "attribute":
            receiver, name_node = node.child_by_field_name("object"), node.child_by_field_name("attribute")
            if receiver is None or name_node is None:
                return None
            base = _qualified(receiver, file, depth + 1) or _type(receiver, file, depth + 1)
            if base is not None:
                return f"{base}.{file.text(name_node)}"
            return _alias_on_self(node, file, depth)
        case "parenthesized_expression" | "subscript" if node.named_children:
            return _qualified(node.named_children[0], file, depth + 1)
    return None


def _qualified_binding(binding: Binding, file: PythonFile, depth: int) -> str | None:
    match binding.kind:
        case Kind.IMPORT:
            return binding.qualified
        case Kind.FUNCTION | Kind.CLASS:
            around = file.symbol(binding.node.parent) if binding.node.parent is not None else ""
            return f"{HERE}.{around}.{binding.name}" if around else f"{HERE}.{binding.name}"
        case Kind.ASSIGNMENT if binding.value is not None and not binding.path and _is_name(binding.value):
            return _qualified(binding.value, file, depth)
    return None


def _is_name(node: Node) -> bool:
    return node.type in ("identifier", "attribute", "subscript")


def _alias_on_self(attribute: Node, file: PythonFile, depth: int) -> str | None:
    """What `self.name` refers to when every assignment to it in the class names the same thing."""
    found = attributes_of_self(attribute, file)
    return _agreed(found, file, depth) if found else None


def attributes_of_self(node: Node, file: PythonFile) -> tuple[Binding, ...]:
    """The bindings of `self.name` in the class around the expression; () when it is no attribute of self or cls."""
    receiver, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
    if receiver is None or name is None or file.text(receiver) not in ("self", "cls"):
        return ()
    owner = next((around for around in ancestors(node) if around.type == "class_definition"), None)
    pending, seen = [owner] if owner is not None else [], set[int]()
    while pending:
        owner = pending.pop(0)
        if found := attribute_bindings(owner, file.text(name), file):
            return found
        seen.add(owner.id)
        pending.extend(base for base in _bases(owner, file) if base.id not in seen)
    return ()


def _bases(owner: Node, file: PythonFile) -> Iterator[Node]:
    """The base classes that this module defines."""
    listed = owner.child_by_field_name("superclasses")
    for base in listed.named_children if listed is not None else ():
        if base.type == "identifier":
            yield from (one.value for one in resolve(base, file) if one.kind is Kind.CLASS and one.value is not None)


def _agreed(found: Iterable[Binding], file: PythonFile, depth: int) -> str | None:
    """The one name that all bindings give, but for the None of an optional import; None when they differ."""
    names = {_qualified_binding(one, file, depth + 1) for one in found if not _is_none(one.value)}
    return names.pop() if len(names) == 1 else None


def _is_none(value: Node | None) -> bool:
    return value is not None and value.type == "none"


def _type(node: Node, file: PythonFile, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return None
    return file.remember(("type", node.id), partial(_find_type, node, file, depth))


def _find_type(node: Node, file: PythonFile, depth: int) -> str | None:
    match node.type:
        case "identifier":
            found = reaching(node, file)
            types = {_type_of_binding(one, file, depth + 1) for one in found}
            return _one_type(types)
        case "attribute":
            types = {_type_of_binding(one, file, depth + 1) for one in attributes_of_self(node, file)}
            return _one_type(types)
        case "call":
            return _type_of_call(node, file, depth + 1)
        case "await" | "parenthesized_expression" | "named_expression" if node.named_children:
            return _type(node.named_children[-1], file, depth + 1)
        case "conditional_expression" if len(node.named_children) == 3:
            first, _, last = node.named_children
            return _one_type({_type(first, file, depth + 1), _type(last, file, depth + 1)})
        case "boolean_operator":
            return _one_type({_type(child, file, depth + 1) for child in node.named_children})
    return None


def _one_type(types: set[str | None]) -> str | None:
    """The one known type; a None among them is an attribute's empty first value or an unknown, and says nothing."""
    known = types - {None}
    return known.pop() if len(known) == 1 else None


def _type_of_binding(binding: Binding, file: PythonFile, depth: int) -> str | None:
    # An annotation may use the very name that it belongs to, as in `br: br.Bridge`.
    if binding.annotation is not None:
        named = _annotated(binding.annotation, file, False, depth + 1)
        if named is not None:
            return named
    if binding.value is None or binding.path:
        return None
    match binding.kind:
        case Kind.ASSIGNMENT | Kind.CONTEXT:
            return _type(binding.value, file, depth)
        case Kind.PARAMETER:
            return _type_of_dependency(binding.value, file, depth)
    return None


def _type_of_dependency(default: Node, file: PythonFile, depth: int) -> str | None:
    """The type that `= Depends(provider)` injects, from the provider's return annotation in this module."""
    function = default.child_by_field_name("function") if default.type == "call" else None
    if function is None or not file.text(function).endswith("Depends"):
        return None
    given = arguments(default, file).positional
    return _returned_type(given[0], file, depth) if given else None


def _type_of_call(call: Node, file: PythonFile, depth: int) -> str | None:
    function = call.child_by_field_name("function")
    if function is None:
        return None
    name = _qualified(function, file, depth)
    if name is None:
        return None
    if name in RETURNS:
        return RETURNS[name]
    if name.startswith(HERE) and (returned := _returned_type(function, file, depth)) is not None:
        return returned
    *owner, last = name.split(".")
    if last[:1].isupper():
        return name
    if last.startswith("from_") and owner and owner[-1][:1].isupper():
        return ".".join(owner)
    return None


def _returned_type(function: Node, file: PythonFile, depth: int) -> str | None:
    """The annotated return type of a function of this module; for a generator what it yields."""
    if function.type != "identifier":
        return None
    definitions = [one.value for one in resolve(function, file) if one.kind is Kind.FUNCTION]
    if len(definitions) != 1 or definitions[0] is None:
        return None
    returned = definitions[0].child_by_field_name("return_type")
    if returned is None or not returned.named_children:
        return None
    annotation = returned.named_children[0]
    return annotated_type(annotation, file, generator=True)


def annotated_type(annotation: Node, file: PythonFile, *, generator: bool = False) -> str | None:
    """The class that an annotation names, through Optional, Annotated, `| None` and quotes; None for containers.

    With `generator`, `Iterator[X]`, `Generator[X, ...]` and their asynchronous kin name X.
    """
    return _annotated(annotation, file, generator, 0)


def _annotated(annotation: Node, file: PythonFile, generator: bool, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return None
    match annotation.type:
        case "identifier" if (aliased := _aliased_type(annotation, file)) is not None:
            return _annotated(aliased, file, generator, depth + 1)
        case "identifier" | "attribute":
            return _qualified(annotation, file, depth + 1)
        case "type" | "parenthesized_expression" if annotation.named_children:
            return _annotated(annotation.named_children[0], file, generator, depth + 1)
        case "string":
            return _quoted_type(annotation, file)
        case "binary_operator" | "union_type":
            parts = [child for child in annotation.named_children if file.text(child) != "None"]
            return _annotated(parts[0], file, generator, depth + 1) if len(parts) == 1 else None
        case "subscript" | "generic_type":
            return _type_argument(annotation, file, generator, depth)
    return None


def _aliased_type(name: Node, file: PythonFile) -> Node | None:
    """What `Alias = Annotated[X, ...]` or `type Alias = X` stands for."""
    found = resolve(name, file)
    value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT else None
    return value if value is not None and value.type in ("subscript", "type", "binary_operator") else None


def _type_argument(annotation: Node, file: PythonFile, generator: bool, depth: int) -> str | None:
    head, *rest = annotation.named_children
    outer = file.text(head).rsplit(".", 1)[-1]
    yields = generator and outer in ("Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "Iterable")
    if rest and rest[0].type == "type_parameter":
        rest = rest[0].named_children
    if rest and (outer in _WRAPPERS or yields):
        return _annotated(rest[0], file, False, depth + 1)
    return None if outer[:1].islower() or outer in ("Union", "Callable", "Literal") else qualified_name(head, file)


def _quoted_type(string: Node, file: PythonFile) -> str | None:
    """A forward reference: its first dotted part is looked up among the module's names."""
    dotted = file.text(string).strip("'\"").removesuffix("| None").strip()
    if not dotted.replace(".", "").replace("_", "").isalnum():
        return None
    head, _, rest = dotted.partition(".")
    for binding in _module_names(file).get(head, ()):
        base = _qualified_binding(binding, file, 1)
        return f"{base}.{rest}" if base and rest else base
    return None


def _module_names(file: PythonFile) -> Mapping[str, list[Binding]]:
    return bindings_in(file.root, file)


@record
class Arguments:
    """The arguments of a call. `splat` and `double_splat` hold the expressions behind `*` and `**`."""

    positional: tuple[Node, ...]
    keywords: Mapping[str, Node]
    splat: tuple[Node, ...]
    double_splat: tuple[Node, ...]

    def get(self, name: str, position: int | None = None) -> Node | None:
        """The argument given by keyword, or at a position when no `*` stands before it."""
        if name in self.keywords:
            return self.keywords[name]
        if position is None or position >= len(self.positional) or self.splat:
            return None
        return self.positional[position]


def is_imported(node: Node, file: PythonFile) -> bool:
    """Whether `a.b.c` starts with a name that the file imports, and not with an object that it makes."""
    while node.type == "attribute" and (owner := node.child_by_field_name("object")) is not None:
        node = owner
    found = reaching(node, file) if node.type == "identifier" else ()
    return bool(found) and all(one.kind is Kind.IMPORT for one in found)


def arguments(call: Node, file: PythonFile) -> Arguments:
    """The arguments of a call, sorted by how they are given."""
    listed = call.child_by_field_name("arguments")
    children = listed.named_children if listed is not None and listed.type == "argument_list" else []
    if listed is not None and listed.type == "generator_expression":
        children = [listed]
    positional: list[Node] = []
    keywords: dict[str, Node] = {}
    splat: list[Node] = []
    double: list[Node] = []
    for child in children:
        match child.type:
            case "keyword_argument":
                name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if name is not None and value is not None:
                    keywords[file.text(name)] = value
            case "list_splat" | "dictionary_splat" as kind:
                (splat if kind == "list_splat" else double).extend(child.named_children[:1])
            case "comment":
                pass
            case _:
                positional.append(child)
    return Arguments(tuple(positional), keywords, tuple(splat), tuple(double))


def local_function(function: Node, file: PythonFile) -> Node | None:
    """The definition of a function of this module that an expression names: a plain name or a method of `self`."""
    if function.type == "identifier":
        if file.text(function) not in function_names(file):
            return None
        found = {one.value for one in reaching(function, file) if one.kind is Kind.FUNCTION}
    else:
        found = {one.value for one in attributes_of_self(function, file) if one.kind is Kind.FUNCTION}
    return found.pop() if len(found) == 1 else None


def enclosing_function(node: Node) -> Node | None:
    """The innermost function definition or lambda around a node."""
    return next((around for around in ancestors(node) if around.type in FUNCTIONS), None)


def calls_of(function: Node, file: PythonFile) -> tuple[Node, ...]:
    """Every call in this module whose callee is the given function definition."""
    name = function.child_by_field_name("name")
    if name is None:
        return ()
    wanted = file.text(name)
    return tuple(call for call in _calls_by_name(file).get(wanted, ()) if _calls(call, function, file))


def _calls(call: Node, function: Node, file: PythonFile) -> bool:
    callee = call.child_by_field_name("function")
    return callee is not None and local_function(callee, file) == function


def _calls_by_name(file: PythonFile) -> Mapping[str, list[Node]]:
    def collect() -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for _, captures in PYTHON.matches(file, ("(call function: (_) @callee) @call",)):
            name = file.text(captures["callee"][0]).rsplit(".", 1)[-1]
            found.setdefault(name, []).append(captures["call"][0])
        return found

    return file.remember("calls by name", collect)
