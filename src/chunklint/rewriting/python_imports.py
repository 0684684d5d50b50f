"""An import of the standard library where import sorters put it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst


def with_library(tree: cst.Module, name: str) -> cst.Module:
    """The module with `import NAME` among the imports of the standard library at its top, in order."""
    import libcst as cst

    line = cst.parse_statement(f"import {name}", config=tree.config_for_parsing)
    body = list(tree.body)
    modules = {at: module for at, one in enumerate(body) if (module := _imported(one, tree))}
    first = next((at for at, module in modules.items() if module != "__future__"), None)
    if first is None:
        at = max(modules) + 1 if modules else int(tree.get_docstring() is not None)
        added = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)] if at else [])
        return tree.with_changes(body=[*body[:at], added, *body[at:]])
    at = first
    while modules.get(at, "") and _is_plain(body[at]) and modules[at] < name:
        at += 1
    if at > first:
        return tree.with_changes(body=[*body[:at], line, *body[at:]])
    above = list(getattr(body[first], "leading_lines", ()))
    apart = modules[first].partition(".")[0] not in sys.stdlib_module_names
    follower = body[first].with_changes(leading_lines=[cst.EmptyLine(indent=False)] if apart else [])
    return tree.with_changes(body=[*body[:first], line.with_changes(leading_lines=above), follower, *body[first + 1 :]])


def _imported(statement: cst.CSTNode, tree: cst.Module) -> str:
    """The module that a line imports, or imports from; "" for any other line."""
    import libcst as cst

    match statement:
        case cst.SimpleStatementLine(body=[cst.Import(names=[alias, *_])]):
            return tree.code_for_node(alias.name)
        case cst.SimpleStatementLine(body=[cst.ImportFrom(module=module, relative=relative)]):
            return "." * len(relative) + (tree.code_for_node(module) if module is not None else "")
    return ""


def _is_plain(statement: cst.CSTNode) -> bool:
    import libcst as cst

    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import)
