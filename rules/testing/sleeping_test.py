"""CL1004: a test that sleeps for real."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import Draft, EcmascriptFile, PythonFile, Rule, Severity, Sleep, ecmascript, js_sleeps, python
from chunklint.api import python_sleeps as sleeps_of

rule = Rule(
    code="CL1004",
    name="sleeping-test",
    ticket="TICKET-010",
    when="a test waits for a fixed time to pass",
    effect="every run pays for it, and on a slow machine the test fails all the same",
    instead="wait for the event itself, poll with a deadline, or let a fake clock pass the time",
    bad="""import time

from orchard.press import Press


def test_the_press_stops() -> None:
    press = Press()
    press.start()
    time.sleep(2)
    assert press.stopped
""",
    good="""from orchard.press import Press


def test_the_press_stops() -> None:
    press = Press()
    press.start()
    assert press.wait_until_stopped(timeout=2)
""",
    example="tests/test_press.py",
    mentions=("sleep", "setTimeout", "waitForTimeout", "cy.wait"),
    silent_on=(
        "sleeps of less than 0.2 seconds, and those whose length the file does not tell",
        "stubs: sleeps in functions that the test defines or hands over",
        "loops that poll and have a way out, sleeps under an expected timeout or as the work of a `with` block",
        "files that patch the sleep or use a fake clock",
        "sleeps after which the test asserts that something has not happened: there is no event to wait for",
        "waits that a comment has allowed for the linters of Cypress or Playwright",
        "sleeps of which the docstring of the test speaks, or whose comment says that something has to be older",
        "tests that are about time by their name: expiry, decay, durations; sleeping coroutines that nobody awaits",
    ),
    limits=(
        "fixtures and helpers that sleep are not judged, except small JavaScript helpers of the same file",
        "only files that are tests by their name are read",
    ),
)

# From here on people notice a single test.
_LONG = 1.0


@rule.each(python)
def sleeps(file: PythonFile) -> Iterator[Draft]:
    yield from map(_draft, sleeps_of(file))


@rule.each(ecmascript)
def waits(file: EcmascriptFile) -> Iterator[Draft]:
    yield from map(_draft, js_sleeps(file))


def _draft(one: Sleep) -> Draft:
    severity = Severity.WARNING if one.seconds >= _LONG else Severity.NOTE
    message = f"`{one.spelled}` makes this test wait {one.seconds:g} s in every run, whether or not it needs to."
    return rule.at(one.node, message, severity=severity)
