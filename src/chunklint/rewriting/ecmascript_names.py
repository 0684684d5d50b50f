"""Names that a cleanup can say: those that are there, and those that values without one are given."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.model import Refusal
from chunklint.rewriting.ecmascript_blocks import Block, Site, indent_in, with_comments
from chunklint.rewriting.ecmascript_text import moved, style_of
from chunklint.semantics.ecmascript.functions import arguments_of, is_function
from chunklint.semantics.ecmascript.names import (
    FUNCTIONS,
    Binding,
    bindings,
    resolve,
    root_of,
    scopes_around,
    unwrap,
)
from chunklint.semantics.ecmascript.react import Effect, hook_of

LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_ASSIGNS = ("assignment_expression", "augmented_assignment_expression", "update_expression")
_APART = FUNCTIONS | {"ternary_expression", "binary_expression", "if_statement", "else_clause"}


def kept_in(site: Site, node: Node, *wanted: str) -> str | Refusal:
    """The name that holds the value of an expression, which gets one where it has none."""
    place = node.parent
    child = node
    while place is not None and unwrap(place) != place and place.type != "await_expression":
        child, place = place, place.parent
    if place is None:
        return Refusal("its value has no place")
    match place.type:
        case "variable_declarator":
            return _declared(site, place)
        case "assignment_expression" if place.child_by_field_name("right") == child:
            return _assigned(site, place)
    statement = own_statement(node, site.block)
    if statement is None or not is_in(statement, site.block):
        return _hoisted(site, node, place, wanted[0])
    own = site.edits.free_name(function_around(node), *wanted)
    if place.type == "expression_statement" or child == site.block.node:
        site.edits.insert(child.start_byte, f"const {own} = ")
        return own
    if place.type not in ("arguments", "member_expression"):
        return Refusal("its value goes where no name can be put")
    introduce(site, statement, own, moved(site.file, node, indent_in(site.file, statement, site.block)))
    site.edits.replace(node.start_byte, node.end_byte, own)
    return own


def _declared(site: Site, declarator: Node) -> str | Refusal:
    name = declarator.child_by_field_name("name")
    found = resolve(site.file, name) if name is not None and name.type == "identifier" else None
    if name is None or found is None:
        return Refusal("its value is taken apart where it is made")
    if is_reassigned(site.file, found):
        return Refusal(f"`{found.name}` gets other values, too")
    if not found.scope.start_byte <= site.block.node.start_byte or not site.block.node.end_byte <= found.scope.end_byte:
        return _hoisted(site, declarator, declarator, found.name)
    return found.name


def _hoisted(site: Site, node: Node, place: Node, wanted: str) -> str | Refusal:
    """Declare the name of a handle in front of the branch or function that makes it."""
    value = place.child_by_field_name("value") if place.type == "variable_declarator" else node
    sort = _sort(site.file, value) if value is not None else None
    top = next((one for one in (node, *ancestors(node)) if one.parent == site.block.node), None)
    if (
        not site.hoists
        or sort is None
        or top is None
        or site.block.node.type != "statement_block"
        or _is_repeated(node, site.block)
    ):
        return Refusal("it is made in a branch or a function that the cleanup does not see")
    if place.type == "variable_declarator":
        declaration, name = place.parent, place.child_by_field_name("name")
        if declaration is None or name is None or len(declaration.named_children) != 1:
            return Refusal("it is declared together with other variables")
        own = wanted
        site.edits.replace(declaration.start_byte, name.end_byte, own)
    elif place.type == "expression_statement":
        own = site.edits.free_name(site.effect.callback, wanted)
        site.edits.insert(node.start_byte, f"{own} = ")
    else:
        return Refusal("its value goes where no name can be put")
    first = with_comments(_earliest(site, top))
    end = style_of(site.file).end
    site.edits.insert(first.start_byte, f"let {own}{sort}{end}\n{indent_in(site.file, first, site.block)}")
    return own


def _sort(file: SourceFile, value: Node) -> str | None:
    """What a declaration says of the type of a handle; None when it cannot be named."""
    text = file.text(callee) if (callee := value.child_by_field_name("function")) is not None else ""
    if not file.path.endswith((".ts", ".tsx", ".mts", ".cts")):
        return ""
    if text in ("setTimeout", "setInterval"):
        return f": ReturnType<typeof {text}> | undefined"
    return ": number | undefined" if text in ("window.setTimeout", "window.setInterval") else None


def _is_repeated(node: Node, block: Block) -> bool:
    """Whether a loop, or a callback of whoever calls it, lies between a node and the block."""
    for around in ancestors(node):
        if around == block.node:
            return False
        if around.type in LOOPS or (around.type in FUNCTIONS and around.parent and around.parent.type == "arguments"):
            return True
    return True


def _earliest(site: Site, top: Node) -> Node:
    """The first statement that names the function which a statement defines, or the statement itself."""
    declarator = next(iter(descendants(top, "variable_declarator")), None)
    named = top.child_by_field_name("name") or (declarator.child_by_field_name("name") if declarator else None)
    name = site.file.text(named) if named is not None else ""
    for statement in site.block.statements:
        if statement == top or any(site.file.text(one) == name for one in descendants(statement, "identifier")):
            return statement
    return top


def _assigned(site: Site, assignment: Node) -> str | Refusal:
    left = assignment.child_by_field_name("left")
    if left is None or left.type not in ("identifier", "member_expression"):
        return Refusal("its value is kept where the cleanup cannot ask for it")
    root = root_of(left)
    found = resolve(site.file, root) if root.type == "identifier" else None
    if found is None:
        return Refusal(f"`{site.file.text(left)}` is not declared in this file")
    if not found.scope.start_byte <= site.block.node.start_byte or not site.block.node.end_byte <= found.scope.end_byte:
        return Refusal(f"`{site.file.text(left)}` is not known where the cleanup would be")
    return site.file.text(left)


def introduce(site: Site, before: Node, name: str, value: str) -> None:
    """Insert `const name = value` before a statement of a block."""
    end = style_of(site.file).end
    site.edits.insert(before.start_byte, f"const {name} = {value}{end}\n{indent_in(site.file, before, site.block)}")


def is_seen_from(file: SourceFile, node: Node, block: Node, *, reassigned: bool = False) -> bool:
    """Whether each name in an expression is known at the end of a block, and (if it must be) keeps its value."""
    names = [node] if node.type == "identifier" else list(descendants(node, "identifier"))
    for name in names:
        found = resolve(file, name)
        if found is None:
            continue
        if is_within(found.scope, node):
            continue
        if not found.scope.start_byte <= block.start_byte or not block.end_byte <= found.scope.end_byte:
            return False
        if not reassigned and is_reassigned(file, found):
            return False
    return True


def is_reassigned(file: SourceFile, found: Binding) -> bool:
    """Whether anything but its introduction gives a name a value."""
    if found.kind in ("import", "function", "class"):
        return False
    for node in descendants(found.scope, *_ASSIGNS):
        target = node.child_by_field_name("left") or node.child_by_field_name("argument")
        if target is not None and target.type == "identifier" and file.text(target) == found.name:
            return True
    return False


def is_call(node: Node) -> bool:
    """Whether evaluating an expression again would give another value: it calls or makes something."""
    inner = unwrap(node)
    if is_function(inner) or inner.type in ("call_expression", "new_expression"):
        return True
    return any(True for _ in descendants(inner, "call_expression", "new_expression", stop=FUNCTIONS))


def own_statement(node: Node, block: Block) -> Node | None:
    """The statement that a node belongs to, unless a function or a condition lies between."""
    current = node
    if current == block.node:
        return current
    for around in ancestors(node):
        if around == block.node and around.type != "statement_block":
            return around
        if around.type in ("statement_block", "program"):
            return current
        if around.type in _APART:
            return None
        current = around
    return None


def function_around(node: Node) -> Node:
    """The function that a node stands in."""
    return next((around for around in ancestors(node) if around.type in FUNCTIONS), node)


def is_in(statement: Node, block: Block) -> bool:
    """Whether a statement is one of the block's own, so that the end of the block sees what it declares."""
    return block.node in (statement, statement.parent)


def starts_empty(file: SourceFile, effect: Effect, handle: str) -> bool:
    """Whether a handle is a ref, named with its `current`, that is made without a value, as far as one sees."""
    return "." in handle and first_value(file, effect, handle) in ("", "null", "undefined")


def first_value(file: SourceFile, effect: Effect, handle: str) -> str:
    """What the ref of a handle is made with; "" for nothing, or what is not seen."""
    root = handle.partition(".")[0]
    scopes = scopes_around(file, effect.callback)
    found = next((known[root] for scope in scopes if root in (known := bindings(file, scope))), None)
    hook = hook_of(file, found) if found is not None else None
    given = arguments_of(hook[1]) if hook is not None else []
    return file.text(given[0]) if given else ""
