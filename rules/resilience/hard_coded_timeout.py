"""CL803: a limit written into the code as a number."""

from collections.abc import Iterator

from chunklint.api import (
    SWITCH_MENTIONS,
    SWITCH_METHODS,
    Draft,
    Node,
    PythonFile,
    Rule,
    Severity,
    callee_text,
    hard_coded,
    is_script,
    is_test,
    python,
)

_METHOD = f"((identifier) @name (#any-of? @name {' '.join(SWITCH_METHODS)}))"

rule = Rule(
    code="CL803",
    name="hard-coded-timeout",
    ticket="TICKET-008",
    when="a timeout is a number in the call",
    effect="whoever runs the service where the network or the load is different has to change the code",
    instead="a setting with a default",
    bad="""\
import requests


def rate(currency):
    return requests.get(f"https://rates.example/{currency}", timeout=10).json()
""",
    good="""\
import requests

from app.settings import settings


def rate(currency):
    return requests.get(f"https://rates.example/{currency}", timeout=settings.rates_timeout).json()
""",
    example="app/rates.py",
    mentions=SWITCH_MENTIONS,
    severity=Severity.NOTE,
    enabled=False,
    silent_on=(
        "a number that has a name of its own, at the top of the module or in a class: it is changed in one place",
        "scripts and test files",
    ),
    limits=("a number that is computed, or that stands in an address, is not seen",),
)


@rule.on(python, "(call function: (identifier)) @call", f"(call function: (attribute attribute: {_METHOD})) @call")
def timeout_is_a_number(call: Node, file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path) or is_script(file):
        return
    found = hard_coded(call, file)
    if found is not None:
        value, keyword = found
        message = f"`{callee_text(call, file)}` has its `{keyword}` of {file.text(value)} written into the code."
        yield rule.at(value, message)
