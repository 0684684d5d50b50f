"""Python functions as flows of looks, waits and changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.semantics.concurrency.flow import (
    Act,
    Attempt,
    Block,
    Branch,
    Delegated,
    Exit,
    How,
    Leave,
    Look,
    Loop,
    Suspend,
    Test,
    every,
)
from chunklint.semantics.concurrency.python_expressions import Expressions, subscript
from chunklint.semantics.concurrency.state import States
from chunklint.semantics.concurrency.suspensions import enters_at_once

# Longer chains of own helpers, and deeper blocks, do not occur in code that people wrote.
_HELPERS = 2
_DEEPEST = 20


def flow_of(function: Node, states: States, file: PythonFile) -> Block:
    """The flow of a function's body, as far as it touches the states of its class, or of the module."""
    return file.remember(("flow", function.id, states.owner is None), partial(_flow, function, states, file, 0))


def touched(block: Block) -> tuple[frozenset[str], frozenset[str]]:
    """The states that a flow looks at, and those that it changes."""
    looked, changed = set[str](), set[str]()
    for step in every(block):
        if isinstance(step, Look):
            looked.add(step.state)
        elif isinstance(step, Act):
            changed.add(step.state)
        elif isinstance(step, Delegated):
            changed.update(step.states)
    return frozenset(looked), frozenset(changed)


def _flow(function: Node, states: States, file: PythonFile, depth: int) -> Block:
    body = function.child_by_field_name("body")
    return _Statements(states, file, depth).block(body) if body is not None else ()


def _summary(depth: int, states: States, file: PythonFile, method: Node) -> tuple[frozenset[str], frozenset[str]]:
    """What a helper touches that is called from a function which is itself so many helpers away."""
    if depth >= _HELPERS:
        return frozenset(), frozenset()
    key = ("summary", method.id, states.owner is None, depth)
    return file.remember(key, lambda: touched(_flow(method, states, file, depth + 1)))


class _Statements:
    """Turns statements into steps. `depth` counts the helpers that were followed to get here."""

    def __init__(self, states: States, file: PythonFile, depth: int) -> None:
        self._states, self._file = states, file
        self._made = Expressions(states, file, partial(_summary, depth, states, file))
        self._blocks = 0

    def block(self, node: Node | None) -> Block:
        """The steps of a block, on their own."""
        if node is None or self._blocks >= _DEEPEST:
            return ()
        self._blocks += 1
        made = self._made.capture(lambda: self._each(node.named_children))
        self._blocks -= 1
        return made

    def _each(self, statements: Iterable[Node]) -> None:
        for statement in statements:
            read = _READERS.get(statement.type)
            if read is not None:
                read(self, statement)

    def _parts(self, node: Node) -> None:
        for child in node.named_children:
            self._made.value_of(child)

    def _leave(self, node: Node) -> None:
        self._parts(node)
        self._made.steps.append(Leave(_EXITS[node.type]))

    def _test(self, condition: Node) -> None:
        self._made.steps.append(Test(condition, self._made.value_of(condition)))

    def _assert(self, node: Node) -> None:
        for condition in node.named_children[:1]:
            self._test(condition)

    def _if(self, node: Node) -> None:
        """An `elif` is a branch within the branch that the conditions before it leave."""
        self._branches((node, *node.children_by_field_name("alternative")))

    def _branches(self, clauses: Sequence[Node], depth: int = 0) -> None:
        """The branches of an `if`, `elif` and `else` that follow each other; of very many the last are one."""
        first, *others = clauses
        condition = first.child_by_field_name("condition")
        if condition is None:
            self._made.steps.extend(self.block(first.child_by_field_name("body")))
            return
        self._test(condition)
        block = self.block(first.child_by_field_name("consequence"))
        nested = depth < _DEEPEST and bool(others)
        otherwise = self._made.capture(partial(self._branches, others, depth + 1)) if nested else ()
        self._made.steps.append(Branch((block, otherwise), (condition,)))

    def _match(self, node: Node) -> None:
        subjects = node.children_by_field_name("subject")
        for subject in subjects:
            self._test(subject)
        body = node.child_by_field_name("body")
        cases = [child for child in (body.named_children if body is not None else ()) if child.type == "case_clause"]
        blocks = [self.block(case.child_by_field_name("consequence")) for case in cases]
        self._made.steps.append(Branch((*blocks, ()), tuple(subjects)))

    def _while(self, node: Node) -> None:
        condition = node.child_by_field_name("condition")
        head = self._made.capture(partial(self._test, condition)) if condition is not None else ()
        self._made.steps.append(Loop(node, head, self.block(node.child_by_field_name("body")), conditional=True))

    def _for(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if right is None:
            return
        value = self._made.value_of(right)
        bound = self._made.capture(partial(self._made.bind, left, value))
        head = (Suspend(node.children[0]), *bound) if node.children[0].type == "async" else bound
        alias = self._file.text(right) if right.type == "identifier" else ""
        body = self.block(node.child_by_field_name("body"))
        self._made.steps.append(Loop(right, head, body, self._made.live(right), alias))

    def _try(self, node: Node) -> None:
        handlers: list[Block] = []
        otherwise: Block = ()
        final: Block = ()
        for child in node.named_children:
            inner = next((part for part in child.named_children if part.type == "block"), None)
            match child.type:
                case "except_clause" | "except_group_clause":
                    handlers.append(self.block(inner))
                case "else_clause":
                    otherwise = self.block(child.child_by_field_name("body") or inner)
                case "finally_clause":
                    final = self.block(inner)
        body = self.block(node.child_by_field_name("body"))
        self._made.steps.append(Attempt(body, tuple(handlers), otherwise, final))

    def _with(self, node: Node) -> None:
        waits = node.children[0].type == "async"
        clause = next((child for child in node.named_children if child.type == "with_clause"), None)
        items = [child for child in (clause.named_children if clause is not None else ()) if child.type == "with_item"]
        for item in items:
            value = item.child_by_field_name("value")
            if value is not None:
                self._made.value_of(value)
                if waits and not enters_at_once(self._file.text(value)):
                    self._made.steps.append(Suspend(value))
        self._made.steps.extend(self.block(node.child_by_field_name("body")))

    def _delete(self, node: Node) -> None:
        targets = node.named_children
        if len(targets) == 1 and targets[0].type == "expression_list":
            targets = targets[0].named_children
        for target in targets:
            container, key = subscript(target)
            state = self._states.state_of(container, self._file) if container is not None else None
            if state is None or key is None:
                self._made.value_of(target)
                continue
            keyed = self._made.value_of(key)
            self._made.steps.append(Act(target, state, self._file.text(key), How.TAKE, keyed=keyed))


_EXITS = {
    "return_statement": Exit.OUT,
    "raise_statement": Exit.OUT,
    "break_statement": Exit.BEHIND_LOOP,
    "continue_statement": Exit.NEXT_ROUND,
}
_READERS: Mapping[str, Callable[[_Statements, Node], None]] = {
    "expression_statement": _Statements._parts,
    "if_statement": _Statements._if,
    "while_statement": _Statements._while,
    "for_statement": _Statements._for,
    "try_statement": _Statements._try,
    "with_statement": _Statements._with,
    "delete_statement": _Statements._delete,
    "match_statement": _Statements._match,
    "assert_statement": _Statements._assert,
    **dict.fromkeys(_EXITS, _Statements._leave),
}
