"""Python tests in which no check is found, and what they do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.python.names import arguments, calls_of, local_function
from chunklint.semantics.python.scopes import Binding, reaching
from chunklint.semantics.python.scopes import Kind as BindingKind
from chunklint.semantics.testing.evidence import FUNCTIONS, Checker, called, checks
from chunklint.semantics.testing.pytests import PLAIN_BASES, PythonTest, bases_of, is_test_module, tests_of
from chunklint.semantics.testing.wording import accepts, admits, endures, remarks, remarks_in

_DEFINED = FUNCTIONS | {"decorator"}

# Decorators, fixtures and parameters that check something on their own, or make "it ran" the point.
_CHECKING_DECORATOR = re.compile(
    r"skip|xfail|given|benchmark|responses|respx|httpretty|vcr|raises|expected_?failure|abstractmethod|rule\b|timeout|"
    r"freeze_schema|image_comparison|assert|check|schema\.|perf|stress|override"
)
_CHECKING_PARAMETER = re.compile(
    r"snapshot|regression|golden|benchmark|verif|check|assert|expect|approv|httpx_?mock|respx|aioresponses|recwarn|"
    r"testdir|pytester|subtests|validat"
)
# What a name that is handed on as a value stands in.
_HOLDERS = frozenset({"argument_list", "list", "tuple", "pair"})
_MOCKS = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "PropertyMock", "SimpleNamespace", "patch", "object", "dict"}
    | {"sentinel", "seal", "create_autospec", "mock_open", "setattr", "setenv", "delenv", "Path", "str", "list", "set"}
    | {
        "int",
        "len",
        "range",
        "uuid4",
        "UUID",
        "now",
        "utcnow",
        "datetime",
        "timedelta",
        "tuple",
        "float",
        "bool",
        "type",
    }
    | {"bytes", "enumerate", "zip", "sorted", "id", "repr", "format", "join", "partial"}
)
_PRINTS = re.compile(
    r"^(?:print|pprint|(?:self\.)?_?log(?:ger|ging)?\.(?:debug|info|warning|error|exception|critical))$"
)
# Modules that serve tests, by a word of their name; relative imports of a test mostly lead to one.
_SUPPORT = re.compile(
    r"^\.|test|conftest|helper|util|support|common|mock|fake|stub|factor|fixture|check", re.IGNORECASE
)
_REQUESTS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_CLIENT = re.compile(r"client|session|^api$|^app$|requests|httpx", re.IGNORECASE)


class Kind(StrEnum):
    """What a test does that checks nothing."""

    EMPTY = "empty"
    IDLE = "idle"
    RETURNED = "returned"
    PRINTED = "printed"
    UNREAD = "unread"
    RESPONSE = "response"
    CALLED = "called"


@record
class Unchecked:
    """A test in which this file shows no check.

    Attributes:
        subject: The user's name for what is not looked at.
        calls: Names of functions of other files that it calls, which may check.
        methods: Names of methods that it calls.
        fixtures: Fixtures that it asks for.
        inherits: Whether what its class inherits from elsewhere may check.
    """

    place: Location
    name: str
    kind: Kind
    subject: str
    calls: tuple[str, ...]
    methods: tuple[str, ...]
    fixtures: tuple[str, ...]
    inherits: bool


def unchecked(file: PythonFile) -> Iterator[Unchecked]:
    """The tests of a file that check nothing as far as this file shows."""
    if not is_test_module(file.path):
        return
    for test in tests_of(file):
        if _is_settled_elsewhere(test, file) or checks(test.body, file) or _is_called_by_hand(test, file):
            continue
        found = _kind(test, file)
        if found is None:
            continue
        kind, subject = found
        if kind is Kind.EMPTY and test.owner is None and _is_handed_on(test, file):
            continue
        calls, methods, opaque = _reaches(test, file)
        if opaque:
            continue
        fixtures = (*test.parameters, *_used_fixtures(test, file))
        yield Unchecked(
            file.location(_head(test)), test.name, kind, subject, calls, methods, fixtures, _inherits(test, file)
        )


def _is_called_by_hand(test: PythonTest, file: PythonFile) -> bool:
    """Whether the file hands a test its arguments: then it is a step of a script, which does the checking."""
    calls = calls_of(test.function, file) if test.owner is None and test.parameters else ()
    return any(arguments(one, file).positional for one in calls)


def _is_handed_on(test: PythonTest, file: PythonFile) -> bool:
    """Whether the file hands an empty function on as a value: it stands for any function there."""
    return any(
        name.parent is not None and name.parent.type in _HOLDERS
        for name in descendants(file.root, "identifier")
        if file.text(name) == test.name
    )


def _head(test: PythonTest) -> Node:
    return test.function.child_by_field_name("name") or test.function


def _is_settled_elsewhere(test: PythonTest, file: PythonFile) -> bool:
    if any(_CHECKING_DECORATOR.search(file.text(one)) for one in test.decorators):
        return True
    if any(_CHECKING_PARAMETER.search(one) for one in test.parameters):
        return True
    if next(descendants(test.body, "yield", stop=FUNCTIONS), None) is not None:
        return True
    # What a doctest or a docstring promises counts as much as a comment.
    said = f"{test.name} {docstring(test.body, file)} {_around(test, file)}"
    return endures(said)


def _around(test: PythonTest, file: PythonFile) -> str:
    """The comments of a test and the one on the line above it."""
    above = test.function.start_point[0]
    return f"{remarks(file, above, above)} {remarks_in(file, test.function)}"


def docstring(body: Node, file: PythonFile) -> str:
    """The docstring of a function's body, "" without one."""
    first = body.named_children[0] if body.named_children else None
    if first is None or first.type != "expression_statement" or not first.named_children:
        return ""
    value = first.named_children[0]
    return file.text(value) if value.type in ("string", "concatenated_string") else ""


