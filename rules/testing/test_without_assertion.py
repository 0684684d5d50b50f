"""CL1001: a test that cannot fail for what it is named after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from chunklint.api import (
    Checker,
    Collectable,
    Draft,
    EcmascriptFile,
    Flaw,
    LeftOut,
    PytestSettings,
    PythonFile,
    Rule,
    Severity,
    Unchecked,
    Vacuous,
    checkers,
    collectables,
    ecmascript,
    hollow_checks,
    js_checkers,
    js_unchecked,
    left_out,
    python,
    unchecked,
    vacuous_checks,
    without_check,
)
from chunklint.api import UncheckedKind as Kind

rule = Rule(
    code="CL1001",
    name="test-without-assertion",
    ticket="TICKET-010",
    when="a test checks nothing, or its check can never fail or never runs, or pytest never collects it",
    effect="it stays green whatever the code does, and counts as coverage",
    instead="assert on what the code returns, stores or sends; if not raising is the point, say so in the name or in a "
    "comment",
    bad="""from orchard.press import Press


def test_pressing_gives_juice() -> None:
    press = Press()
    juice = press.run(apples=12)
""",
    good="""from orchard.press import Press


def test_pressing_gives_juice() -> None:
    press = Press()
    juice = press.run(apples=12)
    assert juice.litres == 3
""",
    example="tests/test_press.py",
    mentions=("test", "it(", "expect", "assert", "Assert"),
    silent_on=(
        "helpers that check: in the file, a class, a base class, a conftest, an imported module, or handed in; "
        "fixtures that check after the test",
        "mock assertions, `pytest.raises` and its kin, snapshots, `raise_for_status`, queries that throw when they "
        "find nothing, property tests and benchmarks",
        "tests that are about not raising, by their name, docstring or comments",
        "calls of the code under test alone, where the call itself may be the check, with `assert True` after them too",
        "test files outside pytest's `testpaths` that are started by their path: integration, load, examples, scripts, "
        "or more than a dozen at once",
        "skipped tests; tests that override one of a base class; properties, and classes with a generated constructor",
        "what the module's own object registers (`@app.cell`) or a script's own decorator, and steps that a script "
        "calls with arguments",
    ),
    limits=(
        "helpers of other files are known by their names",
        "when only some files are given, tests that call helpers or ask for fixtures are left alone",
        "whether an assertion that can fail says anything of worth is not judged",
    ),
)

_ERRORS = frozenset(
    {Flaw.TUPLE, Flaw.LITERAL, Flaw.SWALLOWED, Flaw.UNREACHABLE, Flaw.LOOK_ALIKE, Flaw.NOT_CALLED, Flaw.CONSTRUCTOR}
    | {Flaw.REDEFINED, Flaw.AFTER_RAISE, Flaw.COMPARISON, Flaw.NOT_AWAITED}
)

_MEANINGS = MappingProxyType(
    {
        Flaw.COMPARISON: "`{}` is compared and the result thrown away: an `assert` is missing.",
        Flaw.TUPLE: "`{}` is a tuple that is not empty, so this assertion always holds.",
        Flaw.LITERAL: "`{}` is always true, so this assertion always holds.",
        Flaw.PLACEHOLDER: "The only check of `{}` always holds: it is a placeholder for a test.",
        Flaw.AFTER_RAISE: "This check never runs: the exception that `{}` expects leaves the block above it.",
        Flaw.SWALLOWED: "`{}` catches the failure of this check and lets the test pass.",
        Flaw.NOT_AWAITED: "Nothing awaits this `expect(...).{}`, so the test ends before it is decided.",
        Flaw.UNREACHABLE: "This check is never reached: `{}` stands before it.",
        Flaw.NEVER_CALLED: "`{}` holds checks, but the test never calls it.",
        Flaw.LOOK_ALIKE: "`{}` is no assertion of a mock: a mock answers any such name, and its answer is true.",
        Flaw.NOT_CALLED: "`{}` is only mentioned: no check is called, so nothing is checked.",
        Flaw.TWO_ARGUMENTS: "The second argument of `{}` is a message: the two values are not compared.",
        Flaw.CONSTRUCTOR: "`{}` has an `__init__`, so pytest collects none of its tests.",
        Flaw.REDEFINED: "A later definition takes the name `{}`, so this test never runs.",
    }
)
_BECAUSE = MappingProxyType(
    {
        Flaw.AFTER_RAISE: "The block is left by the exception that is expected here.",
        Flaw.SWALLOWED: "A failed check is caught here.",
        Flaw.UNREACHABLE: "Nothing after this runs.",
        Flaw.REDEFINED: "This one takes its place.",
    }
)


@rule.each(python)
def seems_to_check(file: PythonFile) -> Iterator[Draft]:
    yield from map(_vacuous, vacuous_checks(file))


@rule.each(ecmascript)
def seems_to_check_in_javascript(file: EcmascriptFile) -> Iterator[Draft]:
    yield from map(_vacuous, hollow_checks(file))


@rule.fact(python)
def shows_no_check(file: PythonFile) -> Iterator[Checker | Collectable | Unchecked]:
    yield from collectables(file)
    yield from checkers(file)
    yield from unchecked(file)


@rule.fact(ecmascript)
def shows_no_check_in_javascript(file: EcmascriptFile) -> Iterator[Checker | Unchecked]:
    yield from js_checkers(file)
    yield from js_unchecked(file)


@rule.across
def checks_nothing(facts: Mapping[str, Sequence[object]], whole: bool) -> Iterator[Draft]:
    for one in without_check(facts, whole=whole):
        yield rule.at(one.place, _said(one))


@rule.across
def never_collected(
    facts: Mapping[str, Sequence[object]], pytest_settings: Sequence[PytestSettings]
) -> Iterator[Draft]:
    for one in left_out(facts, pytest_settings):
        yield rule.at(one.place, _why_left_out(one), severity=Severity.NOTE if one.by_name else Severity.WARNING)


def _why_left_out(one: LeftOut) -> str:
    if one.by_name:
        patterns = "`, `".join(one.settings.python_files)
        return f"pytest does not collect this file: its name does not fit `{patterns}` ({one.settings.path})."
    paths = "`, `".join(one.settings.testpaths)
    return f"pytest does not collect this file: it lies outside `{paths}`, the `testpaths` of {one.settings.path}."


def _said(one: Unchecked) -> str:
    name = f"“{one.name}”" if " " in one.name else f"`{one.name}`"
    match one.kind:
        case Kind.EMPTY:
            return f"The test {name} is empty, so it passes whatever the code does."
        case Kind.IDLE:
            return f"The test {name} sets things up and then runs nothing that it could check."
        case Kind.RETURNED:
            return f"The test {name} returns `{one.subject}` instead of asserting it, and the runner ignores that."
        case Kind.PRINTED:
            return f"The test {name} prints what it finds and checks none of it."
        case Kind.UNREAD:
            return f"The test {name} never looks at `{one.subject}` and checks nothing else."
        case Kind.RESPONSE:
            return f"The test {name} drops what `{one.subject}` answers and checks nothing else."
    return f"The test {name} checks nothing: it passes as long as no exception is raised."


def _vacuous(one: Vacuous) -> Draft:
    severity = Severity.ERROR if one.flaw in _ERRORS else Severity.WARNING
    related = [(one.cause, _BECAUSE[one.flaw])] if one.cause is not None and one.flaw in _BECAUSE else []
    return rule.at(one.node, _MEANINGS[one.flaw].format(one.subject), severity=severity, related=related)
