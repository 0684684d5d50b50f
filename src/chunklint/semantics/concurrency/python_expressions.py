"""Python expressions as looks, waits and changes, in the order of their evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.semantics.concurrency.flow import Act, Bind, Block, Delegated, How, Look, Loop, Step, Suspend, Value
from chunklint.semantics.concurrency.state import Shape, States
from chunklint.semantics.concurrency.suspensions import is_async, suspends

_CHANGES = {
    "append": How.ADD,
    "appendleft": How.ADD,
    "add": How.ADD,
    "insert": How.ADD,
    "extend": How.ADD,
    "update": How.ADD,
    "setdefault": How.SET,
    "remove": How.TAKE,
    "popleft": How.TAKE,
    "popitem": How.TAKE,
    "pop": How.TAKE,
    "discard": How.DROP,
    "clear": How.CLEAR,
}
_VIEWS = frozenset({"items", "values", "keys"})
_SIZES = frozenset({"len", "any", "sum", "all", "bool", "max", "min"})
_SETTLED = frozenset({"none", "true", "false", "integer", "float", "string", "list", "dictionary", "set", "tuple"})
_NOT_ENTERED = frozenset({"lambda", "function_definition", "class_definition", "comment", "string_start", "string_end"})
# Deeper expressions do not occur in code that people wrote.
_DEEPEST = 30


class Expressions:
    """Appends the steps of expressions to `steps`.

    `touched_by` gives the states that a function of the same class or module looks at, and those that it changes.
    """

    def __init__(
        self, states: States, file: PythonFile, touched_by: Callable[[Node], tuple[frozenset[str], frozenset[str]]]
    ) -> None:
        self.steps: list[Step] = []
        self._states, self._file, self._touched_by = states, file, touched_by

    def capture(self, record: Callable[[], object]) -> Block:
        """The steps that a call records, on their own."""
        kept, self.steps = self.steps, []
        record()
        made, self.steps = tuple(self.steps), kept
        return made

    def value_of(self, node: Node, depth: int = 0) -> Value:
        """Append the steps of an expression in the order of its evaluation; gives what it is made of."""
        if depth > _DEEPEST or node.type in _NOT_ENTERED:
            return Value()
        read = _READERS.get(node.type)
        return read(self, node, depth) if read is not None else self._parts(node.named_children, depth)

    def _await(self, node: Node, depth: int) -> Value:
        """What comes back is another's: it is not made of what was handed in."""
        self._parts(node.named_children, depth)
        if suspends(node, self._file):
            self.steps.append(Suspend(node))
        self._delegate(node)
        return Value()

    def _named(self, node: Node, depth: int) -> Value:
        value = self._parts(node.named_children[1:], depth)
        self.steps.append(Bind((self._file.text(node.named_children[0]),), value))
        return value

    def _keyword(self, node: Node, depth: int) -> Value:
        return self._parts(node.named_children[1:], depth)

    def _parts(self, nodes: Iterable[Node], depth: int) -> Value:
        value = Value()
        for node in nodes:
            value += self.value_of(node, depth + 1)
        return value

    def _look(self, node: Node, state: str, key: str, how: How) -> Value:
        look = Look(node, state, key, how)
        self.steps.append(look)
        return Value(looks=(look,))

    def _name(self, node: Node, depth: int) -> Value:
        state = self._states.state_of(node, self._file)
        if state is not None:
            return self._look(node, state, "", How.VALUE)
        if node.type == "identifier":
            return Value(names=frozenset({self._file.text(node)}))
        method = self._states.method_of(node, self._file)
        name = node.child_by_field_name("attribute")
        if method is not None and name is not None and self._file.text(name) in self._states.properties:
            return self._helper(method, node)
        receiver = node.child_by_field_name("object")
        return self.value_of(receiver, depth + 1) if receiver is not None else Value()

    def _subscript(self, node: Node, depth: int) -> Value:
        container, key = subscript(node)
        state = self._states.state_of(container, self._file) if container is not None else None
        if state is None or key is None:
            return self._parts(node.named_children, depth)
        return self.value_of(key, depth + 1) + self._look(node, state, self._file.text(key), How.INDEX)

    def _call(self, node: Node, depth: int) -> Value:
        function, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or listed is None:
            return Value()
        given = listed.named_children if listed.type == "argument_list" else [listed]
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        if receiver is not None:
            known = self._method(node, receiver, self._file.text(function).rpartition(".")[2], given, depth)
            if known is not None:
                return known
        if self._file.text(function) in _SIZES:
            return self._sized(self._parts(given, depth))
        value = self._parts(given, depth)
        if (
            receiver is not None
            and receiver.type == "identifier"
            and self._file.text(function).rpartition(".")[2] in _CHANGES
        ):
            self.steps.append(Bind((self._file.text(receiver),), value, adds=True))
        method = self._states.method_of(function, self._file)
        if method is not None:
            return value if is_async(method) else value + self._helper(method, node)
        return value + self.value_of(function, depth + 1)

    def _sized(self, value: Value) -> Value:
        looks = tuple(Look(one.node, one.state, one.key, How.SIZE) for one in value.looks)
        return Value(value.names, looks)

    def _method(self, call: Node, receiver: Node, name: str, given: list[Node], depth: int) -> Value | None:
        """A call of a method of a state that is a container, or of what a container has under a key."""
        state = self._states.state_of(receiver, self._file)
        if state is None:
            return self._inner(call, receiver, name, given, depth)
        shape = self._states.shapes[state]
        if shape is Shape.SINGLE:
            return None
        key = self._file.text(given[0]) if given else ""
        if name in ("get", "__getitem__", "__contains__") and given:
            return self._parts(given, depth) + self._look(call, state, key, How.LOOKUP)
        if name not in _CHANGES:
            return self._parts(given, depth) + self._look(receiver, state, "", How.VALUE)
        value = self._parts(given, depth)
        how = _CHANGES[name]
        if name == "pop" and (len(given) > 1 or (shape is Shape.SEQUENCE and not given)):
            how = How.DROP if len(given) > 1 else How.TAKE
        if shape is Shape.SEQUENCE and name == "pop":
            key = ""
        self.steps.append(Act(call, state, key, how, value, value, makes=key))
        return Value()

    def _inner(self, call: Node, receiver: Node, name: str, given: list[Node], depth: int) -> Value | None:
        """`self.clients[room].add(client)`: a change within what the container has under the key."""
        container, key = subscript(receiver)
        state = self._states.state_of(container, self._file) if container is not None else None
        if state is None or key is None or name not in _CHANGES:
            return None
        value = self._parts(given, depth) + self._subscript(receiver, depth)
        self.steps.append(Act(call, state, self._file.text(key), How.INNER, value, makes=name))
        return Value()

    def _helper(self, method: Node, node: Node) -> Value:
        """What a function of the same class or module, which does not wait, looks at and changes."""
        looked, changed = self._touched_by(method)
        if changed:
            self.steps.append(Delegated(changed))
        looks = tuple(Look(node, state, "()", How.VALUE) for state in sorted(looked - changed))
        self.steps.extend(looks)
        return Value(looks=looks)

    def _delegate(self, waiting: Node) -> None:
        """An awaited method of the same class that changes state has done so on behalf of its caller."""
        awaited = waiting.named_children[-1] if waiting.named_children else None
        function = awaited.child_by_field_name("function") if awaited is not None and awaited.type == "call" else None
        method = self._states.method_of(function, self._file) if function is not None else None
        _, changed = self._touched_by(method) if method is not None else (None, None)
        if changed:
            self.steps.append(Delegated(changed))

    def _comparison(self, node: Node, depth: int) -> Value:
        parts = node.named_children
        operators = {self._file.text(one) for one in node.children_by_field_name("operators")}
        if len(parts) == 2 and operators & {"in", "not in"}:
            container = parts[1]
            if container.type == "call":
                function = container.child_by_field_name("function")
                if function is not None and self._file.text(function).endswith(".keys"):
                    container = function.child_by_field_name("object") or container
            state = self._states.state_of(container, self._file)
            if state is not None:
                value = self.value_of(parts[0], depth + 1)
                return value + self._look(parts[1], state, self._file.text(parts[0]), How.MEMBER)
        value = self._parts(parts, depth)
        ordered = operators & {"<", "<=", ">", ">="}
        return self._sized(value) if ordered and any(one.how is How.SIZE for one in value.looks) else value

    def _choice(self, node: Node, depth: int) -> Value:
        """`a or await b()` looks at `a` to decide, and does not build on it."""
        before = len(self.steps)
        value = self._parts(node.named_children, depth)
        if node.parent is not None and any(isinstance(step, Suspend) for step in self.steps[before:]):
            return Value(value.names)
        return value

    def _comprehension(self, node: Node, depth: int) -> Value:
        clauses = [child for child in node.named_children if child.type in ("for_in_clause", "if_clause")]
        first = clauses[0].child_by_field_name("right") if clauses else None
        if first is None:
            return Value()
        made = [self.value_of(first, depth + 1)]
        inner = self.capture(lambda: made.append(self._each(node, clauses, made[0], depth)))
        alias = self._file.text(first) if first.type == "identifier" else ""
        self.steps.append(Loop(first, (), inner, self.live(first), alias))
        return made[0] + made[1]

    def _each(self, node: Node, clauses: list[Node], value: Value, depth: int) -> Value:
        """One round of a comprehension."""
        for clause in clauses:
            right, left = clause.child_by_field_name("right"), clause.child_by_field_name("left")
            if right is not None and clause != clauses[0]:
                value += self.value_of(right, depth + 1)
            if clause.children[0].type == "async":
                self.steps.append(Suspend(clause.children[0]))
            if left is not None:
                self.bind(left, value)
            if clause.type == "if_clause":
                self._parts(clause.named_children, depth)
        body = node.child_by_field_name("body")
        return value + (self.value_of(body, depth + 1) if body is not None else Value())

    def _assignment(self, node: Node, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return Value()
        value = self.value_of(right, depth + 1)
        paired = right.type == "expression_list" and len(right.named_children) == len(left.named_children)
        if left.type in ("pattern_list", "tuple_pattern", "list_pattern"):
            for at, target in enumerate(left.named_children):
                self._store(target, right.named_children[at] if paired else None, value, depth)
        else:
            self._store(left, right, value, depth)
        return value

    def _store(self, target: Node, made: Node | None, value: Value, depth: int) -> None:
        state = self._states.state_of(target, self._file)
        settles, builds = made is not None and _is_settled(made), made is not None and made.type == "binary_operator"
        makes = self._file.text(made) if made is not None and made.type != "assignment" else ""
        if state is not None:
            self.steps.append(Act(target, state, "", How.ASSIGN, value, settles=settles, builds=builds, makes=makes))
            return
        container, key = subscript(target)
        owner = self._states.state_of(container, self._file) if container is not None else None
        if owner is not None and key is not None:
            keyed = self.value_of(key, depth + 1)
            text = self._file.text(key)
            self.steps.append(Act(target, owner, text, How.SET, value, keyed, settles, builds, makes))
            return
        if target.type in ("attribute", "subscript"):
            self.value_of(target, depth + 1)
            return
        self.bind(target, value, self.live(made) if made is not None else None)

    def _augmented(self, node: Node, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return Value()
        # Python reads the target before it evaluates what is added to it.
        read = self.value_of(left, depth + 1)
        value = read + self.value_of(right, depth + 1)
        state, key = self._states.state_of(left, self._file), ""
        container, index = subscript(left)
        if state is None and container is not None and index is not None:
            state, key = self._states.state_of(container, self._file), self._file.text(index)
        if state is not None:
            self.steps.append(Act(left, state, key, How.AUGMENT, value, builds=True))
        elif left.type == "identifier":
            self.bind(left, value)
        return Value()

    def bind(self, target: Node | None, value: Value, alias: Look | None = None) -> None:
        """Append that the names of a target get a value."""
        names = tuple(self._file.text(one) for one in _identifiers(target))
        if names:
            self.steps.append(Bind(names, value, alias if len(names) == 1 else None))

    def live(self, node: Node) -> Look | None:
        """The look that gives the very state or a view of it, no copy: `self.x`, `self.x.items()`, `self.x[key]`."""
        function = node.child_by_field_name("function") if node.type == "call" else None
        if function is not None and function.type == "attribute":
            receiver, name = function.child_by_field_name("object"), self._file.text(function).rpartition(".")[2]
            given = node.child_by_field_name("arguments")
            if receiver is None or given is None:
                return None
            state = self._states.state_of(receiver, self._file)
            if name in _VIEWS and state is not None:
                return Look(node, state, "", How.VALUE)
            if name in _VIEWS:
                return self.live(receiver) if receiver.type == "subscript" else None
            if name == "get" and state is not None and given.named_children:
                return Look(node, state, self._file.text(given.named_children[0]), How.LOOKUP)
            return None
        state = self._states.state_of(node, self._file)
        if state is not None:
            return Look(node, state, "", How.VALUE)
        container, key = subscript(node)
        state = self._states.state_of(container, self._file) if container is not None else None
        return Look(node, state, self._file.text(key), How.INDEX) if state is not None and key is not None else None


_READERS: Mapping[str, Callable[[Expressions, Node, int], Value]] = {
    "identifier": Expressions._name,
    "attribute": Expressions._name,
    "subscript": Expressions._subscript,
    "call": Expressions._call,
    "comparison_operator": Expressions._comparison,
    "await": Expressions._await,
    "assignment": Expressions._assignment,
    "augmented_assignment": Expressions._augmented,
    "named_expression": Expressions._named,
    "list_comprehension": Expressions._comprehension,
    "set_comprehension": Expressions._comprehension,
    "dictionary_comprehension": Expressions._comprehension,
    "generator_expression": Expressions._comprehension,
    "boolean_operator": Expressions._choice,
    "conditional_expression": Expressions._choice,
    "keyword_argument": Expressions._keyword,
}


def _is_settled(made: Node) -> bool:
    """Whether a value is None, a literal, or empty."""
    if made.type == "call":
        given = made.child_by_field_name("arguments")
        function = made.child_by_field_name("function")
        empty = given is not None and not given.named_children and function is not None
        return empty and function is not None and (function.text or b"").decode() in ("list", "dict", "set", "deque")
    return made.type in _SETTLED


def subscript(node: Node) -> tuple[Node | None, Node | None]:
    """Container and key of `container[key]`; slices have none."""
    if node.type != "subscript":
        return None, None
    keys = node.children_by_field_name("subscript")
    if len(keys) != 1 or keys[0].type == "slice":
        return None, None
    return node.child_by_field_name("value"), keys[0]


def _identifiers(target: Node | None) -> Iterable[Node]:
    pending = [target] if target is not None else []
    while pending:
        node = pending.pop()
        if node.type == "identifier":
            yield node
        elif node.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target"):
            pending.extend(node.named_children)
