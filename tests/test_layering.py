"""The options of the layering rules, and what they may claim when only single files are scanned."""

from __future__ import annotations

from pathlib import Path

from chunklint.engine import Job, RuleSet, scan
from chunklint.loader import BUILTIN
from chunklint.model import Finding
from chunklint.semantics.web.vocabulary import Budget, Layers

TWO_CHANGES = """\
from fastapi import APIRouter

from app.services import lamp_service

router = APIRouter()


@router.post("/lamps")
def replace(lamp: int):
    lamp_service.remove(lamp)
    lamp_service.create(lamp)
"""

RAISES = """\
from fastapi import HTTPException


def light(lamp):
    raise HTTPException(503)
"""


def found(files: dict[str, str], code: str, options: object = None, *, whole: bool = True) -> tuple[Finding, ...]:
    changed = ((code, options),) if options is not None else ()
    rules = RuleSet((BUILTIN,), frozenset({code}), changed)
    contents = {path: text.encode() for path, text in files.items()}
    return scan(Job(Path(), rules, tuple(files), 1_000_000, contents, whole=whole)).findings


def test_a_smaller_budget_reports_what_the_default_allows() -> None:
    files = {"app/routers/lamps.py": TWO_CHANGES}
    assert found(files, "CL603") == ()
    (finding,) = found(files, "CL603", Budget(most=1))
    assert "2 points where a handler may have 1" in finding.message


def test_layers_are_what_the_options_say() -> None:
    files = {"app/lights/lamp.py": RAISES}
    assert found(files, "CL604") == ()
    assert len(found(files, "CL604", Layers(lower=("lights/",)))) == 1


def test_a_module_of_the_web_by_option_may_raise_and_must_not_be_imported_from_below() -> None:
    lower = "from app.shared.views_of_lamps import light\n"
    files = {"app/shared/views_of_lamps.py": RAISES, "app/services/lamps.py": lower}
    assert found(files, "CL604") == ()
    (finding,) = found(files, "CL604", Layers(web=("app/shared/",)))
    assert finding.location.path == "app/services/lamps.py"


def test_an_http_error_below_the_web_is_no_finding_when_its_dependency_may_be_in_a_file_not_given() -> None:
    files = {"app/services/lamp_service.py": RAISES}
    assert len(found(files, "CL604")) == 1
    assert found(files, "CL604", whole=False) == ()


def test_a_finding_reaches_from_the_def_of_the_handler_to_the_last_thing_that_counts() -> None:
    source = TWO_CHANGES.replace("lamp_service.create(lamp)\n", "lamp_service.create(lamp)\n    return {'ok': True}\n")
    (finding,) = found({"app/routers/lamps.py": source}, "CL603", Budget(most=1))
    assert (finding.location.span.start_line, finding.location.span.end_line) == (9, 11)
    assert finding.location.symbol == "replace"