def _kind(test: PythonTest, file: PythonFile) -> tuple[Kind, str] | None:
    overrides = test.owner is not None and set(bases_of(test.owner, file)) - PLAIN_BASES
    if not any(_does_something(one) for one in test.body.named_children):
        inherited = overrides and not {"TestCase", "IsolatedAsyncioTestCase"}.issuperset(overrides or ())
        return None if inherited else (Kind.EMPTY, "")
    if (returned := _returned_verdict(test, file)) is not None:
        return Kind.RETURNED, returned
    calls = [one for one in _own(test.body, "call") if not _is_prop(one, file)]
    printed = [one for one in _own(test.body, "call") if _prints(one, file) and not _is_of_parameter(one, test, file)]
    if not calls and not _touches(test, file):
        return Kind.IDLE, ""
    if (unread := _unread(test, file)) is not None:
        return Kind.UNREAD, unread
    if any(_shows_a_value(one, test, file) for one in printed):
        return Kind.PRINTED, ""
    if (response := next((one for one in calls if _drops_response(one, file)), None)) is not None:
        return Kind.RESPONSE, file.text(response.child_by_field_name("function") or response)
    # What is only called may be meant to show that it does not raise, unless a comment owns that a check is missing.
    if calls and admits(remarks_in(file, test.function)):
        return Kind.CALLED, ""
    if accepts(f"{test.name} {docstring(test.body, file)}"):
        return None
    # One that makes objects shows that their arguments are taken; one that sets up handlers meant to call them.
    makes = all(called(one, file)[:1].isupper() for one in calls) and not _touches(test, file)
    return (Kind.IDLE, "") if makes and next(_decorated(test.body), None) is not None else None


def _does_something(statement: Node) -> bool:
    if statement.type in ("pass_statement", "comment", "global_statement", "nonlocal_statement"):
        return False
    if statement.type == "return_statement" and not statement.named_children:
        return False
    if statement.type == "expression_statement" and statement.named_children:
        return statement.named_children[0].type not in ("string", "ellipsis", "concatenated_string")
    return True


