"""Numbers that somebody else chooses, and what keeps them within a range."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.guards import leaves
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import arguments, enclosing_function, type_of
from chunklint.semantics.python.origins import Origin, origin_of, origin_of_hole
from chunklint.semantics.python.scopes import Binding, Kind, attribute_bindings, bindings_in, reaching
from chunklint.semantics.python.strings import Hole

# `Query(ge=1, le=64)`, `Field(lt=100)`, `IntRange(1, 64)`, `IntRange(max=64)`, `conint(le=64)`, `choices=...`.
_DECLARED = re.compile(r"\b(?:le|lt|max|choices|multiple_of)\s*=|\bIntRange\s*\(\s*[\w.]+\s*,|\bLiteral\s*\[|\bEnum\b")
_CONVERTERS = frozenset({"int", "float"})
_ORDERS = frozenset({"<", "<=", ">", ">="})
_PARTS = ("object", "attribute")


def foreign_count(node: Node, file: PythonFile) -> Origin | None:
    """The origin of a number that somebody else chooses freely; None when it is ours, unknown, or has a bound."""
    found = origin_of(node, file)
    if found.kind <= Source.UNKNOWN:
        found = _setting(node, file) or found
    if found.kind <= Source.UNKNOWN or _is_limited(node, file) or _is_declared_limited(node, found, file):
        return None
    return found


def foreign_number(hole: Hole, file: PythonFile) -> Origin | None:
    """Like `foreign_count` for a hole of a text, which must be known to be a number."""
    found = origin_of_hole(hole, file)
    if found.kind <= Source.UNKNOWN:
        found = _setting(hole.node, file) or found
    if found.kind <= Source.UNKNOWN or not found.number:
        return None
    places = (hole.node, *hole.via)
    limited = any(_is_limited(one, file) or _is_declared_limited(one, found, file) for one in places)
    return None if limited else found


def is_left_in_time(loop: Node, file: PythonFile) -> bool:
    """Whether a `for` loop compares its index with something and leaves: it is bounded on the way."""
    index, body = loop.child_by_field_name("left"), loop.child_by_field_name("body")
    if index is None or body is None:
        return False
    return any(_stops_at(one, file.text(index), file) for one in descendants(body, "if_statement"))


def _stops_at(statement: Node, index: str, file: PythonFile) -> bool:
    condition, branch = (statement.child_by_field_name(part) for part in ("condition", "consequence"))
    if condition is None or branch is None or not leaves(branch, file):
        return False
    last = branch.named_children[-1].type
    return last != "continue_statement" and any(_compares(one, index, file) for one in _comparisons(condition))


def _is_limited(node: Node, file: PythonFile) -> bool:
    """Whether the expression limits the number itself (`n % 64`), or an `if` before sets it back to its bound."""
    if _wraps(node):
        return True
    names = [node] if node.type == "identifier" else list(descendants(node, "identifier"))
    return any(_is_set_back(one, file) or _is_wrapped(one, file) for one in names)


def _wraps(node: Node) -> bool:
    return node.type == "binary_operator" and any(child.type in ("%", "&") for child in node.children)


def _is_wrapped(name: Node, file: PythonFile) -> bool:
    found = reaching(name, file)
    return bool(found) and all(one.value is not None and _wraps(one.value) for one in found)


def _is_set_back(name: Node, file: PythonFile) -> bool:
    """Whether one of the name's bindings stands under a comparison of its size: `if n > MOST: n = MOST`."""
    found = reaching(name, file)
    return len(found) > 1 and any(_is_under_comparison(one.node, file.text(name), file) for one in found)


def _is_under_comparison(node: Node, name: str, file: PythonFile) -> bool:
    for around in ancestors(node):
        condition = around.child_by_field_name("condition") if around.type in ("if_statement", "elif_clause") else None
        if condition is not None and any(_compares(one, name, file) for one in _comparisons(condition)):
            return True
        if around.type == "function_definition":
            return False
    return False


def _comparisons(condition: Node) -> Iterator[Node]:
    if condition.type == "comparison_operator":
        yield condition
    yield from descendants(condition, "comparison_operator")


def _compares(comparison: Node, name: str, file: PythonFile) -> bool:
    ordered = any(child.type in _ORDERS for child in comparison.children)
    return ordered and any(file.text(child) == name for child in comparison.named_children)


def _is_declared_limited(node: Node, origin: Origin, file: PythonFile) -> bool:
    """Whether what declares the source says its range: a parameter's default or annotation, an option's type."""
    source = origin.steps[0][0] if origin.steps else None
    if source is not None and source.type == "identifier" and _is_parameter_limited(source, file):
        return True
    return origin.kind is Source.ARGV and _is_option_limited(node, file)


