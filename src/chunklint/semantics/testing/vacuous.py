"""Checks in Python tests that cannot fail, or that never run: what a reader takes for a test and is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments
from chunklint.semantics.testing.evidence import called, helpers_check
from chunklint.semantics.testing.pytests import PythonTest, bases_of, holds_tests, is_test_module, statements, tests_of
from chunklint.semantics.testing.wording import comments_by_line, endures, owns_placeholder, remarks, remarks_in
from chunklint.semantics.wording import shortened

_FUNCTIONS = frozenset({"function_definition", "lambda", "class_definition"})
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "assertRaisesMessage"})
_BROAD = frozenset({"Exception", "BaseException", "AssertionError"})
_QUIET = re.compile(r"^(?:print|pprint|(?:self\.)?_?log(?:ger|ging)?\.\w+)$")
_CONSTANTS = frozenset({"integer", "float", "true", "concatenated_string", "lambda"})

# Attributes of a mock that look like its assertions; a mock answers any name with another mock, which is true.
_LOOK_ALIKES = frozenset(
    {"called_once_with", "called_once", "called_with", "not_called", "has_calls", "any_call", "awaited_once_with"}
    | {"awaited_once", "awaited_with", "not_awaited", "has_awaits", "any_await"}
)
_MOCK_ASSERTS = frozenset(
    {"assert_called", "assert_called_once", "assert_not_called", "assert_awaited", "assert_awaited_once"}
    | {"assert_not_awaited", "assert_called_with", "assert_called_once_with", "assert_any_call", "assert_has_calls"}
)


class Flaw(StrEnum):
    """Why a check checks nothing."""

    COMPARISON = "comparison"
    TUPLE = "tuple"
    LITERAL = "literal"
    PLACEHOLDER = "placeholder"
    AFTER_RAISE = "after the raising call"
    SWALLOWED = "swallowed"
    UNREACHABLE = "unreachable"
    NOT_AWAITED = "not awaited"
    NEVER_CALLED = "never called"
    LOOK_ALIKE = "look-alike"
    NOT_CALLED = "not called"
    TWO_ARGUMENTS = "two arguments"
    CONSTRUCTOR = "constructor"
    REDEFINED = "redefined"


@record
class Vacuous:
    """A check that checks nothing: where, why, in the user's words, and the place that explains it."""

    node: Node
    flaw: Flaw
    subject: str
    cause: Node | None = None


def vacuous_checks(file: PythonFile) -> Iterator[Vacuous]:
    """The checks in a file's tests that cannot fail or never run."""
    if not is_test_module(file.path):
        return
    yield from _never_collected(file)
    for test in tests_of(file):
        for find in _FINDERS:
            yield from find(test, file)


def _never_collected(file: PythonFile) -> Iterator[Vacuous]:
    blocks = [file.root]
    for node in file.root.named_children:
        inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        if inner is None or inner.type != "class_definition" or not holds_tests(inner, file):
            continue
        body = inner.child_by_field_name("body")
        if body is None:
            continue
        blocks.append(body)
        yield from _with_constructor(inner, body, file)
    for block in blocks:
        yield from _redefined(block, file)


def _with_constructor(owner: Node, body: Node, file: PythonFile) -> Iterator[Vacuous]:
    """pytest collects no class that has `__init__`; unittest's own classes it does not collect by that way."""
    if set(bases_of(owner, file)) - {"object"}:
        return
    named = [(_name(node, file), node) for node, _ in statements(body) if node.type == "function_definition"]
    switched_off = any(
        file.text(one).replace(" ", "").startswith("__test__=False") for one in descendants(body, "assignment")
    )
    constructor = next((node for name, node in named if name == "__init__"), None)
    if constructor is None or switched_off or not any(name.startswith("test") for name, _ in named):
        return
    head = constructor.child_by_field_name("name") or constructor
    yield Vacuous(head, Flaw.CONSTRUCTOR, _name(owner, file), owner.child_by_field_name("name"))


