"""CL102: a number that somebody else chooses and that sizes the schema, with no bound."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from chunklint.api import (
    Draft,
    Finding,
    Fix,
    Node,
    Origin,
    PythonFile,
    Refusal,
    Rule,
    Severity,
    Shape,
    Sized,
    Source,
    arguments,
    bounded,
    creates_schema,
    descendants,
    foreign_count,
    foreign_number,
    is_left_in_time,
    is_test,
    local_function,
    origin_of_hole,
    python,
    qualified_name,
    sizes,
    sql_sink,
    string_shapes,
)

rule = Rule(
    code="CL102",
    name="unbounded-ddl-parameter",
    ticket="TICKET-001",
    when=(
        "a number from the environment, the command line, settings, a request or a caller decides how many tables, "
        "partitions or indexes are made, or how wide they are, and nothing checks its range"
    ),
    effect=(
        "one digit too many creates a billion partitions, or zero creates none; `int()` stops injection, it does not "
        "stop that"
    ),
    instead="raise unless the number lies in a range, clamp it with `min()` and `max()`, or declare `ge` and `le`",
    bad="""
import os

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    count = int(os.environ.get("EVENT_PARTITIONS", "8"))
    for part in range(count):
        op.execute(f"CREATE TABLE e_{part} PARTITION OF events FOR VALUES WITH (MODULUS {count}, REMAINDER {part})")


def downgrade():
    op.execute("DROP TABLE events")
""",
    good="""
import os

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    count = int(os.environ.get("EVENT_PARTITIONS", "8"))
    if not 1 <= count <= 256:
        raise ValueError(f"EVENT_PARTITIONS must lie in 1 to 256, not {count}")
    for part in range(count):
        op.execute(f"CREATE TABLE e_{part} PARTITION OF events FOR VALUES WITH (MODULUS {count}, REMAINDER {part})")


def downgrade():
    pass
