"""Input that means harm, or looks like it: notifications, never a traceback, never a hang."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chunklint.engine import Job, RuleSet, scan
from chunklint.loader import BUILTIN, load
from chunklint.model import Severity

RULES = load([BUILTIN])
BAD = b"import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"


def chunklint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # The timeout is no measurement: it turns a hang into a failure.
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, errors="surrogateescape")


@pytest.fixture
def minefield(tmp_path: Path) -> Path:
    """One file of every kind that has broken a linter before, beside one honest bad file."""
    (tmp_path / "honest.py").write_bytes(BAD)
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9\n" + BAD)
    (tmp_path / "nul.py").write_bytes(b"x = 1\0\n" + BAD)
    (tmp_path / "long.py").write_bytes(b"x = '" + b"a" * 5_000_000 + b"'\n")
    (tmp_path / "nested.py").write_bytes(b"requests = " + b"[" * 2000 + b"]" * 2000 + b"\n" + BAD)
    (tmp_path / "nested.tsx").write_bytes(
        b"useEffect(() => { setInterval(" + b"(" * 2000 + b"f" + b")" * 2000 + b", 1) }, []);\n"
    )
    (tmp_path / "added.py").write_bytes(b"import requests\nrequests.get(" + b"'a' + " * 3000 + b"'b')\n")
    (tmp_path / "sql.py").write_bytes(b"op.execute(f'DROP TABLE {" + b"(" * 500 + b"x" + b")" * 500 + b"}')\n")
    (tmp_path / "indented.py").write_bytes(
        b"".join(b" " * n + b"if requests:\n" for n in range(900)) + b" " * 900 + b"pass\n"
    )
    (tmp_path / "broken.py").write_bytes(b"def f(:\n    return requests.get(\n" * 40)
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "outside.py").symlink_to("/etc/hostname")
    (tmp_path / "evil\n\x1b[31m\u202ename.py").write_bytes(BAD)
    return tmp_path


def test_a_minefield_is_scanned_to_the_end(minefield: Path) -> None:
    ran = chunklint(".", cwd=minefield)
    assert "Traceback" not in ran.stdout + ran.stderr
    assert ran.returncode == 2, "a file that could not be judged must be visible in the exit code"
    assert "honest.py:5:12" in ran.stdout
    assert "latin.py:6:12" in ran.stdout


def test_every_file_that_was_not_judged_is_named(minefield: Path) -> None:
    ran = chunklint("--output-format", "json", ".", cwd=minefield)
    notified = {note["path"] for note in json.loads(ran.stdout)["notifications"]}
    assert {"latin.py", "nul.py", "long.py", "broken.py", "indented.py"} <= notified


def test_control_characters_of_a_name_never_reach_the_output(minefield: Path) -> None:
    for form in ("text", "concise", "github", "json", "sarif"):
        ran = chunklint("--output-format", form, "--color", "never", ".", cwd=minefield)
        printed = (ran.stdout + ran.stderr).replace("\n", "")
        assert [c for c in printed if ord(c) < 32 or c == "\u202e"] == [], form


def test_nothing_outside_the_root_is_read_through_a_link(minefield: Path) -> None:
    ran = chunklint("--show-files", ".", cwd=minefield)
    assert "outside.py" not in ran.stdout
    assert "loop" not in ran.stdout


def test_a_fifo_that_is_named_explicitly_does_not_hang(minefield: Path) -> None:
    ran = chunklint("pipe.py", cwd=minefield)
    assert "Traceback" not in ran.stderr
    assert "pipe.py" in ran.stderr


def test_a_file_that_vanishes_during_the_scan_is_notified(tmp_path: Path) -> None:
    job = Job(tmp_path, RuleSet.of([BUILTIN], RULES), ("gone.py",), 1_000_000)
    (note,) = scan(job).notifications
    assert (note.path, note.severity) == ("gone.py", Severity.ERROR)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_notified(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_bytes(BAD)
    (tmp_path / "secret.py").chmod(0)
    ran = chunklint(".", cwd=tmp_path)
    assert ran.returncode == 2
    assert "secret.py" in ran.stderr


def test_a_rule_that_crashes_costs_its_own_findings_on_that_file_only(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "fragile.py").write_text(
        "from chunklint.api import Rule, python\n"
        "rule = Rule(code='ZZ100', name='fragile-rule', ticket='T', when='w', effect='e', instead='i',\n"
        "            bad='', good='', example='x.py', mentions=())\n"
        "@rule.on(python, '(call) @call')\n"
        "def check(call, file):\n"
        "    if file.path == 'b.py':\n"
        "        raise RuntimeError('boom')\n"
        "    yield rule.at(call, 'A `call`.')\n",
        encoding="utf-8",
    )
    contents = dict.fromkeys(("a.py", "b.py", "c.py"), b"f()\n")
    rules = load([folder])
    outcome = scan(Job(tmp_path, RuleSet.of([folder], rules), tuple(contents), 1000, contents))
    assert [finding.location.path for finding in outcome.findings] == ["a.py", "c.py"]
    (note,) = outcome.notifications
    assert (note.path, note.code, note.severity) == ("b.py", "ZZ100", Severity.ERROR)
    assert "RuntimeError: boom" in note.message


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_no_module_of_the_scanned_folder_is_imported_by_us_or_by_a_worker(tmp_path: Path, jobs: str) -> None:
    mine = "import pathlib\npathlib.Path(__file__).with_name('executed').touch()\nraise SystemExit(3)\n"
    for name in ("threading", "multiprocessing", "pickle", "sqlglot", "click", "chunklint", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(mine, encoding="utf-8")
    (tmp_path / "drop.py").write_text('op.execute(f"DROP TABLE {name}")\n', encoding="utf-8")
    program = Path(sys.executable).with_name("chunklint")
    ran = subprocess.run(
        [program, "scan", "--isolated", "--jobs", jobs, "."], cwd=tmp_path, capture_output=True, text=True
    )
    assert not (tmp_path / "executed").exists()
    assert ran.returncode in (0, 1), ran.stderr


def test_a_file_that_begins_with_many_comments_is_judged(tmp_path: Path) -> None:
    """Library files list what is in them: putting the comments together in all ways would never end."""
    effect = (
        'import { useEffect } from "react";\nexport function A() {\n  useEffect(() => {\n'
        '    window.addEventListener("resize", () => {});\n  });\n  return null;\n}\n'
    )
    (tmp_path / "commented.tsx").write_text("/* one */ /* two */\n// three\n" * 40 + effect)
    ran = chunklint("commented.tsx", "--select", "CL501", cwd=tmp_path)
    assert "commented.tsx:84" in ran.stdout
    assert "given up" not in ran.stdout + ran.stderr
