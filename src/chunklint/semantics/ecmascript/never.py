"""What never happens: elements, calls and imports behind conditions that can never hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, is_function
from chunklint.semantics.ecmascript.names import Binding, bindings, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import component_of, hook_of, jsx_elements
from chunklint.semantics.ecmascript.states import is_listed, setter_of
from chunklint.semantics.ecmascript.swaps import (
    are_ruled_out,
    asked_before,
    is_literal,
    is_self_contradicting,
    said_of,
    shown_when,
)

_STATES = "(variable_declarator name: (array_pattern . (identifier) @state) value: (call_expression)) @whole"
_LEAVES = ("break_statement", "return_statement", "throw_statement", "continue_statement")
_OPENINGS = ("jsx_opening_element", "jsx_self_closing_element")


def never_shown(file: SourceFile, element: Node) -> bool:
    """Whether a condition around an element, or around a place that only leads to it, asks a state for the impossible.

    `const [open, setOpen] = useState(false)` with `open && <Panel onClose={() => setOpen(false)} />`.
    """
    fixed = _fixed_states(file)
    owner = component_of(file, element) if fixed else None
    if owner is None:
        return False
    return _is_ruled_out(file, list(shown_when(file, element, owner)), fixed)


def never_taken(file: SourceFile) -> frozenset[tuple[str, str]]:
    """Module and name of each import that nothing but elements uses which are never shown."""

    def find() -> frozenset[tuple[str, str]]:
        elements = jsx_elements(file) if _fixed_states(file) else ()
        hidden = [element for element in elements if never_shown(file, element)]
        named = (bindings(file, file.root).get(_tag(file, element)) for element in hidden)
        imports = {found.node.id: found for found in named if found is not None and found.kind == "import"}
        return frozenset(
            (found.module, found.imported)
            for found in imports.values()
            if all(_is_tag_of(use, hidden) for use in _uses(file, found))
        )

    return file.remember("never taken", find)


def never_reached(file: SourceFile, place: Node) -> bool:
    """Whether the conditions that lead to a place exclude each other, or ask a state for what it never becomes.

    `switch (kind) { case A: if (kind === B) place }`.
    """
    function = next((around for around in reversed(list(ancestors(place))) if is_function(around)), None)
    asked = list(asked_before(place, function)) if function is not None else []
    if function is None or not asked:
        return False
    if _is_ruled_out(file, asked, _fixed_states(file)):
        return True
    said = said_of(file, asked)
    for name, value in _cases(file, place, function):
        said.setdefault(name, set()).add(value)
    return is_self_contradicting(
        {name: said[name] for name in _constants(file, asked, place, function) if name in said}
    )


def _constants(file: SourceFile, asked: list[tuple[Node, bool]], place: Node, function: Node) -> Iterator[str]:
    """The names in conditions that always stand for the same: one binding, to which nothing is assigned anew."""
    meant: dict[str, list[Node]] = {}
    for name in (one for condition in _asked_values(asked, place, function) for one in _names(condition)):
        meant.setdefault(file.text(name), []).append(name)
    for text, names in meant.items():
        bound = {found.node.id if (found := resolve(file, name)) is not None else 0 for name in names}
        if len(bound) == 1 and _is_constant(file, names[0]):
            yield text


def never_at_first(file: SourceFile, place: Node, function: Node) -> bool:
    """Whether a place in an initialiser is not come to while each state has the value that it begins with."""
    asked = list(asked_before(place, function))
    return _is_ruled_out(file, asked, None)


def _is_ruled_out(file: SourceFile, asked: list[tuple[Node, bool]], fixed: Mapping[int, str] | None) -> bool:
    """Whether conditions cannot hold for what a state begins with; of the fixed ones only, where they are told."""
    for name in (one for condition, _ in asked for one in _names(condition)):
        found = resolve(file, name)
        if found is None or (fixed is not None and found.node.id not in fixed):
            continue
        value = _initial(file, found)
        if value is not None and are_ruled_out(file, asked, file.text(name), value):
            return True
    return False


def _fixed_states(file: SourceFile) -> Mapping[int, str]:
    """The states that never become anything else than what they begin with, by their names' nodes."""

    def find() -> Mapping[int, str]:
        if b"useState" not in file.source:
            return {}
        names = (captures["state"][0] for _, captures in ECMASCRIPT.matches(file, (_STATES,)))
        states = ((found, _initial(file, found)) for name in names if (found := resolve(file, name)) is not None)
        return {
            found.node.id: value for found, value in states if value is not None and _never_changes(file, found, value)
        }

    return file.remember("fixed states", find)


