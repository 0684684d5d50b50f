"""Methods of TypeScript and JavaScript classes as flows of looks at `this`, waits and changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.concurrency.flow import (
    Act,
    Attempt,
    Bind,
    Block,
    Branch,
    Exit,
    How,
    Leave,
    Look,
    Loop,
    Step,
    Suspend,
    Test,
    Value,
)
from chunklint.semantics.concurrency.state import Shape
from chunklint.semantics.ecmascript.names import FUNCTIONS, unwrap

_CHANGES = {
    "push": How.ADD,
    "unshift": How.ADD,
    "add": How.ADD,
    "set": How.SET,
    "clear": How.CLEAR,
    "splice": How.DROP,
    "shift": How.DROP,
    "pop": How.DROP,
    "delete": How.DROP,
}
_MADE = {"Map": Shape.MAPPING, "Set": Shape.SET, "Array": Shape.SEQUENCE}
_LITERALS = {"array": Shape.SEQUENCE, "object": Shape.MAPPING}
_SETTLED = frozenset({"null", "undefined", "true", "false", "number", "string", "array", "object"})
_NOT_ENTERED = FUNCTIONS | {"class", "class_declaration", "comment"}
_DEEPEST = 60
_LEAVING = {
    "return_statement": Exit.OUT,
    "throw_statement": Exit.OUT,
    "break_statement": Exit.BEHIND_LOOP,
    "continue_statement": Exit.NEXT_ROUND,
}


def shapes_of(owner: Node, file: EcmascriptFile) -> Mapping[str, Shape]:
    """The attributes that methods of a class assign to or that its body declares: "this.items" and its shape."""
    shapes: dict[str, Shape] = {}
    for node in descendants(owner, "public_field_definition", "field_definition", "assignment_expression"):
        target = node.child_by_field_name("left") or node.child_by_field_name("name")
        target = target or node.child_by_field_name("property")
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
        if target is None or (value is not None and value.type in FUNCTIONS):
            continue
        name = this_name(target, file) if node.type == "assignment_expression" else f"this.{file.text(target)}"
        if name and shapes.get(name, Shape.SINGLE) is Shape.SINGLE:
            shapes[name] = _shape(value, file)
    return shapes


def this_name(node: Node, file: EcmascriptFile) -> str:
    """The text of `this.name`, "" for anything else."""
    receiver, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    if node.type != "member_expression" or receiver is None or name is None or receiver.type != "this":
        return ""
    return f"this.{file.text(name)}"


def _shape(value: Node | None, file: EcmascriptFile) -> Shape:
    if value is None:
        return Shape.SINGLE
    value = unwrap(value)
    made = value.child_by_field_name("constructor") if value.type == "new_expression" else None
    return _MADE.get(file.text(made), Shape.SINGLE) if made is not None else _LITERALS.get(value.type, Shape.SINGLE)


def flow_of_method(method: Node, shapes: Mapping[str, Shape], file: EcmascriptFile) -> Block:
    """The flow of a method's body, as far as it touches these attributes."""
    return _Lowering(shapes, file).block(method.child_by_field_name("body"), 0)


