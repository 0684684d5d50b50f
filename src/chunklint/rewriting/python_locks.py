"""A lock that is acquired and released by hand, held by a `with` instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunklint.model import Finding, Fix, Refusal
from chunklint.rewriting.python_code import READ_OTHERWISE, blocks_of, edits_to, node_at, replaced, tree_of

if TYPE_CHECKING:
    import libcst as cst

    from chunklint.languages.python import PythonFile


def held_by_with(file: PythonFile, finding: Finding) -> Fix | Refusal:
    """Put what stands between `acquire()` and the `release()` of the same block under a `with` of the lock."""
    import libcst as cst

    tree, call = tree_of(file), node_at(file, finding.location.span, cst.Call)
    if tree is None or call is None or not isinstance(call.func, cst.Attribute):
        return READ_OTHERWISE
    if call.args:
        return Refusal("`acquire` has arguments, which a `with` cannot hand over")
    lock = tree.code_for_node(call.func.value)
    block = next((one for one in blocks_of(tree) if any(_is_taken(statement, call) for statement in one.body)), None)
    if block is None:
        return Refusal("what `acquire` returns is used")
    start = next(at for at, statement in enumerate(block.body) if _is_taken(statement, call))
    end = next((at for at in range(start + 1, len(block.body)) if _releases(block.body[at], lock, tree)), None)
    if end is None:
        return Refusal("no `release()` stands in the same block")
    inner = block.body[start + 1 : end]
    if not inner:
        return Refusal("nothing stands between `acquire()` and `release()`")
    if any(f"{lock}.release" in tree.code_for_node(one) for one in inner):
        return Refusal("the lock is released in more than one place")
    first, last = block.body[start], block.body[end]
    if not isinstance(first, cst.SimpleStatementLine) or _has_comment(last):
        return Refusal("a comment belongs to the `release()`")
    awaited = isinstance(_alone(first), cst.Await)
    held = cst.With(
        items=[cst.WithItem(call.func.value)],
        body=cst.IndentedBlock(body=inner, header=first.trailing_whitespace),
        asynchronous=cst.Asynchronous() if awaited else None,
        leading_lines=first.leading_lines,
    )
    body = [*block.body[:start], held, *block.body[end + 1 :]]
    changed = replaced(tree, block, block.with_changes(body=body))
    word = "async with" if awaited else "with"
    return Fix(f"Hold `{lock}` by `{word}`", edits_to(changed, file), safe=True)


def _alone(statement: cst.CSTNode) -> cst.BaseExpression | None:
    """The expression that a line consists of; None for every other statement."""
    import libcst as cst

    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=value)]):
            return value
    return None


def _is_taken(statement: cst.CSTNode, call: cst.Call) -> bool:
    import libcst as cst

    value = _alone(statement)
    return value is call or (isinstance(value, cst.Await) and value.expression is call)


def _releases(statement: cst.CSTNode, lock: str, tree: cst.Module) -> bool:
    value = _alone(statement)
    return value is not None and tree.code_for_node(value) == f"{lock}.release()"


def _has_comment(statement: cst.CSTNode) -> bool:
    """Whether a line has a comment at its end or above it."""
    import libcst as cst

    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    above = any(line.comment is not None for line in statement.leading_lines)
    return above or statement.trailing_whitespace.comment is not None
