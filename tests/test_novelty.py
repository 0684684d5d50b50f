"""Only what is new: baselines and the changes since a revision, with real folders, real git and the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunklint import baseline
from chunklint.baseline import Entry
from chunklint.model import Finding, Location, Severity, Span

FETCH = "def {name}(url):\n    return requests.get(url)\n\n\n"


def source(*names: str) -> str:
    return "import requests\n\n\n" + "".join(FETCH.format(name=name) for name in names)


def chunklint(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--output-format", "concise", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def git(repository: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True)


def commit(repository: Path, message: str = "change") -> None:
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", message)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(source("one", "two"))
    return tmp_path


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q", "-b", "main")
    commit(project)
    return project


def test_a_baseline_silences_what_it_has_and_the_exit_code_with_it(project: Path) -> None:
    written = chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    assert (written.returncode, written.stdout) == (0, "")
    assert "base.json: 2 findings, 2 added, 0 removed." in written.stderr
    used = chunklint(project, "--baseline", "base.json")
    assert (used.returncode, used.stdout) == (0, "")
    (project / "a.py").write_text(source("zero", "one", "two"))
    after = chunklint(project, "--baseline", "base.json")
    assert after.returncode == 1
    assert [line.split(":")[1] for line in after.stdout.splitlines()] == ["5"]


def test_a_second_instance_of_a_known_finding_is_new(project: Path) -> None:
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    (project / "a.py").write_text(source("one", "two") + source("one"))
    assert len(chunklint(project, "--baseline", "base.json").stdout.splitlines()) == 1
    (project / "a.py").write_text(source("one", "two"))
    (project / "b.py").write_text(source("one"))
    assert chunklint(project, "--baseline", "base.json").stdout.startswith("b.py:5:")


def test_a_renamed_file_keeps_its_accepted_findings(project: Path) -> None:
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    (project / "a.py").rename(project / "b.py")
    assert chunklint(project, "--baseline", "base.json").stdout == ""
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "update")
    paths = {entry.path for entry in baseline.read(project / "base.json")}
    assert paths == {"b.py"}


def test_a_fixed_finding_leaves_the_baseline_and_cannot_come_back_unseen(project: Path) -> None:
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    (project / "a.py").write_text(source("two"))
    used = chunklint(project, "--baseline", "base.json")
    assert "1 of the findings in base.json is fixed" in used.stderr
    pruned = chunklint(project, "--baseline", "base.json", "--baseline-mode", "prune")
    assert "1 finding, 0 added, 1 removed" in pruned.stderr
    (project / "a.py").write_text(source("one", "two"))
    assert chunklint(project, "--baseline", "base.json").stdout.startswith("a.py:5:")


def test_pruning_adds_nothing_and_still_reports_what_is_new(project: Path) -> None:
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    (project / "a.py").write_text(source("two", "three"))
    pruned = chunklint(project, "--baseline", "base.json", "--baseline-mode", "prune")
    assert pruned.returncode == 1
    assert len(baseline.read(project / "base.json")) == 1


def test_entries_that_a_scan_cannot_judge_stay(project: Path) -> None:
    (project / "b.py").write_text(source("three"))
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    before = (project / "base.json").read_text()
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "update", "b.py")
    assert (project / "base.json").read_text() == before
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "prune", "--select", "CL101")
    assert (project / "base.json").read_text() == before


def test_baselined_findings_are_shown_on_request_and_marked(project: Path) -> None:
    chunklint(project, "--baseline", "base.json", "--baseline-mode", "write")
    shown = chunklint(project, "--baseline", "base.json", "--show-suppressed", "--output-format", "sarif=out.sarif")
    assert shown.returncode == 0
    assert shown.stdout.count("(in the baseline)") == 2
    results = json.loads((project / "out.sarif").read_text())["runs"][0]["results"]
    assert [result["suppressions"][0]["kind"] for result in results] == ["external", "external"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no baseline base.json"),
        ("<<<<<<< HEAD\n{}", "base.json:1: not a baseline: conflict markers"),
        ("[]", "not a baseline of chunklint"),
        ('{"version": 1, "findings": [{"path": "a", "code": 7, "key": "k"}]}', "not a baseline of chunklint"),
        ('{"version": 2, "findings": []}', "version 2"),
        ("[" * 100_000, "not a baseline"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_what_to_do(project: Path, text: str | None, message: str) -> None:
    if text is not None:
        (project / "base.json").write_text(text)
    ran = chunklint(project, "--baseline", "base.json")
    assert ran.returncode == 2
    assert message in " ".join(ran.stderr.split()).replace(f"{project}/", "")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--baseline-mode", "write"),
        ("--diff-base", "HEAD", "--staged"),
        ("--diff-base", "HEAD", "--baseline", "b.json", "--baseline-mode", "write"),
        ("--diff-base", "no-such-revision"),
        ("--diff-base=--output=stolen",),
    ],
)
def test_options_that_contradict_each_other_are_refused(repository: Path, arguments: tuple[str, ...]) -> None:
    ran = chunklint(repository, *arguments)
    assert ran.returncode == 2
    assert "Error:" in ran.stderr
    assert not (repository / "stolen").exists()


def test_the_changes_since_a_revision_are_all_that_is_reported(repository: Path) -> None:
    git(repository, "switch", "-q", "-c", "feature")
    (repository / "a.py").write_text(source("one", "between", "two"))
    commit(repository)
    (repository / "new file\n.py").write_text(source("untracked"))
    ran = chunklint(repository, "--diff-base", "main")
    assert ran.returncode == 1
    assert [line.split(": ")[0] for line in ran.stdout.splitlines()] == ["a.py:9:12", "new file\\n.py:5:12"]
    assert "2 findings that the changes since main do not touch are left out" in ran.stderr


def test_what_the_other_branch_did_meanwhile_is_not_the_change(repository: Path) -> None:
    git(repository, "switch", "-q", "-c", "feature")
    (repository / "mine.py").write_text("x = 1\n")
    commit(repository)
    git(repository, "switch", "-q", "main")
    (repository / "theirs.py").write_text(source("three"))
    commit(repository)
    git(repository, "switch", "-q", "feature")
    assert chunklint(repository, "--diff-base", "main").stdout == ""


def revision(name: str, parent: str | None) -> str:
    return (
        f'"""{name}."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f"revision = {name!r}\ndown_revision = {parent!r}\n\n\n"
        f'def upgrade():\n    op.add_column("users", sa.Column("c_{name}", sa.Text()))\n\n\n'
        f'def downgrade():\n    op.drop_column("users", "c_{name}")\n'
    )


