"""Names in TypeScript and JavaScript: scopes, bindings, and the imports behind them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.records import record

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_declaration",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
CONSTANTS = frozenset({"true", "false", "null", "undefined", "string", "number"})
"""The node types of values that are written out where they are used."""

_SCOPES = FUNCTIONS | {"program", "statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_case"}
_NAMED = frozenset(
    {"function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration"}
)
_WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "await_expression",
        "type_assertion",
    }
)

_ALIASES = 3


@record
class Binding:
    """What introduces a name.

    Attributes:
        kind: "import", "parameter", "variable", "function", "class", "loop" or "catch".
        node: The identifier that introduces the name.
        scope: The node that the name is visible in.
        value: The initialiser, or the declaration of a function or class; None for the other kinds.
        keys: The way from the value (or the parameter) to the name through its pattern: `{a: [b]}` binds `b` by
            ("a", "0"). "..." stands for a rest element.
        module: The specifier of an import, otherwise "".
        imported: The imported name: "default", "*" for the whole module, or the exported name.
    """

    name: str
    kind: str
    node: Node
    scope: Node
    value: Node | None = None
    keys: tuple[str, ...] = ()
    module: str = ""
    imported: str = ""


def unwrap(node: Node) -> Node:
    """The expression inside parentheses, `await`, `as`, `satisfies` and `!`."""
    while node.type in _WRAPPERS:
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            return node
        node = inner
    return node


def wrapped(node: Node) -> Node:
    """The expression with all that `unwrap` would take off around it."""
    while node.parent is not None and unwrap(node.parent) != node.parent:
        node = node.parent
    return node


def resolve(file: SourceFile, identifier: Node) -> Binding | None:
    """The binding that an identifier refers to; None for a global or undeclared name."""
    name = file.text(identifier)
    known: dict[tuple[int, str], Binding | None] = file.remember("resolved", dict)
    passed: list[tuple[int, str]] = []
    found = None
    for scope in scopes_around(file, identifier):
        key = (scope.id, name)
        found = known[key] if key in known else bindings(file, scope).get(name)
        passed.append(key)
        if found is not None or key in known:
            break
    known.update((key, found) for key in passed)
    return found


def scopes_around(file: SourceFile, node: Node) -> Iterator[Node]:
    """The scopes around a node, innermost first; a function is a scope, and so is its body.

    A search by position: climbing from parent to parent costs the square of the depth, and files nest 2,000 deep.
    """
    scopes, starts, outer = file.remember("scopes of ecmascript", lambda: _scopes(file))
    at = bisect_right(starts, node.start_byte) - 1
    while at >= 0:
        scope = scopes[at]
        if scope.end_byte >= node.end_byte and scope != node:
            yield scope
        at = outer[at]


def _scopes(file: SourceFile) -> tuple[list[Node], list[int], list[int]]:
    """All scopes in source order, their first bytes, and the index of the scope around each (-1 for the outermost)."""
    query = f"[{' '.join(f'({kind})' for kind in sorted(_SCOPES))}] @scope"
    found = [captures["scope"][0] for _, captures in ECMASCRIPT.matches(file, (query,))]
    found.sort(key=lambda node: (node.start_byte, -node.end_byte))
    outer: list[int] = []
    open_scopes: list[int] = []
    for index, node in enumerate(found):
        while open_scopes and found[open_scopes[-1]].end_byte <= node.start_byte:
            open_scopes.pop()
        outer.append(open_scopes[-1] if open_scopes else -1)
        open_scopes.append(index)
    return found, [node.start_byte for node in found], outer


def bindings(file: SourceFile, scope: Node) -> dict[str, Binding]:
    """The names that a scope itself introduces."""
    return file.remember(("bindings", scope.id), lambda: {found.name: found for found in _introduced(file, scope)})


def qualified(file: SourceFile, node: Node) -> tuple[str, str] | None:
    """The module and the exported name that an expression stands for, through aliases, namespaces and `require`.

    `fx` of `import {useEffect as fx} from "react"` and `React.useEffect` are both ("react", "useEffect").
    """
    node = unwrap(node)
    match node.type:
        case "identifier":
            return _qualified_binding(file, resolve(file, node))
        case "member_expression":
            owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
            if owner is None or name is None or unwrap(owner).type != "identifier":
                return None
            origin = _qualified_binding(file, resolve(file, unwrap(owner)))
            if origin is not None and origin[1] in ("*", "default"):
                return origin[0], file.text(name)
    return None


def _qualified_binding(file: SourceFile, found: Binding | None) -> tuple[str, str] | None:
    if found is None:
        return None
    if found.kind == "import":
        return found.module, found.imported
    required = required_module(file, found.value) if found.kind == "variable" and found.value else ""
    if required and len(found.keys) <= 1:
        return required, (found.keys or ("*",))[0]
    return None


def required_module(file: SourceFile, value: Node) -> str:
    """The module that a value loads, `require("./App")`; "" for any other."""
    function, arguments = value.child_by_field_name("function"), value.child_by_field_name("arguments")
    if function is None or arguments is None or file.text(function) != "require" or not arguments.named_children:
        return ""
    return string_value(file, arguments.named_children[0]) or ""


def string_value(file: SourceFile, node: Node) -> str | None:
    """The text of a string literal or of a template without holes; None for anything else."""
    holed = any(child.type == "template_substitution" for child in node.named_children)
    if node.type == "string" or (node.type == "template_string" and not holed):
        return file.text(node)[1:-1]
    return None


def dotted(file: SourceFile, node: Node) -> tuple[str, ...]:
    """The names of a chain such as `ref.current!.socket?.on`; () when it holds anything but names."""
    names: list[str] = []
    node = unwrap(node)
    while node.type == "member_expression":
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is None or name is None:
            return ()
        names.append(file.text(name))
        node = unwrap(owner)
    if node.type not in ("identifier", "this"):
        return ()
    return (file.text(node), *reversed(names))


def written_out(file: SourceFile, node: Node) -> tuple[str, ...]:
    """A chain with what its first name stands for: `ref.current.timer` for `box.timer` of `const box = ref.current`."""
    chain = dotted(file, node)
    for _ in range(_ALIASES):
        root = root_of(node)
        found = resolve(file, root) if root.type == "identifier" else None
        value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value else None
        meant = dotted(file, value) if value is not None and value.type == "member_expression" else ()
        if found is None or value is None or not meant:
            break
        chain, node = (*meant, *found.keys, *chain[1:]), value
    return chain


def root_of(node: Node) -> Node:
    """The innermost object of a chain of members, subscripts and calls."""
    while True:
        node = unwrap(node)
        owner = node.child_by_field_name("object") or node.child_by_field_name("function")
        if owner is None or node.type not in ("member_expression", "subscript_expression", "call_expression"):
            return node
        node = owner


def uses_of(file: SourceFile, name: Node) -> Iterator[Node]:
    """The other places where a local name stands as an expression; a shadow of the name counts, too."""
    if name.type != "identifier":
        return
    found = resolve(file, name)
    if found is None or found.scope.type == "program":
        return
    for use in _identifiers(file).get(file.text(name), ()):
        inside = begins_within(use, found.scope)
        if inside and use not in (name, found.node):
            yield use


def uses_bound(file: SourceFile, found: Binding) -> Iterator[Node]:
    """The places where a binding is used, also one of a pattern (`{ shelf }`); shadows of the name do not count."""
    for use in _identifiers(file).get(found.name, ()):
        if use != found.node and begins_within(use, found.scope) and resolve(file, use) == found:
            yield use


def _identifiers(file: SourceFile) -> dict[str, list[Node]]:
    """Every place where a name stands as an expression, by the name."""

    def collect() -> dict[str, list[Node]]:
        places: dict[str, list[Node]] = {}
        for node in descendants(file.root, "identifier", "shorthand_property_identifier"):
            places.setdefault(file.text(node), []).append(node)
        return places

    return file.remember("identifiers", collect)


def _introduced(file: SourceFile, scope: Node) -> Iterator[Binding]:
    match scope.type:
        case "program" | "statement_block" | "switch_case":
            yield from _hoisted(file, scope)
            for statement in scope.named_children:
                yield from declared(file, scope, statement)
        case "for_statement":
            initialiser = scope.child_by_field_name("initializer")
            if initialiser is not None:
                yield from declared(file, scope, initialiser)
        case "for_in_statement":
            yield from _pattern(file, scope, "loop", scope.child_by_field_name("left"), None)
        case "catch_clause":
            yield from _pattern(file, scope, "catch", scope.child_by_field_name("parameter"), None)
        case _:
            yield from _parameters(file, scope)


def _hoisted(file: SourceFile, scope: Node) -> Iterator[Binding]:
    """`var` declarations below a function body or module, which belong to all of it."""
    if b"var " not in file.source or (scope.parent is not None and scope.parent.type not in FUNCTIONS):
        return
    for declaration in descendants(scope, "variable_declaration", stop=FUNCTIONS):
        yield from _variables(file, scope, declaration)


def declared(file: SourceFile, scope: Node, statement: Node) -> Iterator[Binding]:
    """The names that one statement introduces into its scope."""
    if statement.type == "export_statement":
        inner = statement.child_by_field_name("declaration")
        if inner is None:
            return
        statement = inner
    match statement.type:
        case "lexical_declaration" | "variable_declaration":
            yield from _variables(file, scope, statement)
        case "import_statement":
            yield from _imports(file, scope, statement)
        case kind if kind in _NAMED:
            name = statement.child_by_field_name("name")
            if name is not None:
                sort = "class" if "class" in kind else "function"
                yield Binding(file.text(name), sort, name, scope, statement)


def _variables(file: SourceFile, scope: Node, declaration: Node) -> Iterator[Binding]:
    for declarator in declaration.named_children:
        if declarator.type == "variable_declarator":
            pattern, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            yield from _pattern(file, scope, "variable", pattern, value)


def _parameters(file: SourceFile, function: Node) -> Iterator[Binding]:
    single = function.child_by_field_name("parameter")
    yield from _pattern(file, function, "parameter", single, None)
    parameters = function.child_by_field_name("parameters")
    for position, parameter in enumerate(parameters.named_children if parameters is not None else ()):
        pattern = parameter.child_by_field_name("pattern") or parameter
        yield from _pattern(file, function, "parameter", pattern, None, (str(position),))
    name = function.child_by_field_name("name")
    if function.type == "function_expression" and name is not None:
        yield Binding(file.text(name), "function", name, function, function)


def _pattern(
    file: SourceFile, scope: Node, kind: str, pattern: Node | None, value: Node | None, keys: tuple[str, ...] = ()
) -> Iterator[Binding]:
    """The names of a destructuring pattern with their keys; explicit stack, since patterns may nest for ever."""
    pending = [(pattern, keys)]
    while pending:
        node, way = pending.pop()
        match node.type if node is not None else "":
            case "identifier" | "shorthand_property_identifier_pattern" if node is not None:
                own = (*way, file.text(node)) if node.type.startswith("shorthand") else way
                yield Binding(file.text(node), kind, node, scope, value, own)
            case "object_pattern" if node is not None:
                pending.extend((child, way) for child in node.named_children)
            case "array_pattern" if node is not None:
                pending.extend((child, (*way, str(at))) for at, child in _elements(node))
            case "pair_pattern" if node is not None:
                key = node.child_by_field_name("key")
                name = file.text(key).strip("'\"") if key is not None else ""
                pending.append((node.child_by_field_name("value"), (*way, name)))
            case "assignment_pattern" | "object_assignment_pattern" if node is not None:
                pending.append((node.child_by_field_name("left"), way))
            case "rest_pattern" if node is not None and node.named_children:
                pending.append((node.named_children[0], (*way, "...")))


def _elements(array: Node) -> Iterator[tuple[int, Node]]:
    """The elements of an array pattern with their positions; holes count."""
    position = 0
    for child in array.children:
        if child.type == ",":
            position += 1
        elif child.is_named:
            yield position, child


def _imports(file: SourceFile, scope: Node, statement: Node) -> Iterator[Binding]:
    source = statement.child_by_field_name("source")
    clause = next((child for child in statement.named_children if child.type == "import_clause"), None)
    if source is None or clause is None:
        return
    module = file.text(source)[1:-1]
    for part in clause.named_children:
        match part.type:
            case "identifier":
                yield Binding(file.text(part), "import", part, scope, None, (), module, "default")
            case "namespace_import":
                name = part.named_children[0]
                yield Binding(file.text(name), "import", name, scope, None, (), module, "*")
            case "named_imports":
                for specifier in part.named_children:
                    exported, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
                    if exported is not None:
                        name = alias or exported
                        yield Binding(file.text(name), "import", name, scope, None, (), module, file.text(exported))
