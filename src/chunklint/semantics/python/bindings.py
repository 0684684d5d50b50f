"""What binds a name in Python: every statement, clause and pattern that gives one a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.records import record

# Their captures are what `bindings_of` reads; `global` and `nonlocal` bind nothing themselves.
BINDERS = (
    "(import_statement) @import",
    "(import_from_statement) @import",
    "(assignment left: (_) @target) @assignment",
    "(augmented_assignment left: (_) @target) @augmented",
    "(named_expression name: (_) @target) @assignment",
    "(for_statement left: (_) @target) @loop",
    "(for_in_clause left: (_) @target) @loop",
    "(as_pattern alias: (as_pattern_target (_) @target)) @context",
    "(function_definition) @function",
    "(class_definition) @class",
    "(parameters (_) @parameter)",
    "(lambda_parameters (_) @parameter)",
    "(type_alias_statement left: (type (identifier) @target) right: (_) @alias)",
    "(case_pattern (dotted_name . (identifier) @pattern .))",
    "(keyword_pattern (identifier) (dotted_name . (identifier) @pattern .))",
    "(splat_pattern (identifier) @pattern)",
    "(as_pattern (case_pattern) (identifier) @pattern)",
    "(global_statement (identifier) @global)",
    "(nonlocal_statement (identifier) @nonlocal)",
)


class Kind(StrEnum):
    """How a name comes to its value."""

    IMPORT = "import"
    ASSIGNMENT = "assignment"
    AUGMENTED = "augmented assignment"
    PARAMETER = "parameter"
    LOOP = "loop variable"
    CONTEXT = "context manager"
    EXCEPTION = "exception"
    PATTERN = "match pattern"
    FUNCTION = "function"
    CLASS = "class"


@record
class Binding:
    """One place that gives a name a value.

    Attributes:
        node: The identifier that is bound (the import clause for an import).
        value: The assigned expression; the iterable of a loop; the context expression of a `with`; the default of
            a parameter; the definition of a function or class; None where there is none.
        path: For an unpacked target the position in the value, outermost first: `a, (b, c) = v` binds c at (1, 1).
        annotation: The annotation's expression, if any.
        qualified: For an import what it imports, dotted.
    """

    name: str
    kind: Kind
    node: Node
    value: Node | None = None
    path: tuple[int, ...] = ()
    annotation: Node | None = None
    qualified: str = ""


def bindings_of(found: Mapping[str, Node], file: PythonFile) -> Iterator[Binding]:
    """The bindings that one match of the binders makes."""
    match found:
        case {"import": node}:
            yield from _imports(node, file)
        case {"assignment": node, "target": target}:
            value, annotation = node.child_by_field_name("right"), node.child_by_field_name("type")
            value = value or node.child_by_field_name("value")
            annotation = annotation.named_children[0] if annotation is not None and annotation.named_children else None
            yield from _targets(target, Kind.ASSIGNMENT, value, file, annotation=annotation)
        case {"augmented": node, "target": target}:
            yield from _targets(target, Kind.AUGMENTED, node.child_by_field_name("right"), file)
        case {"loop": node, "target": target}:
            yield from _targets(target, Kind.LOOP, node.child_by_field_name("right"), file)
        case {"context": node, "target": target}:
            in_except = node.parent is not None and node.parent.type == "except_clause"
            kind = Kind.EXCEPTION if in_except else Kind.CONTEXT
            yield from _targets(target, kind, node.named_children[0], file)
        case {"function": node} | {"class": node}:
            name = node.child_by_field_name("name")
            if name is not None:
                yield Binding(file.text(name), Kind.FUNCTION if "function" in found else Kind.CLASS, name, node)
        case {"parameter": node}:
            yield from _parameter(node, file)
        case {"alias": value, "target": target}:
            yield Binding(file.text(target), Kind.ASSIGNMENT, target, value)
        case {"pattern": node}:
            yield Binding(file.text(node), Kind.PATTERN, node)


def _targets(
    target: Node,
    kind: Kind,
    value: Node | None,
    file: PythonFile,
    path: tuple[int, ...] = (),
    annotation: Node | None = None,
) -> Iterator[Binding]:
    match target.type:
        case "identifier":
            yield Binding(file.text(target), kind, target, value, path, annotation)
        case "attribute":
            name = target.child_by_field_name("attribute")
            if name is not None:
                yield Binding(file.text(name), kind, target, value, path, annotation)
        case "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" if len(path) < 8:
            for position, child in enumerate(target.named_children):
                yield from _targets(child, kind, value, file, (*path, position))
        case "list_splat_pattern" if target.named_children:
            yield from _targets(target.named_children[0], kind, value, file, path)


def _parameter(node: Node, file: PythonFile) -> Iterator[Binding]:
    name: Node | None = node
    if node.type in ("default_parameter", "typed_default_parameter"):
        name = node.child_by_field_name("name")
    elif node.type in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
        name = node.named_children[0] if node.named_children else None
        if name is not None and name.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            name = name.named_children[0] if name.named_children else None
    if name is None or name.type != "identifier":
        return
    kind = node.child_by_field_name("type")
    # The annotation of `*args` and `**kwargs` is that of each item.
    packed = name.parent is not None and name.parent.type in ("list_splat_pattern", "dictionary_splat_pattern")
    annotation = kind.named_children[0] if kind is not None and kind.named_children and not packed else None
    yield Binding(file.text(name), Kind.PARAMETER, name, node.child_by_field_name("value"), annotation=annotation)


def _imports(statement: Node, file: PythonFile) -> Iterator[Binding]:
    origin = statement.child_by_field_name("module_name")
    prefix = file.text(origin) if origin is not None else ""
    for clause in statement.children_by_field_name("name"):
        imported, alias = clause, None
        if clause.type == "aliased_import":
            named, alias = clause.child_by_field_name("name"), clause.child_by_field_name("alias")
            if named is None:
                continue
            imported = named
        dotted = file.text(imported)
        if origin is not None:
            name = file.text(alias) if alias is not None else dotted
            joint = "" if prefix.endswith(".") else "."
            yield Binding(name, Kind.IMPORT, clause, qualified=f"{prefix}{joint}{dotted}")
        elif alias is not None:
            yield Binding(file.text(alias), Kind.IMPORT, clause, qualified=dotted)
        else:
            top = dotted.split(".")[0]
            yield Binding(top, Kind.IMPORT, clause, qualified=top)
