"""Whether a check confines a value to what the author wrote down: a list, a pattern, a kind of characters, bounds."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.semantics.python.guards import Guard, guards_before
from chunklint.semantics.python.helpers import returned_values
from chunklint.semantics.python.names import arguments, local_function, qualified_name
from chunklint.semantics.python.parameters import passed
from chunklint.semantics.python.scopes import Kind, resolve

_CHARACTER_TESTS = frozenset({"isidentifier", "isalnum", "isalpha", "isdigit", "isdecimal", "isnumeric"})
_FULL_MATCHES = frozenset({"re.fullmatch", "regex.fullmatch"})
_MATCHES = frozenset({"re.match", "regex.match"})
_RAISING_WORDS = ("validate", "check", "ensure", "assert", "require", "verify", "guard", "sanitize")
_CONVERSIONS = frozenset({"builtins.int", "builtins.float", "uuid.UUID", "decimal.Decimal", "ipaddress.ip_address"})
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MAX_DEPTH = 3


def is_confined(use: Node, name: str, file: PythonFile) -> bool:
    """Whether every path to the use passed a check that leaves no free choice of the named value.

    That is membership in a list of the program's, equality with a literal, a match of a whole regular expression, a
    test of its characters, an upper bound, a helper of this module that makes one of these, or an imported one that
    by its name raises.
    """
    return any(confines(guard, file) for guard in guards_before(use, name, file))


def confines(guard: Guard, file: PythonFile, depth: int = 0) -> bool:
    """Whether one guard confines the value it names."""
    match guard.condition.type:
        case "comparison_operator":
            return _comparison_confines(guard, file)
        case "call":
            return _call_confines(guard, file, depth)
    return False


def _comparison_confines(guard: Guard, file: PythonFile) -> bool:
    operands = guard.condition.named_children
    operators = [file.text(child) for child in guard.condition.children_by_field_name("operators")]
    for left, operator, right in zip(operands, operators, operands[1:], strict=False):
        about_left, about_right = (_is_value(side, guard.name, file) for side in (left, right))
        match operator:
            case "in" | "not in" if about_left:
                if guard.holds == (operator == "in") and _is_list_of_ours(right, file):
                    return True
            case "==" | "!=" if about_left or about_right:
                other = right if about_left else left
                if guard.holds == (operator == "==") and _is_fixed(other, file):
                    return True
            case "is" | "is not" if file.text(right) == "None" and left.type in ("call", "identifier"):
                if left.type == "call" and guard.holds == (operator == "is not"):
                    return _call_confines(Guard(left, True, guard.name), file, 0)
            case "<" | "<=" | ">" | ">=" if about_left or about_right:
                bound = operator if about_left else _MIRRORED[operator]
                bound = bound if guard.holds else _OPPOSITE[bound]
                # A chain that fails (`not 1 <= n <= 9`) says nothing of either side alone.
                if bound in ("<", "<=") and (guard.holds or len(operators) == 1):
                    return _is_fixed(right if about_left else left, file)
    return False


def _is_value(node: Node, name: str, file: PythonFile) -> bool:
    """Whether an operand is the value itself, perhaps with its case folded or its ends stripped."""
    if file.text(node) == name:
        return True
    function = node.child_by_field_name("function") if node.type == "call" else None
    receiver = function.child_by_field_name("object") if function is not None else None
    return receiver is not None and file.text(receiver) == name


def _is_fixed(node: Node, file: PythonFile) -> bool:
    if node.type in ("string", "integer", "float", "none", "true", "false", "unary_operator", "concatenated_string"):
        return True
    return file.text(node).rsplit(".", 1)[-1].isupper() or _is_value_of_constant(node, file)


def _is_value_of_constant(node: Node, file: PythonFile) -> bool:
    owner = node.child_by_field_name("object") if node.type == "attribute" else None
    return owner is not None and file.text(owner).rsplit(".", 1)[-1].isupper()


def _is_list_of_ours(container: Node, file: PythonFile) -> bool:
    """Whether a container can be a list of the program's: not a text (a search for a part), not what a caller gave."""
    if container.type in ("string", "concatenated_string"):
        return False
    if container.type != "identifier":
        return True
    return not any(one.kind is Kind.PARAMETER for one in resolve(container, file))


