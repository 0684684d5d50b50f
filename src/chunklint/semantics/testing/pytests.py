"""Python tests as pytest and unittest find them: by the names of files, classes and functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.roles import is_script

_DEFINITIONS = frozenset({"function_definition", "class_definition"})

# Nothing calls what these decorate as a test.
_NO_TEST = re.compile(r"(?:^|\.)(?:staticmethod|property|cached_property)$|\.(?:setter|deleter)$")
# pytest collects no class that has a constructor.
_GENERATES_CONSTRUCTOR = re.compile(r"^@(?:(?:dataclasses\.)?dataclass|attrs?\.(?:s|define|frozen|mutable)|define)\b")
_NOT_COLLECTED = re.compile(r"__test__\s*(?::[^=]*)?=\s*False")
# Bases of which it is known what they bring.
PLAIN_BASES = frozenset({"object", "ABC", "Protocol"})


@record
class PythonTest:
    """A test function.

    Attributes:
        function: Its definition.
        owner: The class around it, None at module level.
        decorators: The expressions after the `@`s of the function and of its class.
        parameters: Its parameters but for `self`.
    """

    name: str
    function: Node
    body: Node
    owner: Node | None
    decorators: tuple[Node, ...]
    parameters: tuple[str, ...]


def is_test_module(path: str) -> bool:
    """Whether pytest collects a file of this name by default, or people put tests into it."""
    stem = PurePosixPath(path).stem
    return stem.startswith("test_") or stem.endswith("_test") or stem in ("tests", "test")


def tests_of(file: PythonFile) -> tuple[PythonTest, ...]:
    """The tests of a file, those of classes included, in source order."""
    return file.remember("python tests", lambda: tuple(_collect(file)))


def _collect(file: PythonFile) -> Iterator[PythonTest]:
    for node, decorators in statements(file.root):
        if node.type == "function_definition":
            yield from _test(node, None, decorators, file)
        elif node.type == "class_definition" and holds_tests(node, file):
            body = node.child_by_field_name("body")
            for inner, own in statements(body) if body is not None else ():
                if inner.type == "function_definition":
                    yield from _test(inner, node, (*decorators, *own), file)


def statements(block: Node) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """The definitions directly in a block (or in an `if` or `try` there), with what decorates them."""
    pending = list(reversed(block.named_children))
    while pending:
        node = pending.pop()
        if node.type in _DEFINITIONS:
            yield node, ()
        elif node.type == "decorated_definition":
            decorators = tuple(
                one.named_children[0] for one in node.named_children if one.type == "decorator" and one.named_children
            )
            inner = node.child_by_field_name("definition")
            if inner is not None:
                yield inner, decorators
        elif node.type in ("if_statement", "try_statement", "block", "else_clause", "except_clause"):
            pending.extend(reversed(node.named_children))


def bases_of(owner: Node, file: PythonFile) -> tuple[str, ...]:
    """The base classes as written, without their modules and type arguments."""
    listed = owner.child_by_field_name("superclasses")
    if listed is None:
        return ()
    return tuple(
        file.text(base).partition("[")[0].rsplit(".", 1)[-1]
        for base in listed.named_children
        if base.type not in ("keyword_argument", "comment")
    )


def holds_tests(owner: Node, file: PythonFile) -> bool:
    """Whether pytest or unittest looks for tests in a class."""
    name = owner.child_by_field_name("name")
    if name is None or any(_GENERATES_CONSTRUCTOR.search(one) for one in _decorators_of(owner, file)):
        return False
    if _refuses(owner, file):
        return False
    return file.text(name).startswith("Test") or any(
        "Test" in base or base.endswith("Case") for base in bases_of(owner, file)
    )


def _refuses(owner: Node, file: PythonFile) -> bool:
    """Whether a class says that it holds no tests: `__test__ = False`."""
    body = owner.child_by_field_name("body")
    plain = (one for one in body.named_children if one.type == "expression_statement") if body is not None else ()
    return any(_NOT_COLLECTED.fullmatch(file.text(one)) is not None for one in plain)


def _decorators_of(owner: Node, file: PythonFile) -> Iterator[str]:
    around = owner.parent
    if around is not None and around.type == "decorated_definition":
        yield from (file.text(one) for one in around.named_children if one.type == "decorator")


def _test(function: Node, owner: Node | None, decorators: tuple[Node, ...], file: PythonFile) -> Iterator[PythonTest]:
    name, body = function.child_by_field_name("name"), function.child_by_field_name("body")
    if name is None or body is None or not is_test_name(file.text(name), owner):
        return
    if any("fixture" in file.text(one) or _NO_TEST.search(file.text(one)) for one in decorators):
        return
    if any(_registers(one, file) for one in decorators):
        return
    yield PythonTest(file.text(name), function, body, owner, decorators, parameters_of(function, file))


def _registers(decorator: Node, file: PythonFile) -> bool:
    """Whether a decorator is a method of an object that the module makes: what it takes is input, like `@app.get`.

    So is one that a script makes for itself, which notes down whether what it is given raises.
    """
    method = decorator.child_by_field_name("function") if decorator.type == "call" else decorator
    if method is not None and method.type == "identifier" and is_script(file):
        return file.text(method) in file.remember("functions of the module", lambda: frozenset(_functions(file)))
    owner = method.child_by_field_name("object") if method is not None and method.type == "attribute" else None
    if owner is None or owner.type != "identifier":
        return False
    return file.text(owner) in file.remember("objects of the module", lambda: frozenset(_objects_made(file)))


def _functions(file: PythonFile) -> Iterator[str]:
    for inner, _ in statements(file.root):
        name = inner.child_by_field_name("name") if inner.type == "function_definition" else None
        if name is not None:
            yield file.text(name)


def _objects_made(file: PythonFile) -> Iterator[str]:
    """The names that the module gives to objects of classes; not by way of scopes, which every scan would load."""
    for assignment in descendants(file.root, "assignment", stop=_DEFINITIONS):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        made = right.child_by_field_name("function") if right is not None and right.type == "call" else None
        if left is not None and made is not None and file.text(made).rpartition(".")[2][:1].isupper():
            yield file.text(left)


def is_test_name(name: str, owner: Node | None) -> bool:
    """Whether a function is a test by its name: `test`, `test_x`; in a class `testX` too."""
    return name == "test" or name.startswith("test_") or (owner is not None and name.startswith("test"))


def parameters_of(function: Node, file: PythonFile) -> tuple[str, ...]:
    """The names of a function's parameters, without `self` and `cls`."""
    listed = function.child_by_field_name("parameters")
    names = []
    for one in listed.named_children if listed is not None else ():
        head = one.child_by_field_name("name") or (one if one.type == "identifier" else None)
        if head is None:
            head = next(descendants(one, "identifier"), None)
        if head is not None:
            names.append(file.text(head))
    return tuple(name for name in names if name not in ("self", "cls"))