def test_heads_that_only_the_merge_would_make_are_the_changes_doing(repository: Path) -> None:
    versions = repository / "alembic" / "versions"
    versions.mkdir(parents=True)
    (versions / "a1.py").write_text(revision("a1", None))
    commit(repository)
    git(repository, "switch", "-q", "-c", "feature")
    (versions / "b2.py").write_text(revision("b2", "a1"))
    commit(repository)
    git(repository, "switch", "-q", "main")
    (versions / "c3.py").write_text(revision("c3", "a1"))
    commit(repository)
    git(repository, "switch", "-q", "feature")
    assert chunklint(repository, "--select", "CL901").stdout == ""
    assert "CL901" in chunklint(repository, "--select", "CL901", "--diff-base", "main").stdout


def test_a_problem_in_an_untouched_file_that_the_change_causes_is_reported(repository: Path) -> None:
    versions = repository / "alembic" / "versions"
    versions.mkdir(parents=True)
    for name, parent in (("a1", None), ("b2", "a1"), ("c3", "b2")):
        (versions / f"{name}.py").write_text(revision(name, parent))
    commit(repository)
    assert chunklint(repository, "--select", "CL902").stdout == ""
    (versions / "b2.py").unlink()
    caused = chunklint(repository, "--select", "CL902", "--diff-base", "main")
    assert "c3.py" in caused.stdout
    commit(repository)
    assert chunklint(repository, "--select", "CL902", "--diff-base", "main").stdout == ""


def finding(path: str, key: str) -> Finding:
    return Finding("CL801", Location(path, Span(1, 1, 1, 2)), "m", Severity.NOTE, key=key)


places = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))


@settings(max_examples=200)
@given(st.lists(places, max_size=8), st.lists(places, max_size=8), st.sets(st.sampled_from("abc")))
def test_each_entry_silences_one_finding_and_nothing_is_lost(
    now: list[tuple[str, str]], then: list[tuple[str, str]], gone: set[str]
) -> None:
    found = [finding(*place) for place in now if place[0] not in gone]
    entries = [Entry(path, "CL801", key) for path, key in then]
    compared = baseline.compare(found, entries, judged=lambda entry: True, gone=lambda path: path in gone)
    assert len(compared.new) + len(compared.known) == len(found)
    assert len(compared.known) + len(compared.fixed) == len(entries)
    again = baseline.compare(
        found, [*compared.kept, *map(baseline.entry_of, compared.new)], judged=lambda entry: True,
        gone=lambda path: path in gone,
    )  # fmt: skip
    assert (again.new, again.fixed) == ((), ())


@settings(max_examples=50)
@given(st.lists(st.builds(Entry, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5)), max_size=5))
def test_a_written_baseline_reads_back_the_same(entries: list[Entry]) -> None:
    document = json.loads(baseline.rendered(entries))
    assert [Entry(**one) for one in document["findings"]] == sorted(entries)