def _initial(file: SourceFile, found: Binding) -> str | None:
    """The literal that a state begins with, as written; None for any other value and what is no state."""
    hook = hook_of(file, found)
    if hook is None or hook[0] != "useState" or found.keys != ("0",):
        return None
    given = arguments_of(hook[1])
    if not given:
        return "undefined"
    return file.text(unwrap(given[0])) if is_literal(file, unwrap(given[0])) else None


def _never_changes(file: SourceFile, state: Binding, value: str) -> bool:
    """Whether all that is done with the setter of a state is to set it to that value again."""
    setter = setter_of(file, state)
    uses = uses_of(file, setter.node) if setter is not None else ()
    return all(_sets_to(file, use, value) for use in uses if not is_listed(file, use))


def _sets_to(file: SourceFile, use: Node, value: str) -> bool:
    call = use.parent
    if call is None or call.type != "call_expression" or callee_of(call) != use:
        return False
    given = arguments_of(call)
    return (file.text(unwrap(given[0])) if given else "undefined") == value


def _cases(file: SourceFile, place: Node, function: Node) -> Iterator[tuple[str, str]]:
    """What is compared in the switches around a place, and with what, where no case before falls into its own."""
    for around in ancestors(place):
        if around == function:
            return
        body = around.parent if around.type == "switch_case" else None
        switch = body.parent if body is not None else None
        asked = switch.child_by_field_name("value") if switch is not None else None
        value = around.child_by_field_name("value")
        if body is None or asked is None or value is None or not is_literal(file, unwrap(value)):
            continue
        before = [one for one in body.named_children if one.type == "switch_case" and one.end_byte <= around.start_byte]
        if not before or _leaves(before[-1]):
            yield file.text(unwrap(asked)), file.text(unwrap(value))


def _leaves(case: Node) -> bool:
    """Whether nothing falls out of a case into the next one."""
    last = next((one for one in reversed(case.named_children) if one.type != "comment"), None)
    return last is not None and (last.type in _LEAVES or (last.type == "statement_block" and _leaves(last)))


def _asked_values(asked: Iterable[tuple[Node, bool]], place: Node, function: Node) -> Iterator[Node]:
    yield from (condition for condition, _ in asked)
    for around in ancestors(place):
        if around == function:
            return
        value = around.child_by_field_name("value") if around.type == "switch_statement" else None
        if value is not None:
            yield value


def _is_constant(file: SourceFile, name: Node) -> bool:
    """Whether a name always stands for the same while its function runs: nothing is assigned to it anew."""
    found = resolve(file, name)
    if found is None or (found.scope.type == "program" and found.kind != "import"):
        return False
    return not any(
        use.parent is not None
        and use.parent.type in ("assignment_expression", "augmented_assignment_expression", "update_expression")
        and use.parent.named_children[0] == use
        for use in uses_of(file, found.node)
    )


def _names(condition: Node) -> Iterator[Node]:
    if condition.type == "identifier":
        yield condition
    else:
        yield from descendants(condition, "identifier")


def _tag(file: SourceFile, element: Node) -> str:
    name = element.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def _uses(file: SourceFile, found: Binding) -> Iterator[Node]:
    """Where a file names what it imports, its import left aside."""
    for name in descendants(file.root, "identifier", "type_identifier", "shorthand_property_identifier"):
        if file.text(name) == found.name and name != found.node and not begins_within(name, _statement(found.node)):
            yield name


def _statement(name: Node) -> Node:
    return next((around for around in ancestors(name) if around.type == "import_statement"), name)


def _is_tag_of(use: Node, hidden: list[Node]) -> bool:
    """Whether a name is the tag of one of the elements, where it opens or closes."""
    tag = use.parent
    if tag is not None and tag.type == "jsx_closing_element" and tag.parent is not None:
        tag = tag.parent.named_children[0]
    return tag is not None and tag.type in _OPENINGS and tag in hidden