def _own(body: Node, *types: str) -> list[Node]:
    """The nodes of these types that the body itself evaluates, not the functions that it defines or decorates."""
    return [one for one in descendants(body, *types, stop=_DEFINED) if one.type not in FUNCTIONS]


def _decorated(body: Node) -> Iterator[Node]:
    return descendants(body, "decorated_definition", stop=FUNCTIONS)


def _is_prop(call: Node, file: PythonFile) -> bool:
    """Whether a call only makes a stand-in or a plain value, or prints."""
    return called(call, file) in _MOCKS or _prints(call, file) or file.text(call).startswith(("patch", "mock."))


def _prints(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and _PRINTS.match(file.text(function)) is not None


def _is_of_parameter(call: Node, test: PythonTest, file: PythonFile) -> bool:
    """Whether a call is of what the test is given: a logger that is a fixture is what is tested, and prints nothing."""
    function = call.child_by_field_name("function")
    return function is not None and file.text(function).partition(".")[0] in test.parameters


def _shows_a_value(call: Node, test: PythonTest, file: PythonFile) -> bool:
    """Whether a test prints something that it has found, rather than what it was given."""
    listed = call.child_by_field_name("arguments")
    shown = descendants(listed, "identifier") if listed is not None else ()
    return any(not _is_label(one) and file.text(one) not in test.parameters for one in shown)


def _is_label(name: Node) -> bool:
    """Whether an identifier names a keyword or an attribute, and no value of its own."""
    above = name.parent
    keyword = above is not None and above.type == "keyword_argument" and above.child_by_field_name("name") == name
    attribute = above is not None and above.type == "attribute" and above.child_by_field_name("attribute") == name
    return keyword or attribute


def _touches(test: PythonTest, file: PythonFile) -> bool:
    """Whether the test runs something of the product without calling it by name: an import, a context, an operator."""
    if _own(test.body, "import_statement", "import_from_statement", "delete_statement", "list_comprehension"):
        return True
    for item in _own(test.body, "with_item"):
        value = item.child_by_field_name("value")
        if value is not None and value.type not in ("call", "as_pattern"):
            return True
    for statement in _own(test.body, "expression_statement", "await"):
        value = statement.named_children[0] if statement.named_children else None
        if value is not None and value.type in ("attribute", "subscript", "await", "binary_operator", "identifier"):
            return True
    return bool(test.decorators and any("parametrize" in file.text(one) for one in test.decorators))


def _returned_verdict(test: PythonTest, file: PythonFile) -> str | None:
    for statement in _own(test.body, "return_statement"):
        value = statement.named_children[0] if statement.named_children else None
        if value is not None and value.type in ("true", "false", "comparison_operator", "not_operator"):
            return file.text(value)
    return None


def _unread(test: PythonTest, file: PythonFile) -> str | None:
    """The last name that holds the result of a call and that nothing reads, except to print it."""
    for node in reversed(_own(test.body, "assignment")):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or left.type != "identifier" or file.text(left).startswith("_"):
            continue
        call = right.named_children[0] if right.type == "await" and right.named_children else right
        if call.type != "call" or _is_prop(call, file) or called(call, file)[:1].isupper():
            continue
        if not any(one != left and _reads(one, file) for one in _uses(file.text(left), test.body, file)):
            return file.text(left)
    return None


def _uses(name: str, body: Node, file: PythonFile) -> Iterator[Node]:
    return (one for one in descendants(body, "identifier") if file.text(one) == name)


def _reads(identifier: Node, file: PythonFile) -> bool:
    """Whether a use of a name is more than its assignment, an argument of `print`, or what nothing depends on."""
    node: Node | None = identifier
    while node is not None and node.type not in ("expression_statement", "block"):
        if node.type == "call" and _prints(node, file):
            return False
        if node.type == "if_statement" and not any(_has_effect(one, file) for one in descendants(node, "block")):
            return False
        node = node.parent
    above = identifier.parent
    return above is None or above.type != "assignment" or above.child_by_field_name("left") != identifier


def _has_effect(block: Node, file: PythonFile) -> bool:
    """Whether a block does more than print."""
    for statement in block.named_children:
        if statement.type in ("comment", "pass_statement", "if_statement"):
            continue
        value = statement.named_children[0] if statement.type == "expression_statement" else None
        if value is None or value.type != "call" or not _prints(value, file):
            return True
    return False


def _drops_response(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    if receiver is None or called(call, file) not in _REQUESTS or not _CLIENT.search(file.text(receiver)):
        return False
    above = call.parent
    while above is not None and above.type == "await":
        above = above.parent
    given = arguments(call, file).positional
    is_path = bool(given) and given[0].type == "string" and file.text(given[0]).lstrip("frFR")[1:2] in ("/", "h")
    return above is not None and above.type == "expression_statement" and is_path


def _reaches(test: PythonTest, file: PythonFile) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Functions and methods that the test calls and that are defined elsewhere; whether it calls what it was given."""
    functions, methods = [], []
    for call in descendants(test.body, "call"):
        function = call.child_by_field_name("function")
        if function is None:
            continue
        if function.type == "identifier":
            if file.text(function) in test.parameters:
                return (), (), True
            functions.append(file.text(function))
        elif function.type == "attribute":
            if not _is_of_product(function, file):
                methods.append(called(call, file))
            if file.text(function).startswith(("super().", "self.test")):
                return (), (), True
    return tuple(dict.fromkeys(functions)), tuple(dict.fromkeys(methods)), False


def _is_of_product(method: Node, file: PythonFile) -> bool:
    """Whether a method is one of an object that the test has made itself by what it imports from the product."""
    receiver = method.child_by_field_name("object")
    found = reaching(receiver, file) if receiver is not None and receiver.type == "identifier" else ()
    return bool(found) and all(_is_product(one, file) for one in found)


def _is_product(binding: Binding, file: PythonFile) -> bool:
    if binding.kind is BindingKind.IMPORT:
        return _SUPPORT.search(binding.qualified) is None
    value = binding.value if binding.kind is BindingKind.ASSIGNMENT and not binding.path else None
    call = value.named_children[0] if value is not None and value.type == "await" and value.named_children else value
    maker = call.child_by_field_name("function") if call is not None and call.type == "call" else None
    if maker is None or maker.type != "identifier":
        return False
    made_by = reaching(maker, file)
    return bool(made_by) and all(one.kind is BindingKind.IMPORT and _is_product(one, file) for one in made_by)


def _used_fixtures(test: PythonTest, file: PythonFile) -> tuple[str, ...]:
    marks = [one for one in test.decorators if "usefixtures" in file.text(one)]
    return tuple(file.text(one).strip("\"'") for mark in marks for one in descendants(mark, "string"))


def _inherits(test: PythonTest, file: PythonFile) -> bool:
    """Whether the test calls a method of its class that this file does not define."""
    if test.owner is None:
        return False
    for call in descendants(test.body, "call"):
        function = call.child_by_field_name("function")
        if function is None or not file.text(function).startswith("self."):
            continue
        if file.text(function).count(".") == 1 and local_function(function, file) is None:
            return True
    return False


def without_check(facts: Mapping[str, Sequence[object]], *, whole: bool) -> Iterator[Unchecked]:
    """The tests that check nothing, joined with the helpers of all files.

    When only some files were given, a helper of another one may check: then tests that call functions of other files,
    or ask for fixtures, are left alone.
    """
    known = {"function": set[str](), "method": set[str](), "fixture": set[str]()}
    for found in facts.values():
        for one in found:
            if isinstance(one, Checker):
                known[one.kind].add(one.name)
    for found in facts.values():
        for one in found:
            if not isinstance(one, Unchecked):
                continue
            if known["function"].intersection((*one.calls, *one.methods)) or known["method"].intersection(one.methods):
                continue
            if known["fixture"].intersection(one.fixtures) or (one.inherits and one.kind is not Kind.EMPTY):
                continue
            if not whole and one.kind not in (Kind.EMPTY, Kind.IDLE, Kind.RETURNED) and (one.fixtures or one.calls):
                continue
            yield one