def _call_confines(guard: Guard, file: PythonFile, depth: int) -> bool:
    call = guard.condition
    function = call.child_by_field_name("function")
    if function is None or not guard.holds:
        return False
    given = arguments(call, file)
    qualified = qualified_name(function, file) or ""
    *_, method = file.text(function).rsplit(".", 1)
    receiver = function.child_by_field_name("object") if function.type == "attribute" else None
    definition = local_function(function, file)
    if call.parent is not None and call.parent.type == "expression_statement":
        # Nobody reads the answer, so the call must raise. What a helper of this module checks are guards of their own.
        named_so = any(word in method.lower() for word in _RAISING_WORDS)
        return definition is None and (qualified in _CONVERSIONS or named_so)
    if receiver is not None and file.text(receiver) == guard.name:
        return method in _CHARACTER_TESTS
    if not any(_is_value(one, guard.name, file) for one in (*given.positional, *given.keywords.values())):
        return False
    if qualified in _FULL_MATCHES or (method == "fullmatch" and receiver is not None) or qualified in _CONVERSIONS:
        return True
    if qualified in _MATCHES or (method == "match" and receiver is not None):
        return _is_anchored(given.positional[0] if qualified in _MATCHES else receiver, file)
    if qualified == "builtins.isinstance":
        return any(file.text(one) in ("int", "float", "bool", "Enum", "UUID") for one in given.positional[1:])
    if definition is not None:
        return depth < _MAX_DEPTH and _helper_confines(call, definition, guard, file, depth)
    # An imported check cannot be looked into; where its name says that it is one, it gets the benefit of the doubt.
    return any(word in method.lower() for word in (*_RAISING_WORDS, "is_valid", "allowed"))


def _is_anchored(pattern: Node | None, file: PythonFile) -> bool:
    """Whether a pattern given to `match` also ends where the text ends; one that is not spelled out may."""
    if pattern is None:
        return False
    if pattern.type == "identifier":
        values = [one.value for one in resolve(pattern, file) if one.value is not None]
        pattern = values[0] if len(values) == 1 else pattern
    if pattern.type == "call" and (given := arguments(pattern, file).positional):
        pattern = given[0]
    return pattern.type != "string" or file.text(pattern).rstrip("'\"").endswith(("$", "\\Z"))


def _helper_confines(call: Node, definition: Node, guard: Guard, file: PythonFile, depth: int) -> bool:
    """Whether a predicate of this module says yes only to values that it has confined."""
    names = [file.text(p) for p, given in passed(call, definition, file) if file.text(given) == guard.name]
    if not names:
        return False
    returned = returned_values(definition)
    return bool(returned) and all(_yes_confines(value, names[0], file, depth) for value in returned)


def _yes_confines(value: Node, name: str, file: PythonFile, depth: int) -> bool:
    """Whether this returned value is false, or its truth confines the named value."""
    match value.type:
        case "false" | "none":
            return True
        case "boolean_operator" if any(child.type == "and" for child in value.children) and depth < _MAX_DEPTH:
            return any(_yes_confines(child, name, file, depth + 1) for child in value.named_children)
        case "parenthesized_expression" if value.named_children and depth < _MAX_DEPTH:
            return _yes_confines(value.named_children[0], name, file, depth + 1)
        case "call":
            function = value.child_by_field_name("function")
            given = arguments(value, file).positional
            if function is not None and file.text(function) == "bool" and given and depth < _MAX_DEPTH:
                return _yes_confines(given[0], name, file, depth + 1)
    if confines(Guard(value, True, name), file, depth + 1):
        return True
    return any(confines(guard, file, depth + 1) for guard in guards_before(value, name, file))
