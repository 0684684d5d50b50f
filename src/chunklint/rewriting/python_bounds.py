"""The range check of a number that somebody else chooses, with the constant that says how much is too much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Finding, Fix, Refusal, Span
from chunklint.records import record
from chunklint.rewriting.python_code import (
    READ_OTHERWISE,
    edits_to,
    is_free,
    statement_at,
    taken,
    tree_of,
    width_of,
    with_statement,
)
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import enclosing_function
from chunklint.semantics.python.ranges import foreign_count
from chunklint.semantics.python.scopes import Binding, Kind, bindings_in, reaching

if TYPE_CHECKING:
    import libcst as cst

# Planners slow down with each partition, and nobody asks for more tables of a kind than this on purpose.
_MOST = 1024
_REMARK = "# Against typing mistakes; raise it where more are really needed."
_DECLARED = {
    Source.REQUEST: "the request should declare the range, `Query(ge=1, le=...)`, to be answered with 422",
    Source.ARGV: "the option should declare the range, `click.IntRange(1, ...)` or a `type` that raises",
}
_SETTING = re.compile(r"""(?:environ|getenv|env)\b[\w.]*[\[(]\s*["'](\w+)["']""")
_DEFAULT = re.compile(r"""["']?(\d+)["']?\s*\)""")


@record
class _Check:
    """A check to be written: of which name, how the message calls it, beside which statement."""

    name: str
    called: str
    beside: Node
    before: bool


def bounded(file: PythonFile, finding: Finding) -> Fix | Refusal:
    """Raise ValueError unless the number lies between 1 and a constant of the module."""
    if "sets how much this DDL creates" not in finding.message and "decides how often" not in finding.message:
        return Refusal("how wide a column or how full a page may be is for its author to say")
    spelled = finding.message.partition("`")[2].partition("`")[0]
    if re.fullmatch(r"\w+(\.\w+)+", spelled):
        return Refusal(f"what declares `{spelled}` should declare its range too, such as `Field(ge=1, le=...)`")
    names = set(re.findall(r"[A-Za-z_]\w*", spelled))
    if len(names) != 1 or not re.fullmatch(r"[\w +*-]+", spelled):
        return Refusal(f"`{spelled}` has no name of its own to check")
    use = next(_uses(names.pop(), finding, file), None)
    check = _check_of(use, file) if use is not None else Refusal("the number is not found again")
    return check if isinstance(check, Refusal) else _written(check, file)


def _uses(name: str, finding: Finding, file: PythonFile) -> Iterator[Node]:
    """Where the number stands: in the place of the finding, or in a text that is made on the way to it."""
    uses = [one for one in descendants(file.root, "identifier") if file.text(one) == name]
    for span in (finding.location.span, *(step.location.span for step in finding.steps)):
        yield from (one for one in uses if _is_in(one, span, file))


def _is_in(node: Node, span: Span, file: PythonFile) -> bool:
    place = file.span(node)
    start, end = (span.start_line, span.start_column), (span.end_line, span.end_column)
    return start <= (place.start_line, place.start_column) and (place.end_line, place.end_column) <= end


def _check_of(use: Node, file: PythonFile) -> _Check | Refusal:
    origin = foreign_count(use, file)
    name, function = file.text(use), enclosing_function(use)
    if origin is not None and origin.kind in _DECLARED:
        return Refusal(_DECLARED[origin.kind])
    found = reaching(use, file)
    if len(found) != 1 or function is None:
        return Refusal(f"`{name}` is set in more than one place" if found else f"`{name}` is not seen to be set")
    (binding,) = found
    if binding.kind is Kind.PARAMETER:
        return _at_start(name, name, function, binding, file)
    if binding.kind is not Kind.ASSIGNMENT or binding.value is None or binding.path:
        return Refusal(f"`{name}` is not set by a plain assignment")
    text = file.text(binding.value)
    setting = _SETTING.search(text)
    called = setting[1] if setting is not None else name
    if any(int(one) > _MOST for one in _DEFAULT.findall(text)):
        return Refusal(f"its default is already above {_MOST}")
    if binding in bindings_in(file.root, file).get(name, ()):
        return _at_start(name, called, function, binding, file)
    statement = next((one for one in ancestors(binding.node) if one.type == "expression_statement"), None)
    if statement is None:
        return Refusal(f"`{name}` is not set by a statement of its own")
    return _Check(name, called, statement, before=False)


def _at_start(name: str, called: str, function: Node, binding: Binding, file: PythonFile) -> _Check | Refusal:
    """A check at the start of a function, behind its docstring."""
    parameter = binding.node.parent
    default = parameter.child_by_field_name("value") if parameter is not None else None
    if binding.kind is Kind.PARAMETER and default is not None and default.type != "integer":
        return Refusal(f"`{name}` may be left out")
    if default is not None and default.type == "integer" and not 1 <= int(file.text(default), 0) <= _MOST:
        return Refusal(f"the default of `{name}` lies outside of 1 to {_MOST}")
    body = function.child_by_field_name("body")
    first = next((one for one in body.named_children if one.type != "comment"), None) if body is not None else None
    if first is None or body is None or body.start_point[0] == function.start_point[0]:
        return Refusal("the function has no place for a check")
    is_docstring = first.type == "expression_statement" and first.named_children[0].type == "string"
    return _Check(name, called, first, before=not is_docstring)


def _written(check: _Check, file: PythonFile) -> Fix | Refusal:
    import libcst as cst

    tree, beside = tree_of(file), statement_at(file, file.span(check.beside))
    if tree is None or beside is None:
        return READ_OTHERWISE
    limit = f"MAX_{check.called.strip('_').upper()}"
    made = _making(limit, tree, file)
    if isinstance(made, Refusal):
        return made
    told = f'f"{check.called} must be between 1 and {{{limit}}}, not {{{check.name}}}"'
    wide = check.beside.start_point[1] + len(f"    raise ValueError({told})") > width_of(file)
    error = f"ValueError(\n        {told}\n    )" if wide else f"ValueError({told})"
    source = f"if not 1 <= {check.name} <= {limit}:\n    raise {error}\n"
    added = cst.parse_statement(source, config=tree.config_for_parsing)
    changed = with_statement(tree, beside, added, before=check.before)
    if changed is None:
        return READ_OTHERWISE
    edits = tuple(sorted({*made, *edits_to(changed, file)}))
    return Fix(f"Raise unless `{check.name}` lies between 1 and `{limit}`", edits, safe=False)


def _making(limit: str, tree: cst.Module, file: PythonFile) -> Sequence[Edit] | Refusal:
    """The edits that make the constant above the functions of the module; none where it is there."""
    import libcst as cst

    known = bindings_in(file.root, file).get(limit, ())
    if known:
        value = known[0].value
        usable = len(known) == 1 and value is not None and value.type == "integer"
        return () if usable else taken(limit)
    if not is_free(limit, file):
        return taken(limit)
    definitions = ("function_definition", "class_definition", "decorated_definition")
    first = next((at for at, one in enumerate(file.root.named_children) if one.type in definitions), None)
    above = [one for one in file.root.named_children[:first] if one.type != "comment"]
    last = statement_at(file, file.span(above[-1])) if above else None
    if last is None:
        return Refusal("the module has no place for a constant above its functions")
    blank, remark = cst.EmptyLine(indent=False), cst.EmptyLine(comment=cst.Comment(_REMARK))
    line = cst.parse_statement(f"{limit} = {_MOST}", config=tree.config_for_parsing)
    changed = with_statement(tree, last, line.with_changes(leading_lines=[blank, remark]), before=False)
    return edits_to(changed, file) if changed is not None else READ_OTHERWISE
