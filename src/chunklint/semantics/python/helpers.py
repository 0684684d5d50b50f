"""What helpers of the module do, told by their names and bodies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile

_ESCAPING = ("escape", "quote", "quoting", "sanitize", "sanitise", "clean", "safe", "slug")
_CLEANING = frozenset({"replace", "translate", "sub", "match", "fullmatch", "isidentifier", "isalnum", "quote"})
# `"'" + text.replace("'", "''")`, whichever the quote, however it is spelled.
_DOUBLED = re.compile(
    r"""^[uf]?(?:"'"|'"'|"`")\s*\+.*\.replace\(\s*u?(?:"'"\s*,\s*u?"''"|'"'\s*,\s*u?'""'|"`"\s*,\s*u?"``")\s*\)""",
    re.DOTALL,
)
_NESTED = frozenset({"function_definition", "lambda", "class_definition"})


def returned_values(definition: Node) -> Sequence[Node]:
    """The expressions that a function returns, those of functions within it left out."""
    body = definition.child_by_field_name("body")
    found = descendants(body, "return_statement", stop=_NESTED) if body is not None else ()
    return [one.named_children[0] for one in found if one.named_children]


def _doubles_quotes(definition: Node, file: PythonFile) -> bool:
    """Whether a function of one parameter returns it between quotes, with the quotes in it doubled."""
    listed = definition.child_by_field_name("parameters")
    values = returned_values(definition)
    if listed is None or len(listed.named_children) != 1 or not values:
        return False
    return all(_DOUBLED.search(file.text(one)) is not None for one in values)


def escapes(definition: Node, file: PythonFile) -> bool:
    """Whether a helper of this module quotes or cleans by its name, and does change or test the text it is given.

    Whatever its name, one whose result doubles the quotes of its only parameter quotes.
    """
    name, body = definition.child_by_field_name("name"), definition.child_by_field_name("body")
    if _doubles_quotes(definition, file):
        return True
    if name is None or body is None or not any(word in file.text(name).lower() for word in _ESCAPING):
        return False
    methods = {file.text(one).rsplit(".", 1)[-1] for one in descendants(body, "attribute")}
    return bool(methods & _CLEANING)
