"""What helpers of the module do, told by their names and bodies."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile

_ESCAPING = ("escape", "quote", "quoting", "sanitize", "sanitise", "clean", "safe", "slug")
_CLEANING = frozenset({"replace", "translate", "sub", "match", "fullmatch", "isidentifier", "isalnum", "quote"})
_NESTED = frozenset({"function_definition", "lambda", "class_definition"})


def returned_values(definition: Node) -> Sequence[Node]:
    """The expressions that a function returns, those of functions within it left out."""
    body = definition.child_by_field_name("body")
    found = descendants(body, "return_statement", stop=_NESTED) if body is not None else ()
    return [one.named_children[0] for one in found if one.named_children]


def escapes(definition: Node, file: PythonFile) -> bool:
    """Whether a helper of this module quotes or cleans by its name, and does change or test the text it is given."""
    name, body = definition.child_by_field_name("name"), definition.child_by_field_name("body")
    if name is None or body is None or not any(word in file.text(name).lower() for word in _ESCAPING):
        return False
    methods = {file.text(one).rsplit(".", 1)[-1] for one in descendants(body, "attribute")}
    return bool(methods & _CLEANING)