def _redefined(block: Node, file: PythonFile) -> Iterator[Vacuous]:
    """Tests whose name a later definition of the same block takes."""
    seen: dict[str, Node] = {}
    for node in block.named_children:
        decorated = node.type == "decorated_definition"
        inner = node.child_by_field_name("definition") if decorated else node
        if inner is None or inner.type not in ("function_definition", "class_definition"):
            continue
        name, head = _name(inner, file), inner.child_by_field_name("name")
        if head is None or not name.startswith(("test_", "Test")):
            continue
        # A decorator may register what it is given.
        if name in seen and not (decorated and "pytest" not in file.text(node).partition("def ")[0]):
            yield Vacuous(seen[name], Flaw.REDEFINED, name, head)
        seen[name] = head


def _name(definition: Node, file: PythonFile) -> str:
    name = definition.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def _comparisons(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    for statement in _own(test.body, "expression_statement"):
        value = statement.named_children[0] if len(statement.named_children) == 1 else None
        if value is None or value.type != "comparison_operator" or _may_raise_on_purpose(statement, file):
            continue
        yield Vacuous(statement, Flaw.COMPARISON, _short(value, file))


def _may_raise_on_purpose(statement: Node, file: PythonFile) -> bool:
    """Whether the statement is there to raise: under `pytest.raises`, `warns`, in a `try`, or by a remark."""
    for around in ancestors(statement):
        if around.type in ("with_statement", "try_statement"):
            head = file.text(around).partition(":\n")[0]
            if around.type == "try_statement" or "raises" in head.lower() or "warn" in head.lower():
                return True
        if around.type == "function_definition":
            break
    line = statement.start_point[0] + 1
    return endures(remarks(file, line - 1, line)) or "noqa" in comments_by_line(file).get(line, "")


def _constants(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    placeholders: list[Node] = []
    real = False
    for statement in descendants(test.body, "assert_statement", "raise_statement", "call", "with_item"):
        if statement.type == "call" and _holds_always(statement, file):
            placeholders.append(statement)
            continue
        if statement.type != "assert_statement":
            real = real or statement.type == "raise_statement" or _is_check(statement, file)
            continue
        condition = statement.named_children[0] if statement.named_children else None
        if condition is None:
            continue
        if condition.type == "tuple" and condition.named_children:
            yield Vacuous(statement, Flaw.TUPLE, _short(condition, file))
        elif _ends_in_true(condition):
            yield Vacuous(statement, Flaw.LITERAL, _short(condition, file))
        elif _is_true(condition, file):
            placeholders.append(statement)
        elif (
            (condition.type == "string" and len(file.text(condition).strip("rRbBfFuU\"'")) > 0)
            or (condition.type in ("list", "dictionary", "set") and condition.named_children)
            or condition.type == "lambda"
        ):
            yield Vacuous(statement, Flaw.LITERAL, _short(condition, file))
        else:
            real = True
    if real or not placeholders or helpers_check(test.body, file):
        return
    if _follows_an_act(placeholders[0], file) and not owns_placeholder(remarks_in(file, test.function)):
        return
    if not _shows_that_nothing_raises(test, file):
        yield Vacuous(placeholders[0], Flaw.PLACEHOLDER, test.name)


def _follows_an_act(placeholder: Node, file: PythonFile) -> bool:
    """Whether the statement before `assert True` calls something for what it does: the test is that it gets past it."""
    statement = placeholder if placeholder.type == "assert_statement" else placeholder.parent
    before = statement.prev_named_sibling if statement is not None else None
    act = before.named_children[0] if before is not None and before.type == "expression_statement" else None
    act = act.named_children[0] if act is not None and act.type == "await" and act.named_children else act
    function = act.child_by_field_name("function") if act is not None and act.type == "call" else None
    return function is not None and _QUIET.match(file.text(function)) is None


def _is_check(node: Node, file: PythonFile) -> bool:
    text = file.text(node)
    if node.type == "call":
        name = called(node, file)
        return name.startswith(("assert", "fail", "verify", "check", "expect", "skip", "xfail")) or name in _RAISES
    return "raises" in text or "assert" in text


def _holds_always(call: Node, file: PythonFile) -> bool:
    """Whether an assertion of unittest is made of literals that satisfy it: `self.assertTrue(True)`."""
    name, given = called(call, file), arguments(call, file).positional
    if name == "assertTrue":
        return bool(given) and _is_true(given[0], file)
    if name == "assertFalse":
        return bool(given) and file.text(given[0]) == "False"
    same = len(given) >= 2 and file.text(given[0]) == file.text(given[1])
    return name in ("assertEqual", "assertEquals", "assertIs") and same and given[0].type in _CONSTANTS | {"string"}


def _is_true(condition: Node, file: PythonFile) -> bool:
    text = re.sub(r"[\s()]", "", file.text(condition))
    return text in ("True", "1", "1==1", "TrueisTrue", "notFalse", "True==True")


def _ends_in_true(condition: Node) -> bool:
    """`found or True`, which somebody wrote to have the test pass."""
    if condition.type == "parenthesized_expression" and condition.named_children:
        return _ends_in_true(condition.named_children[-1])
    operator, right = condition.child_by_field_name("operator"), condition.child_by_field_name("right")
    return operator is not None and operator.type == "or" and right is not None and right.type == "true"


def _shows_that_nothing_raises(test: PythonTest, file: PythonFile) -> bool:
    """Whether the test runs something first and says that it is about nothing being raised, and no placeholder."""
    if next(descendants(test.body, "call"), None) is None or owns_placeholder(remarks_in(file, test.function)):
        return False
    messages = " ".join(file.text(one) for one in descendants(test.body, "assert_statement"))
    doc = file.text(test.body.named_children[0]) if test.body.named_children else ""
    return endures(f"{test.name} {messages} {doc} {remarks_in(file, test.function)}")


def _after_the_raise(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    for block in _own(test.body, "with_statement"):
        context = _raising_context(block, file)
        body = block.child_by_field_name("body")
        if context is None or body is None:
            continue
        statements_in = [one for one in body.named_children if one.type != "comment"]
        started = False
        for position, statement in enumerate(statements_in):
            if started and _is_assertion(statement, file) and not _calls_later(statements_in[position + 1 :], file):
                yield Vacuous(statement, Flaw.AFTER_RAISE, _short(context, file), context)
                break
            started = started or _calls_something(statement, file)


def _raising_context(block: Node, file: PythonFile) -> Node | None:
    """The call in a `with` that expects an exception other than AssertionError."""
    for item in descendants(block, "with_item", stop=frozenset({"block"})):
        call = next(descendants(item, "call"), None)
        if call is None or called(call, file) not in _RAISES:
            continue
        expected = arguments(call, file).positional
        if expected and not any(broad in file.text(expected[0]) for broad in ("AssertionError", "BaseException")):
            return call
    return None


def _is_assertion(statement: Node, file: PythonFile) -> bool:
    if statement.type == "assert_statement":
        return True
    value = statement.named_children[0] if statement.type == "expression_statement" and statement.children else None
    return value is not None and value.type == "call" and called(value, file).startswith("assert")


def _calls_something(statement: Node, file: PythonFile) -> bool:
    """Whether a statement may be the one that raises: it calls, and is neither a check nor the making of an object."""
    if statement.type not in ("expression_statement", "return_statement", "for_statement", "with_statement"):
        return False
    return next(descendants(statement, "call", "await", stop=_FUNCTIONS), None) is not None


def _calls_later(statements_in: list[Node], file: PythonFile) -> bool:
    return any(not _is_assertion(one, file) for one in statements_in)


def _swallowed(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    for statement in _own(test.body, "try_statement"):
        body = statement.child_by_field_name("body")
        handler = next((one for one in statement.named_children if _passes_everything(one, file)), None)
        if body is None or handler is None or _is_repeated(statement):
            continue
        # What comes before the last check may decide; afterwards a flag may be read.
        check = next((one for one in _own(body, "assert_statement")), None)
        if check is not None:
            yield Vacuous(check, Flaw.SWALLOWED, file.text(handler).splitlines()[0].rstrip(":"), handler)


def _passes_everything(clause: Node, file: PythonFile) -> bool:
    """Whether an except clause catches failed assertions and goes on as if nothing had been."""
    if clause.type != "except_clause":
        return False
    head = file.text(clause).partition(":")[0]
    caught = set(re.findall(r"\w+", head.partition(" as ")[0])) - {"except"}
    if caught and not caught & _BROAD:
        return False
    body = next((one for one in clause.named_children if one.type == "block"), None)
    return body is not None and all(_is_quiet(one, file) for one in body.named_children)


def _is_quiet(statement: Node, file: PythonFile) -> bool:
    if statement.type in ("pass_statement", "comment"):
        return True
    if statement.type == "assert_statement":
        return bool(statement.named_children) and _is_true(statement.named_children[0], file)
    if statement.type != "expression_statement" or not statement.named_children:
        return False
    value = statement.named_children[0]
    if value.type in ("ellipsis", "string"):
        return True
    function = value.child_by_field_name("function") if value.type == "call" else None
    return function is not None and _QUIET.match(file.text(function)) is not None


def _is_repeated(statement: Node) -> bool:
    """Whether a loop of the test holds it: a later turn may succeed."""
    for around in ancestors(statement):
        if around.type in ("for_statement", "while_statement"):
            return True
        if around.type == "function_definition":
            return False
    return False


def _unreachable(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    blocks = [test.body, *_own(test.body, "block")]
    for block in blocks:
        left: Node | None = None
        for statement in block.named_children:
            if left is not None and _holds_check(statement, file):
                yield Vacuous(statement, Flaw.UNREACHABLE, file.text(left).splitlines()[0], left)
                break
            if statement.type in ("return_statement", "raise_statement"):
                left = statement


def _holds_check(statement: Node, file: PythonFile) -> bool:
    return _is_assertion(statement, file) or next(descendants(statement, "assert_statement"), None) is not None


def _never_called(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    words: dict[str, int] = {}
    for one in descendants(test.function, "identifier"):
        words[file.text(one)] = words.get(file.text(one), 0) + 1
    for function in descendants(test.body, "function_definition"):
        if function.parent is not None and function.parent.type == "decorated_definition":
            continue
        name, body = function.child_by_field_name("name"), function.child_by_field_name("body")
        if name is None or body is None or words.get(file.text(name), 0) != 1:
            continue
        # A decorator around it, or a class, finds it by its name.
        around = ("class_definition", "decorated_definition")
        found_by_name = any(one.type in around for one in _until(function, test.function))
        if not found_by_name and next(descendants(body, "assert_statement"), None) is not None:
            yield Vacuous(name, Flaw.NEVER_CALLED, file.text(name))


def _until(node: Node, end: Node) -> Iterator[Node]:
    for around in ancestors(node):
        if around == end:
            return
        yield around


def _mock_look_alikes(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    for statement in descendants(test.body, "expression_statement", "assert_statement"):
        value = statement.named_children[0] if statement.named_children else None
        if value is None:
            continue
        function = value.child_by_field_name("function") if value.type == "call" else None
        if function is not None and function.type == "attribute" and called(value, file) in _LOOK_ALIKES:
            receiver = function.child_by_field_name("object")
            if receiver is not None and receiver.type in ("identifier", "attribute") and "ock" in file.content:
                yield Vacuous(statement, Flaw.LOOK_ALIKE, called(value, file), function)
        elif value.type == "attribute" and statement.type == "expression_statement":
            name = value.child_by_field_name("attribute")
            if name is not None and file.text(name) in _MOCK_ASSERTS:
                yield Vacuous(statement, Flaw.NOT_CALLED, file.text(value))


def _assert_true_of_two(test: PythonTest, file: PythonFile) -> Iterator[Vacuous]:
    for call in descendants(test.body, "call"):
        if called(call, file) not in ("assertTrue", "assertFalse"):
            continue
        given = arguments(call, file).positional
        if len(given) == 2 and given[1].type in ("integer", "float", "true", "false", "none", "list", "dictionary"):
            yield Vacuous(call, Flaw.TWO_ARGUMENTS, called(call, file), given[1])


def _own(body: Node, *types: str) -> list[Node]:
    return [one for one in descendants(body, *types, stop=_FUNCTIONS) if one.type not in _FUNCTIONS]


def _short(node: Node, file: PythonFile) -> str:
    return shortened(file.text(node), 60)


_FINDERS: tuple[Callable[[PythonTest, PythonFile], Iterator[Vacuous]], ...] = (
    _comparisons,
    _constants,
    _after_the_raise,
    _swallowed,
    _unreachable,
    _never_called,
    _mock_look_alikes,
    _assert_true_of_two,
)
