"""Tickets from a document to a closed review: real documents, real git, the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chunklint.tickets import DocumentError, Plan, read_document, read_plan, rendered

DOCUMENT = """\
# Clean-up of the spring release

Some words, and a code block that looks like tickets:

```
## TICKET-099: not a ticket
```

## TICKET-008: Timeouts for the `rates` client

### Priority: HIGH
### Estimated Hours: 2-3

### Problem
One silent server holds a worker.

### Files to Modify
- `/home/ann/shop/app/rates.py`
- `/home/ann/shop/app/other.py` (and its tests)
- whatever else you find

### Success Criteria
- [ ] Every call has a timeout
- **No** magic numbers

## TICKET-001: SQL

**Priority:** critical
**Estimate:** 1.5 days

Files:
- ./app/db.py

---

## Execution Order

### Phase 1: First things
1. TICKET-001: SQL
2. TICKET-008: Timeouts (see TICKET-001)

# Reviews

## REVIEW-008: Review the timeouts

### Corresponds to: TICKET-008
### Estimated Hours: 1

### Review Checklist
1. **Find the calls**:
   - all of them

### Red Flags to Watch For
- Missing timeout on critical paths
- Too short timeouts
"""


def read(text: str, *there: str) -> Plan:
    return read_document("doc.md", text, exists=lambda path: path in there, flags=lambda ticket, flag: ())


def test_a_document_gives_its_tickets_in_the_order_of_the_phases() -> None:
    plan = read(DOCUMENT)
    assert [one.id for one in plan.tickets] == ["TICKET-001", "TICKET-008"]
    sql, timeouts = plan.tickets
    assert (timeouts.title, timeouts.priority, timeouts.hours) == ("Timeouts for the rates client", "high", (2, 3))
    assert (sql.priority, sql.hours, sql.files) == ("critical", (12, 12), ("app/db.py",))
    assert timeouts.criteria == ("Every call has a timeout", "No magic numbers")
    assert plan.phases == ("Phase 1: First things",)
    assert plan.hours == (14, 15)


def test_a_review_belongs_to_its_ticket_and_brings_its_red_flags() -> None:
    (review,) = read(DOCUMENT).reviews
    assert (review.id, review.ticket, review.hours) == ("REVIEW-008", "TICKET-008", (1, 1))
    assert [flag.text for flag in review.flags] == ["Missing timeout on critical paths", "Too short timeouts"]
    assert review.checklist == ("Find the calls", "all of them")


def test_paths_of_somebodys_machine_become_paths_of_the_project() -> None:
    assert read(DOCUMENT).ticket("ticket-008") == read(DOCUMENT).tickets[1]
    assert read(DOCUMENT).tickets[1].files == ("rates.py", "other.py")
    there = read(DOCUMENT, "app/rates.py", "app/other.py")
    assert there.tickets[1].files == ("app/rates.py", "app/other.py")


@pytest.mark.parametrize(
    "heading",
    ["## ABC-12: Do it", "### [ABC-12] Do it", "# ABC-12 - Do it", "## **ABC-12** Do it", "ABC-12 Do it\n---"],
)
def test_other_shapes_of_headings_are_tickets_too(heading: str) -> None:
    (ticket,) = read(f"{heading}\n\nPriority: low\n").tickets
    assert (ticket.id, ticket.title, ticket.priority) == ("ABC-12", "Do it", "low")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("# Notes\n\nNothing here.\n", "doc.md: there is no ticket in it"),
        ("## A-1: x\n\n## A-1: y\n", "doc.md:3: A-1 is there already, in line 1"),
        ("## A-1: x\n\nEstimate: soon\n", "doc.md:3: the estimate 'soon' of A-1 has no number"),
        ("## A-1: x\n\nEstimate: 5-2\n", "doc.md:3: the estimate '5-2' of A-1 runs backwards"),
        ("## A-1: x\n\n## R-1: y\n\nReviews: A-2\n", "doc.md:3: R-1 reviews A-2, which is no ticket"),
    ],
)
def test_a_bad_document_is_refused_with_the_line(text: str, mistake: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(text)
    assert mistake in str(error.value)


def test_a_written_plan_reads_back_the_same(tmp_path: Path) -> None:
    plan = read(DOCUMENT.replace("silent", 'sil"ent\\'))
    (tmp_path / "plan.toml").write_text(rendered(plan), encoding="utf-8")
    assert read_plan(tmp_path / "plan.toml") == plan


CLIENT = "import requests\n\n\ndef rate(url):\n    return requests.get(url{})\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "rates.py").write_text(CLIENT.format(""))
    (tmp_path / "doc.md").write_text(DOCUMENT)
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def chunklint(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chunklint", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_tickets_show_what_is_open_and_how_it_moved(project: Path) -> None:
    imported = chunklint(project, "tickets", "import", "doc.md")
    assert imported.stdout.startswith("wrote chunklint-tickets.toml: 2 tickets, 1 review, 1 phase, 14-15 hours.")
    assert chunklint(project, "tickets", "import", "doc.md").returncode == 2
    rows = {row.split()[0]: row for row in chunklint(project, "tickets").stdout.splitlines() if row}
    assert rows["TICKET-008"].split()[1:5] == ["high", "1", "2-3", "·"]
    assert "open" in rows["TICKET-008"]
    assert "done" in rows["TICKET-001"]
    (project / "app" / "rates.py").write_text(CLIENT.format(", timeout=3"))
    moved = chunklint(project, "tickets", "--since", "HEAD").stdout
    assert next(row.split() for row in moved.splitlines() if row.startswith("TICKET-008"))[8:10] == ["-1", "done"]
    assert subprocess.run(["git", "status", "--short", "app"], cwd=project, capture_output=True, check=True).stdout


def test_a_review_asks_for_changes_until_the_ticket_is_done(project: Path) -> None:
    chunklint(project, "tickets", "import", "doc.md")
    asked = chunklint(project, "review", "ticket-008")
    assert asked.returncode == 1
    assert "**Verdict: Changes requested**" in asked.stdout
    assert "`app/rates.py:5`" in asked.stdout
    assert "Missing timeout on critical paths — CL801: 1 finding" in asked.stdout
    assert "Too short timeouts — for a person to judge" in asked.stdout
    (project / "app" / "rates.py").write_text(CLIENT.format(", timeout=3"))
    done = chunklint(project, "review", "TICKET-008", "--base", "main")
    assert done.returncode == 0
    assert "**Verdict: Approved**" in done.stdout
    assert "fixed since `main`: `app/rates.py:5` CL801" in done.stdout


def test_a_new_suppression_is_a_suggestion_to_read_it(project: Path) -> None:
    silenced = CLIENT.format("").rstrip() + "  # chunklint: ignore[CL801] the server is ours\n"
    (project / "app" / "rates.py").write_text(silenced)
    review = chunklint(project, "review", "TICKET-008", "--base", "main", "--output", "review.md")
    assert (review.returncode, review.stdout) == (0, "")
    text = (project / "review.md").read_text()
    assert "**Verdict: Approved with suggestions**" in text
    assert "- `app/rates.py:5` CL801: the server is ours" in text


def test_a_folder_may_have_tickets_of_its_own(project: Path) -> None:
    (project / "billing").mkdir()
    (project / "billing" / "rates.py").write_text(CLIENT.format(""))
    (project / "chunklint.toml").write_text(
        """
        [tickets]
        url = "https://tracker.test/{ticket}"
        map = { CL801 = "OPS-1" }
        [tickets.per-path."billing/**"]
        TICKET-008 = "PAY-2"
        [tickets.per-path."billing/legacy/**"]
        CL801 = "PAY-3"
        """
    )
    (project / "billing" / "legacy").mkdir()
    (project / "billing" / "legacy" / "rates.py").write_text(CLIENT.format(""))
    found = json.loads(chunklint(project, "scan", "--output-format", "sarif").stdout)["runs"][0]["results"]
    tickets = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: one["workItemUris"] for one in found}
    assert tickets == {
        "app/rates.py": ["https://tracker.test/OPS-1"],
        "billing/legacy/rates.py": ["https://tracker.test/PAY-3"],
        "billing/rates.py": ["https://tracker.test/PAY-2"],
    }
    rows = {row.split()[0]: row.split() for row in chunklint(project, "tickets").stdout.splitlines() if row}
    files = [rows[name][4] for name in ("OPS-1", "PAY-2", "PAY-3")]
    assert files == ["1", "1", "1"]
    left = chunklint(project, "review", "PAY-2").stdout
    assert "`billing/rates.py:5`" in left
    assert "app/rates.py" not in left
    assert "legacy" not in left
    shown = chunklint(project, "scan", "--show-settings").stdout
    assert shown.count("[tickets.per-path.") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("review", "TICKET-088"), "there is no ticket 'TICKET-088'"),
        (("review", "TICKET-008", "--base", "nowhere"), "git cannot read the files of 'nowhere'"),
        (("tickets", "--since=--help"), "git cannot read the files of '--help'"),
        (("tickets", "import", "none.md"), "does not exist"),
        (("tickets", "import", "doc.md", "--into", "nowhere/plan.toml"), "nowhere/plan.toml cannot be written"),
        (("review", "TICKET-008", "--output", "nowhere/review.md"), "nowhere/review.md cannot be written"),
    ],
)
def test_mistakes_are_told_and_not_thrown(project: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = chunklint(project, *arguments)
    assert ran.returncode == 2
    assert message in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("ticket = [", "cannot be read"),
        ("tickets = []", "unknown key `tickets`"),
        ("[ticket]\nid = 'A-1'", "write [[ticket]]"),
        ("[[ticket]]\nid = 'A-1'", "A-1: `title` is missing"),
        ("[[ticket]]\nid = 'A-1'\ntitle = 'x'\nhours = [3, 1]", "A-1: hours: expected two numbers"),
        ("[[ticket]]\nid = 'A-1'\ntitle = 'x'\nfiles = 'y'", "A-1: files: expected a list"),
        ("[[review]]\nid = 'R-1'\ntitle = 'x'\nticket = 'A-1'", "no [[ticket]] has as its id"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(project: Path, plan: str, message: str) -> None:
    (project / "chunklint-tickets.toml").write_text(plan)
    ran = chunklint(project, "tickets")
    assert ran.returncode == 2
    assert message in " ".join(ran.stderr.split())


def test_the_trend_over_revisions_is_drawn_as_a_page(project: Path) -> None:
    (project / "app" / "rates.py").write_text(CLIENT.format(", timeout=3"))
    drawn = chunklint(project, "tickets", "--since", "main", "--since", "HEAD", "--html", "trend.html")
    assert drawn.returncode == 0
    (row,) = (row for row in drawn.stdout.splitlines() if row.startswith("TICKET-008"))
    assert row.split()[5:8] == ["1", ">", "1"]
    page = (project / "trend.html").read_text()
    assert "0 findings now, 1 fewer than at main." in page
    assert page.count('<rect class="column"') == 2
    assert "http" not in page.split("<main", 1)[1]


def test_a_trend_needs_something_to_compare_with(project: Path) -> None:
    refused = chunklint(project, "tickets", "--html", "trend.html")
    assert refused.returncode == 2
    assert "--since" in refused.stderr
    assert not (project / "trend.html").exists()
