"""A keyword argument for a call, as the calls around it are written, and the import that its value needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunklint.model import Edit, Refusal, Span
from chunklint.rewriting.python_code import (
    READ_OTHERWISE,
    code_of,
    edits_to,
    node_at,
    nodes_of,
    replaced,
    tree_of,
    width_of,
)
from chunklint.rewriting.python_layout import fitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from chunklint.languages.python import PythonFile


def with_argument(
    file: PythonFile, span: Span, keyword: str, value: str, needs: str = "", width: int = 0
) -> tuple[Edit, ...] | Refusal:
    """The edits that give the call in the span one more argument at its end.

    `needs` is the import statement that the value takes, "" for none; it is added once, unless it is there. A line that
    this makes longer than `width` is broken; 0 means as long as the lines of the file are.
    """
    import libcst as cst

    tree, call = tree_of(file), node_at(file, span, cst.Call)
    if tree is None or call is None:
        return READ_OTHERWISE
    if any(argument.star for argument in call.args):
        return Refusal("its arguments cannot all be seen here")
    if len(call.args) == 1 and isinstance(call.args[0].value, cst.GeneratorExp) and not call.args[0].value.lpar:
        return Refusal("its argument is a bare generator")
    wanted = expression_of(tree, value)
    if isinstance(wanted, Refusal):
        return wanted
    changed = _appended(call, keyword, wanted, formatted=width > 0)
    if changed is None:
        return Refusal("a comment stands where the argument would go")
    wider = replaced(tree, call, changed)
    at = span.start_line - 1
    wide, line = (text.split("\n")[at].rstrip("\r") for text in (code_of(wider, file), file.content))
    fitting = fitted(tree, changed, wide, line, width or width_of(file))
    return _edits(file, tree, wider if fitting is changed else replaced(tree, call, fitting), needs)


def with_value(file: PythonFile, span: Span, value: str, needs: str = "") -> tuple[Edit, ...] | Refusal:
    """The edits that put another value in place of the None or the number in the span, with the import it takes."""
    import libcst as cst

    tree = tree_of(file)
    old = node_at(file, span, cst.Name) or node_at(file, span, cst.Integer)
    if tree is None or old is None or (isinstance(old, cst.Name) and old.value != "None"):
        return Refusal("the value is not a plain None here")
    wanted = expression_of(tree, value)
    return wanted if isinstance(wanted, Refusal) else _edits(file, tree, replaced(tree, old, wanted), needs)


def import_edits(file: PythonFile, needs: str) -> tuple[Edit, ...] | Refusal:
    """The edits that bring an import, none where the file has it."""
    tree = tree_of(file)
    if tree is None:
        return READ_OTHERWISE
    changed = with_import(tree, tree, needs)
    return changed if isinstance(changed, Refusal) else edits_to(changed, file)


def expression_of(tree: cst.Module, value: str) -> cst.BaseExpression | Refusal:
    """The configured value as an expression."""
    import libcst as cst

    try:
        return cst.parse_expression(value, config=tree.config_for_parsing)
    except cst.ParserSyntaxError:
        return Refusal(f"the configured value `{value}` is no expression")


def _edits(file: PythonFile, tree: cst.Module, changed: cst.Module, needs: str) -> tuple[Edit, ...] | Refusal:
    whole = with_import(tree, changed, needs) if needs else changed
    return whole if isinstance(whole, Refusal) else edits_to(whole, file)


def _appended(call: cst.Call, keyword: str, value: cst.BaseExpression, *, formatted: bool) -> cst.Call | None:
    """The call with the argument, on a line of its own where the others are; None where a comment is in the way.

    Where a formatter is told what to do, the second argument on a line of its own brings a comma behind it.
    """
    import libcst as cst

    added = keyword_argument(keyword, value)
    if not call.args:
        return call.with_changes(args=[added])
    *others, last = call.args
    if _has_comment(last.whitespace_after_arg):
        return None
    between = _between(call)
    if isinstance(last.comma, cst.Comma):
        # The comma at the end stays at the end, and a comment behind it with the argument that it is for.
        after = last.comma.whitespace_after
        if _has_comment(after) and not _breaks(between):
            return None
        gap = after.with_changes(last_line=_last_line(between)) if _has_comment(after) else between
        ending = _bare(after)
        added = added.with_changes(comma=cst.Comma(whitespace_after=ending))
    else:
        gap, ending = between, last.whitespace_after_arg
        if formatted and not others and _breaks(gap) and _breaks(ending):
            added = added.with_changes(comma=cst.Comma(whitespace_after=ending))
        else:
            added = added.with_changes(whitespace_after_arg=ending)
    kept = last.with_changes(comma=cst.Comma(whitespace_after=gap), whitespace_after_arg=cst.SimpleWhitespace(""))
    return call.with_changes(args=[*others, kept, added])


def keyword_argument(keyword: str, value: cst.BaseExpression) -> cst.Arg:
    """`keyword=value`, without blanks."""
    import libcst as cst

    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, cst.Name(keyword), equal=equal)


def _between(call: cst.Call) -> cst.BaseParenthesizableWhitespace:
    """What separates two arguments of the call: a line break where each has a line of its own, else a blank."""
    import libcst as cst

    commas = [one.comma for one in call.args[:-1] if isinstance(one.comma, cst.Comma)]
    before = commas[-1].whitespace_after if commas else call.whitespace_before_args
    return _bare(before) if _breaks(before) else cst.SimpleWhitespace(" ")


def _bare(gap: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """The gap without its comments and empty lines."""
    import libcst as cst

    return gap.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[]) if _breaks(gap) else gap


def _breaks(gap: cst.BaseParenthesizableWhitespace) -> bool:
    import libcst as cst

    return isinstance(gap, cst.ParenthesizedWhitespace)


def _last_line(gap: cst.BaseParenthesizableWhitespace) -> cst.SimpleWhitespace:
    import libcst as cst

    return gap.last_line if isinstance(gap, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace("")


def _has_comment(gap: cst.BaseParenthesizableWhitespace) -> bool:
    import libcst as cst

    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return False
    return gap.first_line.comment is not None or any(line.comment is not None for line in gap.empty_lines)


def with_import(before: cst.Module, tree: cst.Module, needs: str) -> cst.Module | Refusal:
    """The tree with an import that it may have already; refused where its name means something else `before`."""
    import libcst as cst
    from libcst.codemod import CodemodContext
    from libcst.codemod.visitors import AddImportsVisitor

    try:
        (line,) = cst.parse_module(needs).body
        (statement,) = line.body  # type: ignore[misc]
    except (cst.ParserSyntaxError, AttributeError, TypeError, ValueError):
        return Refusal(f"the configured import `{needs}` is no absolute import of one name, without `as`")
    context = CodemodContext()
    match statement:
        case cst.ImportFrom(module=module, relative=[], names=[cst.ImportAlias(name=cst.Name(name), asname=None)]) if (
            module
        ):
            bound, told = name, f"from {tree.code_for_node(module)} import {name}"
            AddImportsVisitor.add_needed_import(context, tree.code_for_node(module), name)
        case cst.Import(names=[cst.ImportAlias(name=module, asname=None)]):
            bound, told = tree.code_for_node(module).partition(".")[0], f"import {tree.code_for_node(module)}"
            AddImportsVisitor.add_needed_import(context, tree.code_for_node(module))
        case _:
            return Refusal(f"the configured import `{needs}` is no absolute import of one name, without `as`")
    if _means_another(before, bound, told):
        return Refusal(f"the name `{bound}` is taken in this file")
    beside = _beside_others(tree, statement) if isinstance(statement, cst.ImportFrom) else None
    below = _below_its_package(tree, statement, line) if isinstance(statement, cst.ImportFrom) and not beside else None
    return beside or below or AddImportsVisitor(context).transform_module(tree)


def _beside_others(tree: cst.Module, wanted: cst.ImportFrom) -> cst.Module | None:
    """The tree with the name among those that a line at its top imports from the same module, where sorters put it."""
    import libcst as cst

    lines = (one.body[0] for one in tree.body if isinstance(one, cst.SimpleStatementLine) and len(one.body) == 1)
    froms = (one for one in lines if isinstance(one, cst.ImportFrom) and not one.relative)
    old = next((one for one in froms if one.module and wanted.module and one.module.deep_equals(wanted.module)), None)
    if old is None or isinstance(old.names, cst.ImportStar) or isinstance(wanted.names, cst.ImportStar):
        return None
    (alias,), names = wanted.names, list(old.names)
    spelled = [str(one.evaluated_name) for one in names]
    if alias.evaluated_name in spelled or any(one.asname is not None for one in names):
        return None
    at = sum(_rank(one) < _rank(str(alias.evaluated_name)) for one in spelled)
    between = names[0].comma if len(names) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if any(isinstance(one.comma, cst.Comma) and _has_comment(one.comma.whitespace_after) for one in names):
        return None
    if at < len(names):
        names.insert(at, alias.with_changes(comma=between))
    else:
        names[-1:] = [names[-1].with_changes(comma=between), alias.with_changes(comma=names[-1].comma)]
    return replaced(tree, old, old.with_changes(names=names))


def _below_its_package(tree: cst.Module, wanted: cst.ImportFrom, line: cst.CSTNode) -> cst.Module | None:
    """The tree with the import among those around `import PACKAGE` at its top: behind them, where sorters put it."""
    import libcst as cst

    package = tree.code_for_node(wanted.module).partition(".")[0] if wanted.module is not None else ""
    body = list(tree.body)
    told = [tree.code_for_node(one).strip() for one in body]
    at = next((number for number, one in enumerate(told) if one == f"import {package}"), None)
    if at is None or not isinstance(line, cst.SimpleStatementLine):
        return None
    at += 1
    while at < len(body) and not tree.code_for_node(body[at]).startswith(("\n", "\r", "#")):
        if not told[at].startswith("import ") and not (told[at].startswith("from ") and told[at] < f"from {package} "):
            break
        at += 1
    return tree.with_changes(body=[*body[:at], line, *body[at:]])


def _rank(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then the rest, as isort and ruff order them."""
    return not name.isupper(), not name[:1].isupper(), name