""",
    example="migrations/versions/b2_partition_events.py",
    mentions=("CREATE", "create", "ALTER", "alter", "ATTACH", "add_column"),
    silent_on=(
        "numbers that a comparison with an upper bound, `in range(...)`, a membership, `min()`, `%` or an `if` that "
        "sets them back keeps small, also in a helper of the module that raises",
        "declared ranges: `Field(le=...)`, `Query(lt=...)`, `conint(le=...)`, `click.IntRange(1, 64)`, `choices=...`",
        "literals, constants, `len()` of a collection, numbers that the database counted",
        "loops that leave when their index grows too large",
        "numbers that are values of the schema (a default, a sequence's start) and do not size it",
        "loops that only drop, read or write rows; and the schemas of tests",
        "what CL101 reports: a hole that may hold more than a number",
    ),
    limits=(
        "settings that another module imports are taken to be validated there",
        "a loop over a list of statements that an unbounded `range()` built is not followed",
        "a lower bound is not asked for",
    ),
)

_CREATING = frozenset(
    f"alembic.op.{name}" for name in ("create_table", "create_index", "add_column", "create_unique_constraint")
)
_WORDS = MappingProxyType(
    {
        Source.PARAMETER: "any caller chooses it",
        Source.ENVIRONMENT: "it comes from the environment",
        Source.ARGV: "it comes from the command line",
        Source.REQUEST: "it comes from a request",
    }
)
_ADVICE = "`int()` stops injection, not a number that is far too large: check its range."


@rule.on(
    python,
    "(call function: (attribute attribute: (identifier) @method (#match? @method "
    '"^(execute|executemany|executescript|exec_driver_sql|exec|text|DDL)$"))) @call',
    "(call function: (identifier) @function) @call",
)
def sizes_schema_with_foreign_number(call: Node, file: PythonFile) -> Iterator[Draft]:
    sink = sql_sink(call, file)
    if sink is None or is_test(file.path):
        return
    for shape in string_shapes(sink.text, file):
        for hole, sized, origin in _unbounded(shape, file):
            message = f"`{_shown(hole, file)}` sets {sized}, and {_WORDS[origin.kind]}. {_ADVICE}"
            severity = _severity(origin, shape.node, file) if sized is Sized.COUNT else Severity.NOTE
            steps = (*origin.steps, (shape.node, "the DDL is put together"), (call, "and executed"))
            yield rule.at(shape.node, message, severity=severity, steps=steps)


def _unbounded(shape: Shape, file: PythonFile) -> Iterator[tuple[Node, Sized, Origin]]:
    for size in sizes(shape):
        origin = foreign_number(size.hole, file)
        if origin is not None and origin.converted and _is_free(origin):
            yield (size.hole.via or (size.hole.node,))[-1], size.sized, origin


def _is_free(origin: Origin) -> bool:
    """Whether somebody outside this module really chooses: not a private parameter, nor one that callers here fill."""
    if origin.kind is not Source.PARAMETER:
        return origin.kind in _WORDS
    return not origin.private and (origin.callers is None or origin.callers > Source.UNKNOWN)


def _severity(origin: Origin, node: Node, file: PythonFile) -> Severity:
    if origin.kind is Source.REQUEST:
        return Severity.ERROR
    aside = origin.kind in (Source.PARAMETER, Source.ARGV) or "downgrade" in file.symbol(node).split(".")
    return Severity.NOTE if aside else Severity.WARNING


def _shown(node: Node, file: PythonFile) -> str:
    text = " ".join(file.text(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


@rule.on(
    python,
    '(for_statement right: (call function: (identifier) @range (#eq? @range "range") '
    "arguments: (argument_list) @bounds)) @loop",
)
def repeats_ddl_without_bound(loop: Node, bounds: Node, file: PythonFile) -> Iterator[Draft]:
    stop = _stop(bounds)
    if stop is None or is_test(file.path):
        return
    origin = foreign_count(stop, file)
    created = list(_creating_calls(loop, file)) if origin is not None and _is_free(origin) else []
    if origin is None or not created or _is_told(stop, created, file) or is_left_in_time(loop, file):
        return
    message = (
        f"`{_shown(stop, file)}` decides how often this loop changes the schema, and {_WORDS[origin.kind]}. "
        "Check its range."
    )
    steps = (*origin.steps, (stop, "it bounds the loop"), (created[0], "which creates"))
    yield rule.at(bounds, message, severity=_severity(origin, loop, file), steps=steps)


def _stop(bounds: Node) -> Node | None:
    """The argument of `range()` that ends it."""
    given = [one for one in bounds.named_children if one.type != "comment"]
    return given[0] if len(given) == 1 else given[1] if given else None


def _creating_calls(loop: Node, file: PythonFile) -> Iterator[Node]:
    """The calls in a loop that make objects of the schema, those of helpers one step down included."""
    body = loop.child_by_field_name("body")
    for call in descendants(body, "call") if body is not None else ():
        callee = call.child_by_field_name("function")
        helper = local_function(callee, file) if callee is not None else None
        inside = descendants(helper, "call") if helper is not None else (call,)
        if any(_creates(one, file) for one in inside):
            yield call


def _creates(call: Node, file: PythonFile) -> bool:
    callee = call.child_by_field_name("function")
    if callee is not None and qualified_name(callee, file) in _CREATING:
        return True
    sink = sql_sink(call, file)
    return sink is not None and any(creates_schema(shape) for shape in string_shapes(sink.text, file))


def _is_told(stop: Node, created: list[Node], file: PythonFile) -> bool:
    """Whether a finding of this rule or of CL101 speaks of the same number in the text that the loop executes."""
    number = file.text(stop)
    for call in created:
        for text in (*arguments(call, file).positional, *arguments(call, file).keywords.values()):
            for shape in string_shapes(text, file):
                named = {file.text(one) for hole in shape.holes for one in (hole.node, *hole.via)}
                origins = (origin_of_hole(hole, file) for hole in shape.holes)
                if number in named and any(origin.kind > Source.UNKNOWN for origin in origins):
                    return True
    return False


@rule.fix(
    python,
    does="raises `ValueError` unless the number lies between 1 and a constant, right behind the assignment or at the "
    "function's start; the constant, `MAX_` and the number's name, is made with 1024 where the module has none; none "
    "for widths and storage options, and none for requests and options, which should declare their range",
    safety="unsafe: a number outside of the range, 0 included, now fails, and 1024 is a guess that its author should "
    "look at",
)
def checks_the_range(file: PythonFile, finding: Finding) -> Fix | Refusal:
    return bounded(file, finding)