class _Lowering:
    def __init__(self, shapes: Mapping[str, Shape], file: EcmascriptFile) -> None:
        self._shapes, self._file = shapes, file
        self._steps: list[Step] = []

    def block(self, node: Node | None, depth: int) -> Block:
        """The steps of a block or of a lone statement, on their own."""
        kept, self._steps = self._steps, []
        if node is not None and depth < _DEEPEST:
            for statement in node.named_children if node.type in ("statement_block", "else_clause") else [node]:
                self._statement(statement, depth + 1)
        made, self._steps = tuple(self._steps), kept
        return made

    def _statement(self, node: Node, depth: int) -> None:
        match node.type:
            case "statement_block":
                self._steps.extend(self.block(node, depth))
            case "if_statement":
                tested = self._test(node.child_by_field_name("condition"))
                blocks = (self._field(node, "consequence", depth), self._field(node, "alternative", depth))
                self._steps.append(Branch(blocks, tested))
            case "while_statement" | "do_statement":
                self._while(node, depth)
            case "for_in_statement":
                self._for_of(node, depth)
            case "for_statement":
                self._steps.append(Loop(node, (), self._field(node, "body", depth)))
            case "try_statement":
                self._try(node, depth)
            case "switch_statement":
                tested = self._test(node.child_by_field_name("value"))
                cases = descendants(node, "switch_case", "switch_default", stop=FUNCTIONS | {"switch_case"})
                self._steps.append(Branch((*(self._case(one, depth) for one in cases), ()), tested))
            case _:
                for child in node.named_children:
                    self._expression(child, 0)
                if node.type in _LEAVING:
                    self._steps.append(Leave(_LEAVING[node.type]))

    def _field(self, node: Node, name: str, depth: int) -> Block:
        return self.block(node.child_by_field_name(name), depth)

    def _case(self, node: Node, depth: int) -> Block:
        kept, self._steps = self._steps, []
        for statement in node.children_by_field_name("body"):
            if statement.type != "break_statement" and depth < _DEEPEST:
                self._statement(statement, depth + 1)
        made, self._steps = tuple(self._steps), kept
        return made

    def _test(self, condition: Node | None) -> tuple[Node, ...]:
        if condition is None:
            return ()
        self._steps.append(Test(condition, self._expression(condition, 0)))
        return (condition,)

    def _while(self, node: Node, depth: int) -> None:
        kept, self._steps = self._steps, []
        self._test(node.child_by_field_name("condition"))
        head, self._steps = tuple(self._steps), kept
        self._steps.append(Loop(node, head, self._field(node, "body", depth), conditional=True))

    def _for_of(self, node: Node, depth: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if right is None:
            return
        value = self._expression(right, 0)
        head: list[Step] = [Suspend(node.children[0])] if any(one.type == "await" for one in node.children) else []
        head.extend([Bind(tuple(self._names(left)), value)] if left is not None else [])
        name = this_name(right, self._file)
        # Maps and sets survive changes in the middle of an iteration.
        live = self._shapes.get(name) is Shape.SEQUENCE
        over = Look(right, name, "", How.VALUE) if live else None
        self._steps.append(Loop(right, tuple(head), self._field(node, "body", depth), over))

    def _try(self, node: Node, depth: int) -> None:
        handler, final = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers = (self._field(handler, "body", depth),) if handler is not None else ()
        ending = self._field(final, "body", depth) if final is not None else ()
        self._steps.append(Attempt(self._field(node, "body", depth), handlers, (), ending))

    def _expression(self, node: Node, depth: int) -> Value:
        if depth > _DEEPEST or node.type in _NOT_ENTERED:
            return Value()
        match node.type:
            case "identifier" | "shorthand_property_identifier":
                return Value(names=frozenset({self._file.text(node)}))
            case "member_expression" | "subscript_expression":
                return self._place(node, depth)
            case "call_expression":
                return self._call(node, depth)
            case "await_expression":
                self._parts(node.named_children, depth)
                self._steps.append(Suspend(node))
                return Value()
            case "assignment_expression" | "augmented_assignment_expression":
                return self._assignment(node, depth)
            case "update_expression":
                return self._update(node, depth)
            case "variable_declarator":
                return self._declared(node, depth)
        return self._choice(node, depth)

    def _parts(self, nodes: Iterable[Node], depth: int) -> Value:
        value = Value()
        for node in nodes:
            value += self._expression(node, depth + 1)
        return value

    def _choice(self, node: Node, depth: int) -> Value:
        """`this.a ?? (await b())` looks at `a` to decide, and does not build on it."""
        before = len(self._steps)
        value = self._parts(node.named_children, depth)
        operator = node.child_by_field_name("operator")
        decides = node.type == "ternary_expression" or (
            operator is not None and self._file.text(operator) in ("||", "&&", "??")
        )
        waits = any(isinstance(step, Suspend) for step in self._steps[before:])
        if decides and waits:
            return Value(value.names)
        compared = operator is not None and self._file.text(operator) in ("<", "<=", ">", ">=")
        return _sized(value) if compared and any(one.how is How.SIZE for one in value.looks) else value

    def _look(self, node: Node, state: str, key: str, how: How) -> Value:
        look = Look(node, state, key, how)
        self._steps.append(look)
        return Value(looks=(look,))

    def _place(self, node: Node, depth: int) -> Value:
        name = this_name(node, self._file)
        if name in self._shapes:
            return self._look(node, name, "", How.VALUE)
        receiver, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if receiver is None:
            return Value()
        owner = this_name(receiver, self._file)
        if owner in self._shapes and index is not None:
            return self._expression(index, depth + 1) + self._look(node, owner, self._file.text(index), How.LOOKUP)
        word = node.child_by_field_name("property")
        if owner in self._shapes and word is not None and self._file.text(word) in ("length", "size"):
            return self._look(node, owner, "", How.SIZE)
        return self._expression(receiver, depth + 1)

    def _call(self, node: Node, depth: int) -> Value:
        function, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or listed is None:
            return Value()
        given = listed.named_children
        receiver, word = function.child_by_field_name("object"), function.child_by_field_name("property")
        state = this_name(receiver, self._file) if receiver is not None else ""
        if word is None or self._shapes.get(state, Shape.SINGLE) is Shape.SINGLE:
            return self._parts(given, depth) + self._expression(function, depth + 1)
        key, method = self._file.text(given[0]) if given else "", self._file.text(word)
        value = self._parts(given, depth)
        if method in _CHANGES:
            self._steps.append(Act(node, state, key, _CHANGES[method], value, value, makes=key))
            return Value()
        if method in ("has", "includes", "get", "indexOf") and given:
            return value + self._look(node, state, key, How.MEMBER if method != "get" else How.LOOKUP)
        return value + self._look(node, state, "", How.VALUE)

    def _assignment(self, node: Node, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return Value()
        augmented = node.type == "augmented_assignment_expression"
        read = self._expression(left, depth + 1) if augmented else Value()
        operator = node.child_by_field_name("operator")
        decides = operator is not None and self._file.text(operator) in ("??=", "||=", "&&=")
        value = self._expression(right, depth + 1) + (Value() if decides else read)
        made = unwrap(right) if right.type != "await_expression" else right
        settles, builds = made.type in _SETTLED, augmented or made.type == "binary_expression"
        settles = settles and not made.named_children
        text = self._file.text(right)
        name = this_name(left, self._file)
        receiver, index = left.child_by_field_name("object"), left.child_by_field_name("index")
        owner = this_name(receiver, self._file) if receiver is not None and index is not None else ""
        if name in self._shapes:
            how = How.AUGMENT if augmented else How.ASSIGN
            self._steps.append(Act(left, name, "", how, value, settles=settles, builds=builds, makes=text))
        elif owner in self._shapes and index is not None:
            key = self._file.text(index)
            self._steps.append(Act(left, owner, key, How.SET, value, settles=settles, builds=builds, makes=text))
        elif left.type == "identifier":
            self._steps.append(Bind((self._file.text(left),), value))
        return value

    def _update(self, node: Node, depth: int) -> Value:
        argument = node.child_by_field_name("argument")
        name = this_name(argument, self._file) if argument is not None else ""
        if name in self._shapes:
            self._steps.append(Act(node, name, "", How.AUGMENT, builds=True))
            return Value()
        return self._parts(node.named_children, depth)

    def _declared(self, node: Node, depth: int) -> Value:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return Value()
        made = self._expression(value, depth + 1)
        self._steps.append(Bind(tuple(self._names(name)), made))
        return Value()

    def _names(self, pattern: Node) -> Iterator[str]:
        for node in (pattern, *descendants(pattern, "identifier", "shorthand_property_identifier_pattern")):
            if node.type in ("identifier", "shorthand_property_identifier_pattern"):
                yield self._file.text(node)


def _sized(value: Value) -> Value:
    looks = tuple(Look(one.node, one.state, one.key, How.SIZE) if not one.key else one for one in value.looks)
    return Value(value.names, looks)