def _means_another(tree: cst.Module, name: str, told: str) -> bool:
    """Whether a name may stand for something else somewhere in the file than what the import gives it."""
    import libcst as cst

    nodes = list(nodes_of(tree))
    imports = (node for node in nodes if isinstance(node, (cst.Import, cst.ImportFrom)))
    if not any(tree.code_for_node(node).strip() == told for node in imports):
        return any(isinstance(node, cst.Name) and node.value == name for node in nodes)
    bound: list[cst.CSTNode] = [node.name for node in nodes if isinstance(node, cst.Param)]
    bound += [node.name for node in nodes if isinstance(node, cst.AsName)]
    bound += [
        node.target
        for node in nodes
        if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.For, cst.CompFor, cst.NamedExpr))
    ]
    others = (node for node in nodes if isinstance(node, (cst.Import, cst.ImportFrom)))
    bound += [
        alias.name
        for node in others
        if tree.code_for_node(node).strip() != told and not isinstance(node.names, cst.ImportStar)
        for alias in node.names
        if alias.asname is None
    ]
    return any(isinstance(one, cst.Name) and one.value == name for target in bound for one in _stored(target))


def _stored(target: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The parts of a target that are names of their own: those of a tuple, not what an attribute belongs to."""
    import libcst as cst

    if isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _stored(element.value)
    else:
        yield target
