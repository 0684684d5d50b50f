"""The fixes in SARIF and in reviewdog's format, done by appliers of our own, make of the files what `--fix` makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

Json = dict[str, Any]

WIDTH = """\
import { useEffect, useState } from "react";

export function Größe() {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    /* 🦊 日本 */ window.addEventListener("resize", () => setWidth(window.innerWidth));
  }, []);
  return <p title="é">{width}</p>;
}
"""
CLIENT = 'import axios from "axios";\n\n/* ö 🦊 */ export const rates = (id) => axios.get(`/rates/ü/${id}`); // €\n'
RATE = 'import requests\n\n\ndef rate(url):\n    return "é🦊", requests.get(url)\n'
TEXTS = {
    "web/Größe 1.tsx": WIDTH,
    "web/crlf.tsx": WIDTH.replace("\n", "\r\n"),
    "web/tabs.tsx": WIDTH.replace("  ", "\t").removesuffix("\n"),
    "web/marked.js": "\ufeff" + CLIENT,
    "web/end.js": CLIENT.removesuffix("\n"),
    "app/rate.py": RATE,
    "app/crlf.py": RATE.replace("\n", "\r\n"),
}


def chunklint(*arguments: str, cwd: Path) -> str:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--no-cache", "--select", "CL5,CL801"]
    ran = subprocess.run([*command, "--exit-zero", *arguments], cwd=cwd, capture_output=True, env=plain, timeout=120)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    for name, text in TEXTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def offset(text: str, line: int, column: int) -> int:
    """Where a place in code points stands; a byte order mark is no column, and only LF ends a line."""
    lines = text.split("\n")
    mark = line == 1 and text.startswith("\ufeff")
    return sum(len(one) + 1 for one in lines[: line - 1]) + column - 1 + mark


def place(replacement: Json) -> tuple[int, int]:
    return replacement["deletedRegion"]["startLine"], replacement["deletedRegion"]["startColumn"]


def by_sarif(root: Path) -> None:
    (run,) = json.loads(chunklint("--output-format", "sarif", cwd=root))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    replacements: dict[Path, list[Json]] = {}
    for result in run["results"]:
        ((change,),) = (fix["artifactChanges"] for fix in result["fixes"])
        path = root / unquote(change["artifactLocation"]["uri"])
        replacements.setdefault(path, []).extend(change["replacements"])
    for path, listed in replacements.items():
        text = path.read_bytes().decode()
        # From the end, so that the places of those before it stay where they are.
        for one in sorted(listed, key=place, reverse=True):
            region = one["deletedRegion"]
            start, end = (
                offset(text, region[f"{prefix}Line"], region[f"{prefix}Column"]) for prefix in ("start", "end")
            )
            text = text[:start] + one["insertedContent"]["text"] + text[end:]
        path.write_bytes(text.encode())


def by_rdjson(root: Path) -> None:
    for one in json.loads(chunklint("--output-format", "rdjson", cwd=root))["diagnostics"]:
        path = root / one["location"]["path"]
        lines = path.read_bytes().split(b"\n")
        (suggestion,) = one["suggestions"]
        first, last = suggestion["range"]["start"]["line"], suggestion["range"]["end"]["line"]
        assert set(suggestion["range"]["start"]) == set(suggestion["range"]["end"]) == {"line"}
        # What takes a suggestion gives its lines the ends of those that they replace.
        mark = b"\xef\xbb\xbf" if first == 1 and lines[0].startswith(b"\xef\xbb\xbf") else b""
        end = b"\r" if lines[0].endswith(b"\r") else b""
        text = mark + suggestion["text"].encode().replace(b"\n", end + b"\n") + end
        lines[first - 1 : last] = text.split(b"\n")
        path.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize("apply", [by_sarif, by_rdjson])
def test_the_edits_of_a_report_make_of_a_file_what_fix_does(apply: Callable[[Path], None], project: Path) -> None:
    apply(project)
    found = {name: (project / name).read_bytes().decode() for name in TEXTS}
    for name, text in TEXTS.items():
        (project / name).write_bytes(text.encode())
    chunklint("--fix-only", "--unsafe-fixes", cwd=project)
    assert {name: (project / name).read_bytes().decode() for name in TEXTS} == found
    assert all(found[name] != text for name, text in TEXTS.items())


def test_columns_of_reviewdog_count_bytes(project: Path) -> None:
    for one in json.loads(chunklint("--output-format", "rdjson", cwd=project))["diagnostics"]:
        start = one["location"]["range"]["start"]
        line = (project / one["location"]["path"]).read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        begun = line[start["line"] - 1][start["column"] - 1 :]
        assert begun.startswith((b"window.addEventListener", b"axios.get(", b"requests.get(")), begun


def test_html_and_text_show_what_would_change(project: Path) -> None:
    page, text = chunklint("--output-format", "html", cwd=project), chunklint("--show-fixes", cwd=project)
    for shown in (page, text):
        assert shown.count("removeEventListener(") >= 3
        assert shown.count("timeout: 30_000") >= 2
        assert shown.count("timeout=30") >= 2
