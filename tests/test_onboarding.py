"""`chunklint init` and `--add-ignores` in real folders: what they write works, and breaks nothing that was there."""

from __future__ import annotations

import ast
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from chunklint.onboarding import Origin, plan

BIN = Path(sys.executable).parent


def chunklint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chunklint", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in path.as_posix())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


# --- init ---


def test_init_shows_everything_and_writes_nothing_without_consent(project: Path) -> None:
    ran = chunklint("init", cwd=project)
    assert ran.returncode == 0
    for name in ("chunklint.toml", ".pre-commit-config.yaml", ".github/workflows/chunklint.yml"):
        assert f"+++ {name}" in ran.stdout
    assert "--yes" in ran.stderr
    assert tree(project) == {}


@pytest.mark.parametrize(("answer", "written"), [(b"y\n", True), (b"n\n", False)])
def test_init_asks_on_a_terminal(project: Path, answer: bytes, written: bool) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "chunklint", "init"]
    with subprocess.Popen(command, cwd=project, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        os.write(ours, answer)
        asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (project / "chunklint.toml").exists() is written


def test_what_init_writes_is_valid_and_a_second_time_changes_nothing(project: Path) -> None:
    assert chunklint("init", "--yes", cwd=project).returncode == 0
    shown = chunklint("scan", "--show-settings", cwd=project)
    assert shown.returncode == 0, shown.stderr
    for command in (
        ["pre-commit", "validate-config", ".pre-commit-config.yaml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/chunklint.yml"],
    ):
        checked = subprocess.run([BIN / command[0], *command[1:]], cwd=project, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    before = tree(project)
    again = chunklint("init", "--yes", cwd=project)
    assert "There is nothing to write." in again.stdout
    assert tree(project) == before


def test_a_known_source_is_pinned_in_hook_and_workflow(project: Path) -> None:
    ran = chunklint("init", "--yes", "--source", "https://github.com/acme/chunklint", cwd=project)
    assert "OWNER" not in ran.stdout
    (entry,) = yaml.safe_load((project / ".pre-commit-config.yaml").read_text())["repos"]
    assert entry["repo"] == "https://github.com/acme/chunklint"
    assert [hook["id"] for hook in entry["hooks"]] == ["chunklint", "chunklint-project"]
    steps = yaml.safe_load((project / ".github/workflows/chunklint.yml").read_text())["jobs"]["chunklint"]["steps"]
    assert steps[-1]["uses"] == f"acme/chunklint@{entry['rev']}"


def test_without_a_source_the_workflow_says_what_is_left_to_do(project: Path) -> None:
    ran = chunklint("init", "--yes", cwd=project)
    assert "Next: in .github/workflows/chunklint.yml, put the repository" in ran.stdout


@pytest.mark.parametrize(
    "before",
    [
        '[project]\nname = "a"\n',
        '[project]\nname = "a"',
        '[project]\r\nname = "a"\r\n',
        '[tool.ruff]\nline-length = 100\n\n[[tool.mypy.overrides]]\nmodule = "x"\n',
        "",
    ],
)
def test_settings_are_added_to_a_pyproject_without_touching_the_rest(project: Path, before: str) -> None:
    file = project / "pyproject.toml"
    file.write_bytes(before.encode())
    assert chunklint("init", "--yes", cwd=project).returncode == 0
    after = file.read_bytes().decode()
    assert after.startswith(before)
    read = tomllib.loads(after)
    assert read["tool"].pop("chunklint")["fail-on"] == "warning"
    known = tomllib.loads(before)
    assert read == known | {"tool": known.get("tool", {})}
    assert ("\r\n" in after) == ("\r\n" in before)
    assert after.count("\r") in (0, after.count("\n"))


@pytest.mark.parametrize("before", ["tool = {}\n", "this is no TOML\n"])
def test_a_pyproject_that_cannot_take_a_table_is_left_alone_and_the_user_told(project: Path, before: str) -> None:
    (project / "pyproject.toml").write_text(before)
    ran = chunklint("init", "--yes", cwd=project)
    assert "add this by hand" in ran.stdout
    assert (project / "pyproject.toml").read_text() == before


@pytest.mark.parametrize(
    "before",
    [
        "repos:\n- repo: local\n  hooks: []\n",
        "repos:\n  - repo: local\n    hooks: []\n\n\n",
        "fail_fast: true\nrepos: # ours\n    - repo: local\n      hooks: []\n\n# the service\nci:\n  skip: []\n",
        "repos: []\nfail_fast: true\n",
        "repos:\r\n- repo: local\r\n  hooks: []\r\n",
        "---\nrepos:\n- repo: local\n  # a comment\n  hooks: []",
    ],
)
def test_the_hooks_are_added_to_those_that_are_there(project: Path, before: str) -> None:
    file = project / ".pre-commit-config.yaml"
    file.write_bytes(before.encode())
    assert chunklint("init", "--yes", cwd=project).returncode == 0
    after = file.read_bytes().decode()
    known, read = yaml.safe_load(before), yaml.safe_load(after)
    assert [hook["id"] for hook in read["repos"].pop()["hooks"]] == ["chunklint", "chunklint-project"]
    assert read == known
    assert after.count("\r") in (0, after.count("\n"))
    if "# the service" in before:
        assert "# the service\nci:" in after


@pytest.mark.parametrize("before", ["repos: [{repo: local, hooks: []}]\n", "repos: *anchor\n", "fail_fast: true\n"])
def test_a_list_of_hooks_in_another_style_is_left_alone_and_the_user_told(project: Path, before: str) -> None:
    (project / ".pre-commit-config.yaml").write_text(before)
    ran = chunklint("init", "--yes", cwd=project)
    assert "add this to its `repos`" in ran.stdout
    assert (project / ".pre-commit-config.yaml").read_text() == before


def test_init_from_a_subfolder_writes_at_the_top_of_the_repository(project: Path) -> None:
    (project / "deep").mkdir()
    chunklint("init", "--yes", cwd=project / "deep")
    assert (project / "chunklint.toml").is_file()
    assert not list((project / "deep").iterdir())


def test_a_file_that_cannot_be_read_is_named_without_a_traceback(project: Path) -> None:
    (project / "pyproject.toml").mkdir()
    ran = chunklint("init", "--yes", cwd=project)
    assert ran.returncode == 2
    assert "pyproject.toml" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_plan_made_of_a_commit_pins_that_commit(tmp_path: Path) -> None:
    additions = plan(tmp_path, Origin("https://github.com/acme/chunklint.git", "0" * 40))
    assert f"uses: acme/chunklint@{'0' * 40}" in str(additions[2].after)


# --- --add-ignores ---

REASON = "accepted in OPS-4, see https://example.org/4"

PYTHON = '''\
#!/usr/bin/env python3
"""Doc."""
import requests
from sqlalchemy import text


def fetch(url, first, second, third_parameter_with_a_long_name, fourth_parameter_with_a_long_name):
    requests.get(url)
    answer = requests.get(url)  # noqa: S113
    answer = \\
        requests.get(url)
    a_name_that_fills_the_line_to_its_very_end = requests.post(url, first, second, third_parameter_with_a_long_name)
    return [
        requests.get(
            url,
        ),
        answer if url else requests.head(url),
    ]


def drop(connection, table):
    connection.execute(
        text(f"""
        DELETE FROM kept;
        DELETE FROM shelf WHERE name = '{table}'
        """)
    )
    return f"""{
        requests.get(table)
    }"""
'''

TSX = """\
import { useEffect, useState } from "react";
import axios from "axios";

export function Clock({ url }: { url: string }) {
  const [now, setNow] = useState(0);
  useEffect(() => {
    // eslint-disable-next-line no-restricted-globals
    setInterval(() => setNow(Date.now()), 1000);
  }, []);
  useEffect(() => {
    window.addEventListener("resize", () => setNow(1)); // eslint-disable-line no-undef
  }, []);
  return (
    <p>
      some words {now}
      <button
        onClick={() => axios.get(url)}
      >
        words
        {axios.get(url).toString()} and more words
      </button>
      {`
        ${axios.get(url)}
      `}
    </p>
  );
}
"""


def git(repository: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout


def add_ignores(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return chunklint("scan", "--isolated", "--output-format", "concise", *options, "--add-ignores", REASON, cwd=project)


def test_every_finding_is_silenced_with_the_reason_and_the_program_stays_the_same(project: Path) -> None:
    (project / "client.py").write_text(PYTHON)
    (project / "Clock.tsx").write_text(TSX)
    found = chunklint("scan", "--isolated", "--output-format", "concise", cwd=project).stdout.splitlines()
    assert len(found) > 12
    ran = add_ignores(project)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr
    assert "finds nothing here" not in ran.stderr
    after = (project / "client.py").read_text()
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(PYTHON))
    assert after.startswith('#!/usr/bin/env python3\n"""Doc."""\n')
    code = (project / "Clock.tsx").read_text()
    assert "disable-next-line no-restricted-globals\n    setInterval" in code
    assert "// eslint-disable-line no-undef\n" in code
    shown = chunklint("scan", "--isolated", "--show-suppressed", "--output-format", "concise", cwd=project).stdout
    assert shown.count(f"suppressed: {REASON}") == len(found)


def test_a_second_time_nothing_is_added(project: Path) -> None:
    (project / "client.py").write_text(PYTHON)
    add_ignores(project)
    before = tree(project)
    again = add_ignores(project)
    assert "0 comments added in 0 files." in again.stderr
    assert tree(project) == before


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "a.py",
            "import requests\n\nrequests.get('u')\n",
            "import requests\n\nrequests.get('u')  # chunklint: ignore[CL801] why\n",
        ),
        (
            "a.py",
            "\ufeffimport requests\r\nx = 'ü'; requests.get(x)\r\n",
            "\ufeffimport requests\r\nx = 'ü'; requests.get(x)  # chunklint: ignore[CL801] why\r\n",
        ),
        (
            "a.py",
            "import requests\ndef f():\n\tx = requests.get('u')  # type: ignore\n",
            "import requests\ndef f():\n\t# chunklint: ignore[CL801] why\n\tx = requests.get('u')  # type: ignore\n",
        ),
        (
            "a.py",
            "import requests\nx = requests.get('u')  # chunklint: ignore[CL101] so\n",
            "import requests\n# chunklint: ignore[CL801] why\nx = requests.get('u')  # chunklint: ignore[CL101] so\n",
        ),
        (
            "a.py",
            "import requests; requests.get('u')",
            "import requests; requests.get('u')  # chunklint: ignore[CL801] why",
        ),
        (
            "a.ts",
            "import axios from 'axios';\naxios.get('u');\n",
            "import axios from 'axios';\naxios.get('u'); // chunklint: ignore[CL801] why\n",
        ),
    ],
)
def test_the_comment_stands_where_a_person_would_put_it(project: Path, name: str, before: str, after: str) -> None:
    (project / name).write_bytes(before.encode())
    chunklint("scan", "--isolated", "--select", "CL801", "--add-ignores", "why", cwd=project)
    assert (project / name).read_bytes().decode() == after


