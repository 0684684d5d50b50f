"""The steps of a revision script as PostgreSQL would see them, through branches, loops and helpers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location, Span
from chunklint.semantics.migrations.alembic_calls import batch_table, is_operations, sql_argument
from chunklint.semantics.migrations.frames import Frame, argument_of, names_in, shapes_in
from chunklint.semantics.migrations.schema import Kind as SchemaKind
from chunklint.semantics.migrations.step_calls import (
    LIBRARIES,
    may_touch,
    mentions_connection,
    operation,
    type_operation,
)
from chunklint.semantics.migrations.step_columns import Call
from chunklint.semantics.migrations.step_sql import steps_of_sql
from chunklint.semantics.migrations.steps import Certainty, Step, Verb
from chunklint.semantics.python.literals import element_at, elements_of
from chunklint.semantics.python.names import arguments, local_function, qualified_name
from chunklint.semantics.python.scopes import Kind, bindings_in, reaching
from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.tokens import plain

_MAX_STEPS = 3_000
_MAX_TURNS = 64
_MAX_DEPTH = 24
_MAX_HOPS = 4
_INNER = frozenset({"function_definition", "class_definition", "lambda"})
_GUARD = re.compile(
    r"inspect|has_table|has_column|exist|get_table|get_column|get_index|information_schema|pg_|\bnot in\b|\bin\b|"
    r"(?:tables|columns|indexes|indices|constraints)\b",
    re.IGNORECASE,
)
_DIALECT = re.compile(r"dialect|get_bind|engine|is_(?:postgres|sqlite|mysql)|drivername", re.IGNORECASE)
_OTHERS = re.compile(r"sqlite|mysql|mariadb|oracle|mssql", re.IGNORECASE)
_ON_ROWS = re.compile(r"select|update|insert|delete|values|query|exists|CreateSequence|DropSequence|CreateSchema")


def walk(function: Node, file: PythonFile) -> tuple[tuple[Step, ...], bool]:
    """The steps of one direction of a revision, and whether it refuses to run by raising."""
    run = _Walk(file)
    return run.steps(function), run.refuses


@dataclass(slots=True)
class _Run:
    """Where the walk is: in which run of which function, how sure it is to come there, and how deep it is.

    `optional` says that it comes there on one way out of several.
    """

    frame: Frame
    certainty: Certainty
    depth: int = 0
    optional: bool = False


class _Walk:
    """One walk through a direction of a revision."""

    def __init__(self, file: PythonFile) -> None:
        self.file = file
        self.found: list[Step] = []
        self.implicit: set[str] = set()
        self.refuses = False
        self.tested: set[str] = set()

    def steps(self, function: Node) -> tuple[Step, ...]:
        body = function.child_by_field_name("body")
        if body is not None:
            self._block(body, _Run(Frame(function), Certainty.SURE))
        return tuple(self.found[:_MAX_STEPS])

    def _block(self, block: Node, run: _Run) -> Certainty | None:
        """Walk the statements; the certainty with which what follows runs, None when nothing follows."""
        if run.depth > _MAX_DEPTH or len(self.found) > _MAX_STEPS:
            self._forget(block, run)
            return run.certainty
        certainty, optional = run.certainty, run.optional
        for statement in block.named_children:
            inner = replace(run, certainty=certainty, depth=run.depth + 1, optional=optional)
            following = self._statement(statement, inner)
            if following is None:
                return None
            optional = optional or (statement.type == "if_statement" and following is not certainty)
            certainty = following
        return certainty

    def _forget(self, node: Node, run: _Run) -> None:
        self.found.append(Step(Verb.FORGET, None, self.file.location(node), run.certainty))

    def _statement(self, statement: Node, run: _Run) -> Certainty | None:
        match statement.type:
            case "return_statement":
                self._calls(statement, run)
                return None
            case "raise_statement":
                self.refuses = self.refuses or run.certainty is Certainty.SURE
                return None
            case "if_statement":
                return self._if(statement, run)
            case "for_statement":
                self._for(statement, run)
            case "while_statement":
                self._inner(statement, "body", replace(run, certainty=Certainty.MAYBE))
            case "try_statement":
                return self._try(statement, run)
            case "with_statement":
                return self._with(statement, run)
            case "match_statement":
                self._calls(statement, replace(run, certainty=Certainty.MAYBE))
            case "function_definition" | "class_definition" | "decorated_definition" | "comment":
                pass
            case _:
                before = len(self.found)
                self._calls(statement, run)
                if run.optional:
                    self.found[before:] = [self._marked(step) for step in self.found[before:]]
        return run.certainty

    def _marked(self, step: Step) -> Step:
        """A step that is run on one way out of several, unless what was asked on the way is whether it has to be."""
        key = step.key
        if step.verb is not Verb.CREATE or key is None or any(key.name in text for text in self.tested):
            return step
        return replace(step, optional=True)

    def _inner(self, statement: Node, field: str, run: _Run) -> Certainty | None:
        block = statement.child_by_field_name(field)
        return self._block(block, run) if block is not None else run.certainty

    # Branches

    def _if(self, statement: Node, run: _Run) -> Certainty | None:
        condition = statement.child_by_field_name("condition")
        if condition is not None:
            self._calls(condition, run)
        verdict = self._condition(condition, run)
        taken, other = _branches(verdict, run.certainty)
        ends: list[Certainty | None] = []
        if taken is not None:
            ends.append(self._inner(statement, "consequence", _branch(run, taken)))
        alternatives = [one for one in statement.named_children if one.type in ("elif_clause", "else_clause")]
        reached = other
        for clause in alternatives:
            if reached is None:
                break
            if clause.type == "else_clause":
                ends.append(self._inner(clause, "body", _branch(run, reached)))
                reached = None
                break
            then, reached = _branches(self._condition(clause.child_by_field_name("condition"), run), reached)
            if then is not None:
                ends.append(self._inner(clause, "consequence", _branch(run, then)))
        if reached is not None:
            ends.append(reached if any(end is None for end in ends) else run.certainty)
        after = [end for end in ends if end is not None]
        if not after:
            return None
        if len(after) == len(ends):
            return run.certainty
        # A branch has left: what follows is as sure as the way past it.
        return _weaker(after[-1], run.certainty)

    def _condition(self, condition: Node | None, run: _Run) -> Certainty | bool:
        """True or False for a test of the dialect, GUARDED for one of what exists, MAYBE for all else."""
        if condition is None:
            return Certainty.MAYBE
        text = self._spelled(condition, run)
        self.tested.add(text)
        for name in descendants(condition, "identifier"):
            self.tested.update(names_in(name, run.frame, self.file))
        if re.search(r"is_offline_mode|as_sql", text):
            return text.startswith("not ")
        compared = re.search(r"""==\s*["'](postgres(?:ql)?|sqlite|mysql|mariadb|oracle|mssql)["']""", text)
        if compared is not None:
            # SQLAlchemy's name is `postgresql`; where the file knows it, `postgres` is a slip that is never true.
            slip = compared[1] == "postgres" and re.search(r"""["']postgresql["']""", self.file.content) is not None
            return compared[1].startswith("postgres") and not slip
        if _DIALECT.search(text) and (_OTHERS.search(text) or "postgres" in text.lower()):
            negated = re.search(r"!=|\bnot\b|(?:is|==) False", self.file.text(condition)) is not None
            return ("postgres" in text.lower()) is not negated
        return Certainty.GUARDED if _GUARD.search(text) else Certainty.MAYBE

    def _spelled(self, node: Node, run: _Run) -> str:
        """The text of a condition with its names replaced by what they were assigned, one level deep."""
        texts = [self.file.text(node)]
        for name in (node, *descendants(node, "identifier")):
            if name.type != "identifier":
                continue
            held = argument_of(name, run.frame, self.file)
            if held is not None:
                texts.append(self.file.text(held[0]))
            bound = bindings_in(run.frame.function, self.file).get(self.file.text(name), ())
            texts.extend(self.file.text(one.value) for one in bound if one.value is not None)
            called = local_function(name, self.file)
            if called is not None:
                texts.append(self.file.text(called))
        return " ".join(texts)

    def _try(self, statement: Node, run: _Run) -> Certainty | None:
        handlers = [one for one in statement.named_children if one.type in ("except_clause", "except_group_clause")]
        swallows = any(not any(True for _ in descendants(one, "raise_statement")) for one in handlers)
        certainty = _weaker(Certainty.GUARDED, run.certainty) if swallows else run.certainty
        end = self._inner(statement, "body", replace(run, certainty=certainty))
        for clause in statement.named_children:
            if clause.type in ("else_clause", "finally_clause"):
                block = next((one for one in clause.named_children if one.type == "block"), None)
                if block is not None:
                    self._block(block, replace(run, certainty=certainty))
            elif clause in handlers:
                block = next((one for one in clause.named_children if one.type == "block"), None)
                if block is not None:
                    self._block(block, replace(run, certainty=Certainty.MAYBE))
        return None if end is None and not swallows else run.certainty

    def _with(self, statement: Node, run: _Run) -> Certainty | None:
        clause = next((one for one in statement.named_children if one.type == "with_clause"), None)
        suppresses = clause is not None and "suppress" in self.file.text(clause)
        if clause is not None:
            self._calls(clause, run)
        certainty = _weaker(Certainty.GUARDED, run.certainty) if suppresses else run.certainty
        before = len(self.found)
        end = self._inner(statement, "body", replace(run, certainty=certainty))
        if clause is not None and "autocommit_block" in self.file.text(clause):
            self.found[before:] = [replace(step, detached=True) for step in self.found[before:]]
        return None if end is None else run.certainty

    # Loops

    def _for(self, statement: Node, run: _Run) -> None:
        turns = self._turns(statement, run)
        if turns is None:
            self._inner(statement, "body", replace(run, certainty=_weaker(Certainty.MAYBE, run.certainty)))
            return
        for frame in turns[:_MAX_TURNS]:
            self._inner(statement, "body", replace(run, frame=frame))

    def _turns(self, statement: Node, run: _Run) -> list[Frame] | None:
        """A frame for each turn of a loop over what the code spells out; None for other loops."""
        iterable, target = statement.child_by_field_name("right"), statement.child_by_field_name("left")
        if iterable is None or target is None:
            return None
        home = run.frame
        held = argument_of(iterable, home, self.file)
        if held is not None:
            iterable, home = held
        if iterable.type == "call" and self.file.text(iterable).endswith(".items()"):
            return None
        elements = elements_of(iterable, self.file)
        bound = bindings_in(run.frame.function, self.file)
        loops = [
            one
            for name in (target, *descendants(target, "identifier"))
            if name.type == "identifier"
            for one in bound.get(self.file.text(name), ())
            if one.kind is Kind.LOOP and one.node.id == name.id
        ]
        if elements is None or not loops or home is not run.frame:
            return None
        turns = []
        for element in elements:
            given = {one.node.id: reached for one in loops if (reached := element_at(element, one.path)) is not None}
            if len(given) < len(loops):
                return None
            turns.append(run.frame.turned(given))
        return turns

    # Calls

    def _calls(self, node: Node, run: _Run) -> None:
        calls = [node] if node.type == "call" else []
        calls.extend(descendants(node, "call", stop=_INNER))
        for call in calls:
            self._call(call, run, alone=node.type == "expression_statement" and call.parent == node)

    def _call(self, call: Node, run: _Run, *, alone: bool) -> None:
        callee = call.child_by_field_name("function")
        if callee is None:
            return
        helper = local_function(callee, self.file) if callee.type == "identifier" else None
        if helper is not None:
            self._helper(call, helper, run)
            return
        data = Call(arguments(call, self.file), run.frame, self.file.location(call), run.certainty, self.file)
        if callee.type == "attribute" and self._operation(call, callee, data):
            return
        text = sql_argument(call, self.file)
        if text is not None:
            self._sql(call, text, run)
        elif alone and self._hands_over(call, callee, data):
            self.found.append(data.forget())
        elif alone:
            self.found.extend(may_touch(qualified_name(callee, self.file) or "", data))

    def _helper(self, call: Node, helper: Node, run: _Run) -> None:
        calls = [one for one in run.frame.stack if one.call is not None]
        body = helper.child_by_field_name("body")
        if len(calls) >= _MAX_HOPS or any(one.function == helper for one in run.frame.stack) or body is None:
            self._forget(call, run)
            return
        self._block(body, replace(run, frame=run.frame.entered(call, helper, self.file), depth=run.depth + 1))

    def _operation(self, call: Node, callee: Node, data: Call) -> bool:
        """Read a call of Alembic's operations or of an enum type; false when it is neither."""
        receiver, named = callee.child_by_field_name("object"), callee.child_by_field_name("attribute")
        if receiver is None or named is None:
            return False
        name = self.file.text(named)
        batch = batch_table(receiver, data.frame, self.file)
        if batch is not None:
            known = batch[0] if len(batch) == 1 and "{" not in batch[0] else ""
            self.found.extend(operation(name, known, data))
            return True
        if is_operations(receiver, self.file):
            self.found.extend(step for step in operation(name, None, data) if not self._is_made_already(step, name))
            return name != "execute"
        if name in ("create", "drop"):
            step = type_operation(name, receiver, data)
            if step is not None:
                self.found.append(step)
                return True
        if name in ("create_all", "drop_all") or (name in ("create", "drop") and mentions_connection(call, data)):
            self.found.append(data.forget())
            return True
        return False

    def _is_made_already(self, step: Step, name: str) -> bool:
        """Whether a type that comes with a table came with another one before: SQLAlchemy makes it once."""
        if name != "create_table" or step.key is None or step.key.kind is not SchemaKind.TYPE:
            return False
        made = step.key.name in self.implicit
        self.implicit.add(step.key.name)
        return made

    def _hands_over(self, call: Node, callee: Node, data: Call) -> bool:
        """Whether a call of another module gets hold of the database."""
        name = qualified_name(callee, self.file) or ""
        foreign = not name.startswith(LIBRARIES)
        return foreign and mentions_connection(call, data)

    def _sql(self, call: Node, text: Node, run: _Run) -> None:
        shapes = shapes_in(text, run.frame, self.file)
        certainty = run.certainty if len(shapes) == 1 else _weaker(Certainty.MAYBE, run.certainty)
        for shape in shapes:
            written, holes = plain(shape)
            place = partial(self._line, call, shape)
            found = list(steps_of_sql(written, holes, place, certainty))
            self.found.extend(found)
            if not found and _is_unread(written, text, self.file):
                self.found.append(Step(Verb.FORGET, None, self.file.location(call), certainty))

    def _line(self, call: Node, shape: Shape, line: int) -> Location:
        """The line of a statement within a string of several lines, else the call."""
        whole = self.file.location(call)
        literal = next((node for node in (shape.node, *descendants(shape.node)) if node.type == "string"), None)
        if literal is None or line == 0:
            return whole
        breaks = sum(part.count("\n") for part in shape.parts if isinstance(part, str))
        inside = literal.start_byte >= call.start_byte and literal.end_byte <= call.end_byte
        if not inside or breaks != literal.end_point[0] - literal.start_point[0]:
            return whole
        row = literal.start_point[0] + line
        written = self.file.lines[row].decode("utf-8", "replace")
        first = len(written) - len(written.lstrip()) + 1
        return replace(whole, span=Span(row + 1, first, row + 1, len(written.rstrip()) + 1))


def _is_unread(written: str, text: Node, file: PythonFile) -> bool:
    """Whether a statement is built where nobody can read it: a name that may hold any text."""
    if not written.startswith("hole_"):
        return False
    bound = reaching(text, file) if text.type == "identifier" else ()
    spelled = " ".join(file.text(one) for one in (text, *(one.value for one in bound if one.value is not None)))
    return _ON_ROWS.search(spelled) is None


def _branches(verdict: Certainty | bool | None, certainty: Certainty) -> tuple[Certainty | None, Certainty | None]:
    """With which certainty the two branches of a condition run; None for a branch that never does."""
    if verdict is True:
        return certainty, None
    if verdict is False:
        return None, certainty
    weaker = _weaker(verdict or Certainty.MAYBE, certainty)
    return weaker, weaker


def _branch(run: _Run, certainty: Certainty) -> _Run:
    return replace(run, certainty=certainty, optional=run.optional or certainty is not run.certainty)


_ORDER = (Certainty.SURE, Certainty.GUARDED, Certainty.MAYBE)


def _weaker(one: Certainty, other: Certainty) -> Certainty:
    return max(one, other, key=_ORDER.index)