def _is_parameter_limited(parameter: Node, file: PythonFile) -> bool:
    around = parameter.parent
    if around is not None and around.type in ("typed_default_parameter", "typed_parameter", "default_parameter"):
        if _DECLARED.search(file.text(around)) is not None:
            return True
        annotation = around.child_by_field_name("type")
        named = annotation.named_children[0] if annotation is not None and annotation.named_children else None
        if named is not None and named.type == "identifier" and _is_alias_limited(named, file):
            return True
    return any(_DECLARED.search(option) is not None for option in _options_of(parameter, file))


def _options_of(parameter: Node, file: PythonFile) -> Iterator[str]:
    """The decorators of a command that speak of one of its parameters: `@option("--count", type=IntRange(1, 9))`."""
    function = enclosing_function(parameter)
    decorated = function.parent if function is not None else None
    if decorated is None or decorated.type != "decorated_definition":
        return
    spelled = re.compile(rf"[\"'](?:--)?{re.escape(file.text(parameter)).replace('_', '[-_]')}[\"']")
    options = (file.text(one) for one in decorated.children if one.type == "decorator")
    yield from (option for option in options if spelled.search(option) is not None)


def _is_alias_limited(name: Node, file: PythonFile) -> bool:
    """Whether an annotation's name stands for one with a range: `Count = Annotated[int, Field(le=64)]`."""
    values = [one.value for one in reaching(name, file) if one.value is not None]
    return any(one.type != "class_definition" and _DECLARED.search(file.text(one)) is not None for one in values)


def _is_option_limited(node: Node, file: PythonFile) -> bool:
    """Whether `add_argument` limits the option behind `args.name`: `choices`, or a `type` that is no plain number."""
    attribute = _attribute_behind(node, file)
    if attribute is None:
        return False
    spelled = re.compile(rf"[\"']-*{re.escape(attribute).replace('_', '[-_]')}[\"']")
    for call in descendants(file.root, "call"):
        function = call.child_by_field_name("function")
        if function is None or not file.text(function).endswith("add_argument"):
            continue
        given = arguments(call, file)
        if any(spelled.fullmatch(file.text(one)) for one in given.positional):
            kind = given.keywords.get("type")
            return "choices" in given.keywords or (kind is not None and file.text(kind) not in _CONVERTERS)
    return False


def _attribute_behind(node: Node, file: PythonFile) -> str | None:
    """The attribute that an expression reads, or that the variable in it was set to."""
    for one in (node, *descendants(node, "attribute", "identifier")):
        if one.type == "attribute" and (name := one.child_by_field_name("attribute")) is not None:
            return file.text(name)
        if one.type == "identifier":
            values = [found.value for found in reaching(one, file) if found.value is not None]
            for value in values:
                attribute = value if value.type == "attribute" else next(descendants(value, "attribute"), None)
                name = attribute.child_by_field_name("attribute") if attribute is not None else None
                if name is not None:
                    return file.text(name)
    return None


def _setting(node: Node, file: PythonFile) -> Origin | None:
    """The origin of a numeric field of a settings class of this module, when the class gives the field no range."""
    attribute = _settings_attribute(node, file)
    owner, name = (attribute.child_by_field_name(part) if attribute is not None else None for part in _PARTS)
    settings = _settings_class(owner, file) if owner is not None else None
    if name is None or settings is None:
        return None
    word = file.text(name)
    fields = [one for one in attribute_bindings(settings, word, file) if one.annotation is not None]
    if not fields or any(_is_field_limited(one, settings, file) for one in fields):
        return None
    step = (fields[0].node, f"`{word}` is a setting, so the environment chooses it")
    return Origin(Source.ENVIRONMENT, (step,), number=True, converted=True)


def _settings_class(owner: Node, file: PythonFile) -> Node | None:
    declared = type_of(owner, file)
    found = bindings_in(file.root, file).get(declared.rpartition(".")[2], ()) if declared is not None else ()
    for one in found:
        bases = one.value.child_by_field_name("superclasses") if one.value is not None else None
        if bases is not None and "Settings" in file.text(bases):
            return one.value
    return None


def _is_field_limited(field: Binding, settings: Node, file: PythonFile) -> bool:
    """Whether a field is no plain number, or its default or a validator of the class limits it."""
    if field.annotation is None or file.text(field.annotation) not in _CONVERTERS:
        return True
    if field.value is not None and _DECLARED.search(file.text(field.value)) is not None:
        return True
    decorators = [file.text(one) for one in descendants(settings, "decorator")]
    return any("validator" in one and re.search(rf"[\"']{re.escape(field.name)}[\"']", one) for one in decorators)


def _settings_attribute(node: Node, file: PythonFile) -> Node | None:
    """The attribute that an expression is, directly or through the one value of a variable."""
    if node.type == "attribute":
        return node
    found = reaching(node, file) if node.type == "identifier" else ()
    if len(found) != 1 or found[0].kind is not Kind.ASSIGNMENT or found[0].value is None:
        return None
    return found[0].value if found[0].value.type == "attribute" else None