def test_only_the_findings_of_the_scan_are_silenced(project: Path) -> None:
    (project / "a.py").write_text("import requests\nrequests.get('u')\n")
    (project / "b.py").write_text("import requests\nrequests.get('u')\n")
    chunklint("scan", "--isolated", "--add-ignores", "why", "a.py", cwd=project)
    assert "chunklint:" in (project / "a.py").read_text()
    assert "chunklint:" not in (project / "b.py").read_text()
    chunklint("scan", "--isolated", "--ignore", "CL8", "--add-ignores", "why", cwd=project)
    assert "chunklint:" not in (project / "b.py").read_text()


def test_with_a_revision_to_compare_with_only_new_findings_are_silenced(project: Path) -> None:
    (project / "a.py").write_text("import requests\nrequests.get('u')\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    with (project / "a.py").open("a") as file:
        file.write("requests.head('u')\n")
    ran = add_ignores(project, "--diff-base", "HEAD")
    assert ran.returncode == 0, ran.stderr
    lines = (project / "a.py").read_text().splitlines()
    assert ["chunklint:" in line for line in lines] == [False, False, True]


def test_a_file_stays_executable(project: Path) -> None:
    file = project / "a.py"
    file.write_text("import requests\nrequests.get('u')\n")
    file.chmod(0o755)
    add_ignores(project)
    assert file.stat().st_mode & 0o777 == 0o755


def test_what_no_comment_can_silence_is_named_and_still_fails(project: Path) -> None:
    (project / "a.py").write_bytes("# coding: latin-1\nimport requests\nx = 'é'\nrequests.get(x)\n".encode("latin-1"))
    before = tree(project)
    ran = add_ignores(project)
    assert ran.returncode == 1
    assert "a.py:4: no comment can silence CL801 here" in ran.stderr
    assert tree(project) == before


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "ends */ here", "a\u2028b"])
def test_a_reason_that_fits_no_comment_is_refused(project: Path, reason: str) -> None:
    (project / "a.py").write_text("import requests\nrequests.get('u')\n")
    ran = chunklint("scan", "--add-ignores", reason, cwd=project)
    assert ran.returncode == 2
    assert "chunklint:" not in (project / "a.py").read_text()


@pytest.mark.parametrize(
    "further", [["--staged"], ["--stdin-filename", "a.py"], ["--baseline", "b", "--baseline-mode", "write"]]
)
def test_it_cannot_be_joined_with_what_does_not_read_the_work_tree(project: Path, further: list[str]) -> None:
    ran = chunklint("scan", *further, "--add-ignores", "why", cwd=project)
    assert ran.returncode == 2
    assert "--add-ignores" in ran.stderr


def test_all_specimens_are_silenced_and_stay_the_same_programs(project: Path) -> None:
    specimens = Path(__file__).resolve().parents[1] / "fixtures"
    sources = {path.relative_to(specimens): path.read_bytes() for path in specimens.rglob("*") if path.is_file()}
    for name, content in sources.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content)
    ran = add_ignores(project)
    assert ran.stdout == "", ran.stdout
    changed = [name for name, content in sources.items() if (project / name).read_bytes() != content]
    assert len(changed) > 50
    for name in changed:
        if name.suffix == ".py":
            assert syntax((project / name).read_bytes()) == syntax(sources[name]), name


def syntax(source: bytes) -> str:
    """The program without its comments; "" for specimens of a Python that is not ours."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return ""
