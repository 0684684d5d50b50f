"""CL1003: a router or a service that no test reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import Draft, Module, Probe, PythonFile, Rule, Severity, python, reach_of, untested

rule = Rule(
    code="CL1003",
    name="untested-module",
    ticket="TICKET-010",
    when="no test imports a router or a service, asks for one of its paths or reaches it through what it does import",
    effect="it can break without any test noticing",
    instead="add at least one test of its main path, through the application's client or on the service itself",
    bad="""# file: orchard/services/pressing_service.py
class PressingService:
    def press(self, apples: int) -> int:
        if apples < 4:
            raise ValueError("too few apples")
        return apples // 4


# file: orchard/services/storing_service.py
class StoringService:
    def store(self, crates: int) -> bool:
        return crates > 0


# file: tests/test_storing.py
from orchard.services.storing_service import StoringService


def test_crates_are_stored() -> None:
    assert StoringService().store(crates=2)
""",
    good="""# file: orchard/services/pressing_service.py
class PressingService:
    def press(self, apples: int) -> int:
        if apples < 4:
            raise ValueError("too few apples")
        return apples // 4


# file: tests/test_pressing.py
from orchard.services.pressing_service import PressingService


def test_four_apples_make_a_litre() -> None:
    assert PressingService().press(apples=4) == 1
""",
    example="orchard/services/pressing_service.py",
    mentions=("import", "class", "def"),
    severity=Severity.NOTE,
    precision="medium",
    silent_on=(
        "projects without tests, and scans of single files",
        "modules that a test imports, patches by name, or reaches through another module",
        "routers of which a test writes a word of their paths, or their own name, in a request's path, or an endpoint "
        "of their blueprint",
        "modules after which a test file is named; helpers, factories and abstract bases among services",
        "modules that mount routers; health checks and metrics",
    ),
    limits=(
        "that a module is reached does not say that its behaviour is checked",
        "a service is known by `_service` at the end of its module's name or by a folder `services`",
        "what plugins and registries load by computed names counts as unreached",
    ),
)


@rule.fact(python)
def reaches(file: PythonFile) -> Iterator[Module | Probe]:
    yield from reach_of(file)


@rule.across
def reached_by_no_test(facts: Mapping[str, Sequence[Module | Probe]], whole: bool) -> Iterator[Draft]:
    if not whole:
        return
    for place, one in untested(facts):
        yield rule.at(place, f"No test reaches the {one.kind} `{one.name}`.")
