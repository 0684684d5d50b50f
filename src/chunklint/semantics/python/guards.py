"""Conditions that are known to hold where a node stands, because control passed their check on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import local_function, qualified_name
from chunklint.semantics.python.parameters import passed
from chunklint.semantics.python.scopes import Kind, reaching, resolve

_LEAVING = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})
_EXITS = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit", "pytest.skip", "pytest.fail"})
_NAMES = ("identifier", "attribute", "subscript")
_MAX_DEPTH = 6
# Of more checks in one block than this, the first and the last are read: a guard stands at the top or close by.
_MAX_CHECKS = 20


@record
class Guard:
    """A condition without `and`, `or` and `not`, and whether it holds (or its opposite does) at the place asked about.

    `name` is how the condition calls the value asked about; it differs where a helper makes the check.
    A condition that is a call of its own statement (`validate(x)`) "holds" in that the call came back.
    """

    condition: Node
    holds: bool
    name: str


def guards_before(node: Node, name: str | None, file: PythonFile) -> tuple[Guard, ...]:
    """What was checked of a name on every path from the start of its function to a node, outermost check last.

    Counts: `if` statements around the node; earlier ones whose failing branch leaves the block (return, raise,
    continue, break, `sys.exit()`); `assert`; conditional expressions, `and`, `or` and the filters of comprehensions
    around it; helpers of this module that raise, called as a statement. `name` is an expression's source text
    (`self.table` will do); with None every condition is given, under the name "". A check of a name that is bound
    again between the check and the node does not count.
    """
    return tuple(_known_at(node, name, file))


def _known_at(node: Node, name: str | None, file: PythonFile) -> Iterator[Guard]:
    inner, valid_from = node, _last_binding(node, name, file)
    for around in ancestors(node):
        if around.type in ("block", "module"):
            for earlier in _before(inner, around, name, file):
                if earlier.end_byte > valid_from:
                    yield from _after(earlier, name, file, 0)
        else:
            for condition, holds in _around(inner, around, file):
                if condition.end_byte > valid_from:
                    yield from _about(condition, holds, name, file, 0)
        if around.type in ("function_definition", "class_definition"):
            return
        inner = around


def _before(statement: Node, block: Node, name: str | None, file: PythonFile) -> Iterator[Node]:
    """The statements of the block before one of them that may check the name, last first."""
    index = file.remember(("checks", block.id), partial(_checking_statements, block, file))
    speaking = {one.start_byte: one for word in {name, None} for one in index.get(word, ())}
    if name is None:
        speaking = {one.start_byte: one for found in index.values() for one in found}
    before = sorted((start for start in speaking if start < statement.start_byte), reverse=True)
    if len(before) > 2 * _MAX_CHECKS:
        before = [*before[:_MAX_CHECKS], *before[-_MAX_CHECKS:]]
    yield from (speaking[start] for start in before)


def _checking_statements(block: Node, file: PythonFile) -> dict[str | None, list[Node]]:
    """The statements of a block that may check something, by the names in their checks.

    Under None stand those whose condition is a bare name, which may hold the result of a check of another.
    The index keeps a block of thousands of statements from being read for each of its uses.
    """
    index: dict[str | None, list[Node]] = {}
    for statement in block.named_children:
        for part in _checking_parts(statement):
            whole = part.named_children[0] if part.type == "not_operator" and part.named_children else part
            names = {file.text(one) for one in (part, *descendants(part, *_NAMES)) if one.type in _NAMES}
            for word in (*names, *((None,) if whole.type == "identifier" else ())):
                index.setdefault(word, []).append(statement)
    return index


def _checking_parts(statement: Node) -> Iterator[Node]:
    match statement.type:
        case "if_statement":
            branches = (statement, *statement.children_by_field_name("alternative"))
            yield from (one for branch in branches if (one := branch.child_by_field_name("condition")) is not None)
        case "assert_statement" | "try_statement" | "with_statement":
            yield statement
        case "expression_statement" if statement.named_children:
            if statement.named_children[0].type in ("call", "await"):
                yield statement.named_children[0]


def _around(inner: Node, around: Node, file: PythonFile) -> Iterator[tuple[Node, bool]]:
    """The conditions that an expression or statement around a node puts on its part `inner`."""
    match around.type:
        case "if_statement":
            yield from _on_branch(inner, around)
        case "elif_clause" | "while_statement":
            condition = around.child_by_field_name("condition")
            body = around.child_by_field_name("consequence") or around.child_by_field_name("body")
            if condition is not None and inner == body:
                yield condition, True
        case "conditional_expression" if len(around.named_children) == 3:
            first, condition, last = around.named_children
            if inner in (first, last):
                yield condition, inner == first
        case "boolean_operator":
            left, right = around.child_by_field_name("left"), around.child_by_field_name("right")
            if left is not None and inner == right:
                yield left, any(child.type == "and" for child in around.children)
        case "list_comprehension" | "set_comprehension" | "dictionary_comprehension" | "generator_expression":
            for clause in around.named_children:
                if clause.type == "if_clause" and clause != inner and clause.named_children:
                    yield clause.named_children[0], True


def _on_branch(inner: Node, statement: Node) -> Iterator[tuple[Node, bool]]:
    """The conditions of an `if` on the way to one of its branches: those before fail, its own holds."""
    condition = statement.child_by_field_name("condition")
    if condition is None or inner == condition:
        return
    first = inner == statement.child_by_field_name("consequence")
    yield condition, first
    if first:
        return
    for branch in statement.children_by_field_name("alternative"):
        if branch == inner:
            return
        earlier = branch.child_by_field_name("condition")
        if earlier is not None:
            yield earlier, False


def _after(statement: Node, name: str | None, file: PythonFile, depth: int) -> Iterator[Guard]:
    """What is known after a statement has run."""
    match statement.type:
        case "if_statement":
            for condition, holds in _survived(statement, file):
                yield from _about(condition, holds, name, file, depth)
        case "assert_statement" if statement.named_children:
            yield from _about(statement.named_children[0], True, name, file, depth)
        case "try_statement" if _every_handler_leaves(statement, file):
            body = statement.child_by_field_name("body")
            for inner in body.named_children if body is not None and depth < _MAX_DEPTH else []:
                yield from _after(inner, name, file, depth + 1)
        case "with_statement":
            body = statement.child_by_field_name("body")
            for inner in body.named_children if body is not None and depth < _MAX_DEPTH else []:
                yield from _after(inner, name, file, depth + 1)
        case "expression_statement" if statement.named_children:
            call = statement.named_children[0]
            call = call.named_children[-1] if call.type == "await" else call
            if call.type == "call" and (name is None or _mentions(call, name, file)):
                yield Guard(call, True, name or "")
                yield from _checked_by_helper(call, name, file, depth)


def _survived(statement: Node, file: PythonFile) -> Iterator[tuple[Node, bool]]:
    """The conditions of an `if` that are settled after it, since the other branches leave."""
    condition, consequence = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
    alternatives = statement.children_by_field_name("alternative")
    if condition is None or consequence is None:
        return
    if not leaves(consequence, file):
        if len(alternatives) == 1 and alternatives[0].type == "else_clause" and leaves(alternatives[0], file):
            yield condition, True
        return
    yield condition, False
    for branch in alternatives:
        condition = branch.child_by_field_name("condition")
        if condition is None or not leaves(branch, file):
            return
        yield condition, False


def leaves(branch: Node, file: PythonFile) -> bool:
    """Whether control never goes on after a branch: its last statement returns, raises, continues, breaks or exits."""
    inner = branch.child_by_field_name("consequence") or branch.child_by_field_name("body")
    body = branch if branch.type == "block" else inner
    last = next((child for child in reversed(body.named_children) if child.type != "comment"), None) if body else None
    if last is None:
        return False
    if last.type == "expression_statement" and last.named_children and last.named_children[0].type == "call":
        function = last.named_children[0].child_by_field_name("function")
        return function is not None and qualified_name(function, file) in _EXITS
    return last.type in _LEAVING


def _every_handler_leaves(statement: Node, file: PythonFile) -> bool:
    handlers = [child for child in statement.named_children if child.type in ("except_clause", "except_group_clause")]
    blocks = [next((c for c in handler.named_children if c.type == "block"), None) for handler in handlers]
    return all(block is not None and leaves(block, file) for block in blocks)


def _about(condition: Node, holds: bool, name: str | None, file: PythonFile, depth: int) -> Iterator[Guard]:
    """The atoms of a condition that are settled and speak of the name."""
    pending = [(condition, holds)]
    while pending:
        current, truth = pending.pop()
        match current.type:
            case "parenthesized_expression" | "named_expression" if current.named_children:
                pending.append((current.named_children[-1], truth))
            case "not_operator" if current.named_children:
                pending.append((current.named_children[0], not truth))
            case "boolean_operator" if any(child.type == ("and" if truth else "or") for child in current.children):
                pending.extend((child, truth) for child in current.named_children)
            case _:
                meant = _meant(current, file)
                if meant is not None and depth < _MAX_DEPTH:
                    yield from _about(meant, truth, name, file, depth + 1)
                if name is None or _mentions(current, name, file):
                    yield Guard(current, truth, name or "")


def _meant(condition: Node, file: PythonFile) -> Node | None:
    """The test whose result a variable holds: `ok = x in NAMES` before `if not ok`."""
    if condition.type != "identifier":
        return None
    found = reaching(condition, file)
    if len(found) != 1 or found[0].kind is not Kind.ASSIGNMENT or found[0].path:
        return None
    value = found[0].value
    tests = ("comparison_operator", "call", "not_operator", "boolean_operator")
    return value if value is not None and value.type in tests else None


def _mentions(condition: Node, name: str, file: PythonFile) -> bool:
    if condition.type in _NAMES and file.text(condition) == name:
        return True
    return any(file.text(part) == name for part in descendants(condition, *_NAMES))


def _checked_by_helper(call: Node, name: str | None, file: PythonFile, depth: int) -> Iterator[Guard]:
    """What a helper of this module checks before it comes back: the guards at the end of its body."""
    function = call.child_by_field_name("function")
    definition = local_function(function, file) if function is not None else None
    body = definition.child_by_field_name("body") if definition is not None else None
    if name is None or definition is None or body is None or depth >= _MAX_DEPTH:
        return
    for parameter, argument in passed(call, definition, file):
        if file.text(argument) != name or _returns_early(body):
            continue
        inside = file.text(parameter)
        for statement in reversed(body.named_children):
            for guard in _after(statement, inside, file, depth + 1):
                if not _bound_after(guard.condition, parameter, file):
                    yield guard


def _returns_early(body: Node) -> bool:
    """Whether the helper may come back before its last statement; what it checks after that is then not certain."""
    stop = frozenset({"function_definition", "lambda"})
    last = body.named_children[-1] if body.named_children else None
    return any(found != last for found in descendants(body, "return_statement", stop=stop))


def _bound_after(condition: Node, parameter: Node, file: PythonFile) -> bool:
    return any(one.node.start_byte > condition.end_byte for one in resolve(parameter, file))


def _last_binding(node: Node, name: str | None, file: PythonFile) -> int:
    """Where the name got its last value before the node: a check that ended by then is one of another value."""
    use = next((part for part in (node, *descendants(node, "identifier")) if file.text(part) == name), None)
    if name is None or use is None or use.type != "identifier":
        return 0
    starts = (one.node.start_byte for one in resolve(use, file))
    return max((start for start in starts if start < node.start_byte), default=0)
