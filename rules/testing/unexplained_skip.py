"""CL1002: a test that is switched off, and nobody says why."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import Draft, EcmascriptFile, PythonFile, Rule, Severity, Skip, ecmascript, js_skips, python
from chunklint.api import python_skips as skips_of

rule = Rule(
    code="CL1002",
    name="unexplained-skip",
    ticket="TICKET-010",
    when="a test or a suite is skipped unconditionally and without a reason",
    effect="nobody learns what it would tell, nor when it may run again; what it covers breaks unseen",
    instead="say why and until when (`reason=`, a comment above it, a link to an issue), mend the test, or delete it",
    bad="""import pytest

from orchard.cellar import Cellar


@pytest.mark.skip
def test_the_cellar_keeps_apples() -> None:
    assert Cellar().keeps("apples")
""",
    good="""import pytest

from orchard.cellar import Cellar


@pytest.mark.skip(reason="needs the humidity sensor, which the runners do not have")
def test_the_cellar_keeps_apples() -> None:
    assert Cellar().keeps("apples")
""",
    example="tests/test_cellar.py",
    mentions=("skip", "xit", "xtest", "xdescribe", "xcontext", "fixme"),
    severity=Severity.NOTE,
    silent_on=(
        "conditional skips: `skipif`, `it.skipIf`, `pytest.skip` in a branch or a handler, `test.skip(condition, why)`",
        "skips with a reason or the number of a report, or with a comment that gives one on their line or right above",
        "a comment above an empty line that speaks of the skip; a JavaScript test that is nothing but a TODO which "
        "says what",
        "titles that give the reason in brackets or by a link; docstrings that speak of the skip",
        "tests within a skipped suite; `todo`; expected failures",
    ),
    limits=(
        "a comment inside the skipped JavaScript test is not taken for a reason: it comes with no report of the runner "
        "and often describes the test instead",
        "`it.only` is not judged",
        "skipped parameters are told of once for their test or their table, at the first of them",
        "there is no fix: a reason that a tool makes up tells less than none",
    ),
)


@rule.each(python)
def skipped(file: PythonFile) -> Iterator[Draft]:
    yield from map(_draft, skips_of(file))


@rule.each(ecmascript)
def skipped_in_javascript(file: EcmascriptFile) -> Iterator[Draft]:
    yield from map(_draft, js_skips(file))


def _draft(one: Skip) -> Draft:
    why = f"“{one.given}” is no reason" if one.given else "nothing says why"
    if one.parameters:
        many = f"{one.parameters} parameters" if one.parameters > 1 else "a parameter"
        where = f" {'in' if one.group else 'of'} `{one.subject}`" if one.subject else ""
        return rule.at(one.node, f"`{one.spelled}` switches off {many}{where}, and {why}.")
    quotes = f"“{one.subject}”" if " " in one.subject else f"`{one.subject}`"
    what = quotes if one.subject else "every test of this module"
    tail = " and all in it" if one.group and one.subject else ""
    return rule.at(one.node, f"`{one.spelled}` switches off {what}{tail}, and {why}.")
