"""What needs no lock: a key that may be gone is taken out if it is there, and what changes is iterated as a copy."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Fix, Refusal
from chunklint.rewriting.python_code import READ_OTHERWISE, edits_to, node_at, replaced, statement_at, tree_of
from chunklint.semantics.concurrency.shared_races import Harm, SharedRace
from chunklint.semantics.python.scopes import bindings_in


def forgiving(race: SharedRace, file: PythonFile) -> Fix | None:
    """Take a key out if it is there; None where that is not what goes wrong, or where what is taken out is used."""
    import libcst as cst

    statement = next((one for one in (race.race.act.node, *ancestors(race.race.act.node)) if _is_statement(one)), None)
    tree, line = tree_of(file), statement_at(file, file.span(statement)) if statement is not None else None
    if race.harm is not Harm.MISSING or tree is None or not isinstance(line, cst.SimpleStatementLine):
        return None
    match line.body:
        case [cst.Del(target=cst.Subscript(value=state, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]))]:
            taken = cst.Call(cst.Attribute(state, cst.Name("pop")), [cst.Arg(key), cst.Arg(cst.Name("None"))])
        case [cst.Expr(value=cst.Call(func=cst.Attribute(attr=cst.Name("pop")), args=[only]) as call)]:
            taken = call.with_changes(args=[only, cst.Arg(cst.Name("None"))])
        case _:
            return None
    changed = replaced(tree, line, line.with_changes(body=[cst.Expr(taken)]))
    told = f"Take the key out if it is there: `{tree.code_for_node(taken)}`"
    return Fix(told, edits_to(changed, file), safe=False)


def _is_statement(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "block"


def copied(race: SharedRace, file: PythonFile) -> Fix | Refusal:
    """Iterate over a copy: no lock helps where others change what is iterated without it."""
    import libcst as cst

    iterable = race.race.act.node
    loop = iterable.parent
    target, body = (loop.child_by_field_name(part) if loop is not None else None for part in ("left", "body"))
    if loop is None or loop.type != "for_statement" or target is None or body is None:
        return Refusal("it is not iterated by a plain `for`")
    names = {file.text(one) for one in (target, *descendants(target, "identifier"))}
    keys = (one.child_by_field_name("subscript") for one in descendants(body, "subscript"))
    if any(key is not None and file.text(key) in names for key in keys):
        return Refusal("what a copy still has may be gone from where the loop looks it up")
    tree, node = tree_of(file), node_at(file, file.span(iterable), cst.BaseExpression)  # type: ignore[type-abstract]
    if tree is None or node is None or "list" in bindings_in(file.root, file):
        return READ_OTHERWISE
    copy = cst.Call(cst.Name("list"), [cst.Arg(node)])
    edits = edits_to(replaced(tree, node, copy), file)
    return Fix(f"Iterate over a copy: `list({file.text(iterable)})`", edits, safe=False)
