"""What `--fix` and `--diff` do with files that are unlike others: their names, encodings, owners and permissions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WAITS = "import requests\n\n\ndef rate(url):\n    return requests.get(url)\n"
MENDED = WAITS.replace("(url)\n", "(url, timeout=30)\n")


def chunklint(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--no-cache", "--select", "CL801", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, env={**plain, **variables}, timeout=120)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    return tmp_path


def applied(project: Path, name: str, before: bytes, **variables: str) -> bytes:
    """What git makes of a file with the diff of its fixes."""
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_bytes(before)
    patch = chunklint("--diff", "-q", cwd=project, **variables).stdout
    subprocess.run(["git", "apply", "-"], cwd=project, input=patch, check=True)
    return (project / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    ["a b/c d.py", "é ü.py", 'quo"te.py', "back\\slash.py", "tab\tname.py", "line\nend.py", "bell\x07.py"],
    ids=["blanks", "accents", "quote", "backslash", "tab", "line end", "control character"],
)
def test_git_applies_the_diff_whatever_the_name_of_the_file(project: Path, name: str) -> None:
    assert applied(project, name, WAITS.encode()) == MENDED.encode()


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_patch_applies_the_diff_of_a_name_with_blanks(project: Path) -> None:
    (project / "my rates.py").write_text(WAITS)
    diff = chunklint("--diff", "-q", cwd=project).stdout
    subprocess.run(["patch", "-p1"], cwd=project, input=diff, check=True, capture_output=True)
    assert (project / "my rates.py").read_text() == MENDED


@pytest.mark.parametrize(
    ("encoding", "output"), [("latin-1", "utf-8"), ("cp1252", "utf-8"), ("utf-8", "ascii"), ("utf-8", "latin-1")]
)
def test_the_diff_has_the_bytes_of_the_file(project: Path, encoding: str, output: str) -> None:
    comment = "# für" if encoding == "latin-1" else "# für 3 €"
    text = f"# coding: {encoding}\n" + WAITS.replace("(url)\n", f"(url)  {comment}\n")
    after = applied(project, "a.py", text.encode(encoding), PYTHONIOENCODING=output)
    assert after == text.replace("(url)  #", "(url, timeout=30)  #").encode(encoding)


def test_a_file_that_no_diff_could_show_is_left_alone(project: Path) -> None:
    before = WAITS.encode("utf-16")
    (project / "wide.py").write_bytes(before)
    (project / "plain.py").write_text(WAITS)
    told = chunklint("--fix", "--verbose", cwd=project).stderr.decode()
    assert "wide.py:5:12: CL801: no fix, for git takes utf-16 for binary, and no diff could show the change." in told
    assert (project / "wide.py").read_bytes() == before
    assert (project / "plain.py").read_text() == MENDED


def test_a_file_that_is_not_to_be_written_is_left_alone(project: Path) -> None:
    (project / "a.py").write_text(WAITS)
    (project / "a.py").chmod(0o444)
    ran = chunklint("--fix", "--verbose", cwd=project)
    assert b"no fix, for the file cannot be written: Permission denied." in ran.stderr
    assert (project / "a.py").read_text() == WAITS
    assert ran.returncode == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_mended_file_keeps_its_owner(project: Path) -> None:
    (project / "a.py").write_text(WAITS)
    os.chown(project / "a.py", 4321, 4322)
    chunklint("--fix", cwd=project)
    mended = (project / "a.py").stat()
    assert (project / "a.py").read_text() == MENDED
    assert (mended.st_uid, mended.st_gid) == (4321, 4322)


# The messages of reviewdog's diagnostic format as far as chunklint speaks it: a field it does not know is a mistake.
POSITION = {"line": int, "column": int}
RANGE = {"start": POSITION, "end": POSITION}
SUGGESTION = {"range": RANGE, "text": str}
DIAGNOSTIC = {
    "message": str,
    "location": {"path": str, "range": RANGE},
    "severity": str,
    "code": {"value": str, "url": str},
    "suggestions": [SUGGESTION],
}
RESULT = {"source": {"name": str, "url": str}, "severity": str, "diagnostics": [DIAGNOSTIC]}


def conforms(value: Any, shape: Any) -> bool:
    match shape:
        case dict():
            return isinstance(value, dict) and all(
                name in shape and conforms(one, shape[name]) for name, one in value.items()
            )
        case [item]:
            return isinstance(value, list) and all(conforms(one, item) for one in value)
    return type(value) is shape


def test_a_suggestion_taken_in_a_review_is_the_fix(project: Path) -> None:
    texts = {
        "short.py": WAITS,
        "wide.py": WAITS.replace("(url)\n", "(\n        url,\n        params={'é': url},\n    )\n"),
        "ends.py": WAITS.replace("\n", "\r\n").removesuffix("\r\n"),
        "broken.py": WAITS.replace("(url)\n", f"(url, params={{'base': '{'x' * 38}'}})\n"),
    }
    for name, text in texts.items():
        (project / name).write_bytes(text.encode())
    result = json.loads(chunklint("--output-format", "rdjson", cwd=project).stdout)
    assert conforms(result, RESULT)
    assert not conforms({"diagnostics": [{"suggestion": []}]}, RESULT)
    assert len(result["diagnostics"]) == len(texts)
    for diagnostic in result["diagnostics"]:
        assert diagnostic["severity"] in ("ERROR", "WARNING", "INFO")
        # A range without columns is one of whole lines, its last one included, without the end of that.
        ((suggestion,), path) = diagnostic["suggestions"], project / diagnostic["location"]["path"]
        first, last = suggestion["range"]["start"]["line"], suggestion["range"]["end"]["line"]
        lines = texts[path.name].replace("\r\n", "\n").split("\n")
        lines[first - 1 : last] = suggestion["text"].split("\n")
        texts[path.name] = "\n".join(lines)
    chunklint("--fix", "-q", cwd=project)
    assert {name: (project / name).read_text(encoding="utf-8") for name in texts} == texts
