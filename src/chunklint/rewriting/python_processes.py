"""The end of the wait for a program that asyncio has started, and of the program with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunklint.languages.base import ancestors
from chunklint.model import Edit, Refusal
from chunklint.rewriting.limits import Limit
from chunklint.rewriting.python_arguments import expression_of, keyword_argument, with_import
from chunklint.rewriting.python_code import READ_OTHERWISE, edits_to, node_at, replaced, statement_at, tree_of
from chunklint.semantics.python.names import enclosing_function
from chunklint.semantics.timeouts.programs import waits_of

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

    from chunklint.languages.python import PythonFile


def waited_for(start: Node, limit: Limit, file: PythonFile) -> tuple[Edit, ...] | Refusal:
    """Put `wait_for` around the one wait for a program, which is killed where the limit is met.

    `wait_for` and `asyncio.TimeoutError` mean the same in every version of Python.
    """
    import libcst as cst

    wait = _only_wait(start, file)
    if isinstance(wait, Refusal):
        return wait
    line = next((up for up in ancestors(wait) if up.parent is not None and up.parent.type == "block"), None)
    tree, call = tree_of(file), node_at(file, file.span(wait), cst.Call)
    statement = statement_at(file, file.span(line)) if line is not None else None
    if tree is None or call is None or not isinstance(call.func, cst.Attribute):
        return READ_OTHERWISE
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return Refusal("the wait is a part of a larger statement")
    seconds = expression_of(tree, limit.timeout)
    if isinstance(seconds, Refusal):
        return seconds
    limited = cst.Call(cst.parse_expression("asyncio.wait_for"), [cst.Arg(call), keyword_argument("timeout", seconds)])
    inner = cst.ensure_type(statement.deep_replace(call, limited), cst.SimpleStatementLine)
    wrapped = inner if _is_ended(wait, file) else _killing(inner, call.func.value, tree)
    changed = replaced(tree, statement, wrapped)
    whole = with_import(tree, changed, limit.timeout_import) if limit.timeout_import else changed
    return whole if isinstance(whole, Refusal) else edits_to(whole, file)


def _only_wait(start: Node, file: PythonFile) -> Node | Refusal:
    function = start.child_by_field_name("function")
    if function is None or not file.text(function).startswith("asyncio."):
        return Refusal("`asyncio` is not imported as a module")
    waits = tuple(waits_of(start, file))
    if len(waits) != 1 or waits[0].parent is None or waits[0].parent.type != "await":
        return Refusal("the program is not waited for in one place alone")
    return waits[0]


def _is_ended(wait: Node, file: PythonFile) -> bool:
    """Whether the function itself ends the program when something goes wrong."""
    around = enclosing_function(wait)
    return around is not None and any(word in file.text(around) for word in (".kill(", ".terminate("))


def _killing(statement: cst.SimpleStatementLine, process: cst.BaseExpression, tree: cst.Module) -> cst.Try:
    """The statement in a `try` that kills the program when the limit is met, and tells the caller."""
    import libcst as cst

    text = f"try:\n    pass\nexcept asyncio.TimeoutError:\n    {tree.code_for_node(process)}.kill()\n    raise\n"
    wrapped = cst.ensure_type(cst.parse_statement(text, config=tree.config_for_parsing), cst.Try)
    body = cst.IndentedBlock([statement.with_changes(leading_lines=[])])
    handlers = [one.with_changes(body=_reindented(one.body)) for one in wrapped.handlers]
    return wrapped.with_changes(leading_lines=statement.leading_lines, body=body, handlers=handlers)


def _reindented(block: cst.BaseSuite) -> cst.BaseSuite:
    """The block in the file's own indentation, not in the one that it was written with here."""
    import libcst as cst

    return block.with_changes(indent=None) if isinstance(block, cst.IndentedBlock) else block
