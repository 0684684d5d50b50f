"""Rows of the database that a handler makes itself and hands to somebody who stores them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name
from chunklint.semantics.python.scopes import FUNCTIONS
from chunklint.semantics.web.collaborators import is_collaborator, is_effect

_MODELS = re.compile(r"(?:^|[._])(?:models?|entities|tables|orm)(?:\.|$)")
_SCHEMAS = re.compile(r"^\s*from\s+[\w.]*(?:schemas?|dtos?|serializers|payloads?|requests|contracts)\b", re.MULTILINE)
# What travels between layers, wherever its class is defined.
_CARRIES = re.compile(
    r"(?:Create|Update|Patch|In|Out|Public|Private|Read|Response|Request|Schema|DTO|Dto|Base|List|Page|Filters?|"
    r"Params|Query|Token|Message|Payload|Event|Error|Exception|Enum|Type|Status|Config|Settings|Result|Info|Data)$"
)


def builds_row(call: Node, file: PythonFile) -> bool:
    """Whether a call makes an ORM object that is then handed to a function that changes something."""
    callee = call.child_by_field_name("function")
    if callee is None or not _is_model(callee, file):
        return False
    return any(is_effect(one, file) or _adds(one, file) for one in _handed_to(call, file))


def _adds(call: Node, file: PythonFile) -> bool:
    """`orders.add(order)`: what repositories call their way of storing."""
    callee = call.child_by_field_name("function")
    owner = callee.child_by_field_name("object") if callee is not None else None
    if callee is None or owner is None:
        return False
    return file.text(callee).endswith(".add") and is_collaborator(owner, file)


def _is_model(callee: Node, file: PythonFile) -> bool:
    """Whether a callee is a class of tables: made here as one, or of a module of models beside one of schemas."""
    name = file.text(callee).rpartition(".")[2]
    if not name[:1].isupper() or name.isupper() or _CARRIES.search(name):
        return False
    if name in file.remember("tables", partial(_tables, file)):
        return True
    qualified = qualified_name(callee, file) or ""
    return _MODELS.search(qualified.rpartition(".")[0]) is not None and _SCHEMAS.search(file.content) is not None


def _tables(file: PythonFile) -> frozenset[str]:
    """The classes of a file that declare a table: by `__tablename__`, or as SQLModel does by `table=True`."""
    query = "(class_definition name: (identifier) @name) @class"
    found = ((captures["name"][0], captures["class"][0]) for _, captures in PYTHON.matches(file, (query,)))
    return frozenset(
        file.text(name)
        for name, owner in found
        if "__tablename__" in file.text(owner) or "table=True" in file.text(owner).partition(":\n")[0]
    )


def _handed_to(made: Node, file: PythonFile) -> Iterator[Node]:
    """The calls that get what a call made: at once, or under the name that it is assigned to."""
    around = next((one for one in ancestors(made) if one.type not in ("keyword_argument", "argument_list")), None)
    if around is not None and around.type == "call":
        yield around
        return
    target = around.child_by_field_name("left") if around is not None and around.type == "assignment" else None
    function = enclosing_function(made)
    if target is None or target.type != "identifier" or function is None:
        return
    name = file.text(target)
    for call in descendants(function, "call", stop=FUNCTIONS):
        given = arguments(call, file)
        if any(file.text(one) == name for one in (*given.positional, *given.keywords.values())):
            yield call
