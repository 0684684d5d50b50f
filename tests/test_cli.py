"""The command line as a user meets it: real processes, real folders, real git."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

BAD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
GOOD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=5)\n"


def chunklint(*arguments: str, cwd: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    return subprocess.run(
        [sys.executable, "-m", "chunklint", *arguments],
        cwd=cwd, input=stdin, capture_output=True, text=True, env={**plain, **environment}, timeout=120,
    )  # fmt: skip


def git(repository: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "client.py").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_findings_give_1_and_a_report_that_says_what_why_and_which_ticket(project: Path) -> None:
    ran = chunklint("scan", cwd=project)
    assert ran.returncode == 1
    for part in (
        "client.py:5:12",
        "CL801 missing-timeout",
        "requests.get(url)",
        "^^^^",
        "why",
        "instead",
        "TICKET-008",
    ):
        assert part in ran.stdout
    assert ran.stderr == ""


def test_a_clean_project_gives_0(project: Path) -> None:
    (project / "client.py").write_text(GOOD, encoding="utf-8")
    ran = chunklint("scan", ".", cwd=project)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "All clean: 1 file" in ran.stdout


def test_exit_zero_and_fail_on_decide_the_exit_code(project: Path) -> None:
    assert chunklint("scan", "--exit-zero", cwd=project).returncode == 0
    assert chunklint("scan", "--config", 'severity.CL801="note"', cwd=project).returncode == 0
    assert chunklint("scan", "--config", 'severity.CL801="note"', "--fail-on", "note", cwd=project).returncode == 1
    assert chunklint("scan", "--config", 'severity.CL801="warning"', "--fail-on", "error", cwd=project).returncode == 0


def test_rules_are_chosen_by_code_prefix_name_and_ticket(project: Path) -> None:
    for chosen in ("CL801", "CL8", "missing-timeout", "TICKET-008", "ALL"):
        assert chunklint("scan", "--select", chosen, cwd=project).returncode == 1, chosen
        assert chunklint("scan", "--ignore", chosen, cwd=project).returncode == 0, chosen
    assert chunklint("scan", "--select", "CL1,CL3", cwd=project).returncode == 0
    assert chunklint("scan", "--select", "CL1", "--extend-select", "CL801", cwd=project).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "CL802X"], "did you mean"),
        (["--select", "missing-timeot"], "did you mean `missing-timeout`"),
        (["clien.py"], "did you mean `client.py`"),
        (["--output-format", "sarfi"], "did you mean `sarif`"),
        (["--output-format", "sarif="], "names no file"),
        (["--output-format", "text", "--output-format", "json"], "only one report can go to stdout"),
        (["--output-format", "json=no/such/folder/x.json"], "cannot be written"),
        (["--config", "selct=[]"], "did you mean `select`"),
        (["--config", "nothing.toml"], "nothing.toml"),
        (["--fail-on", "fatal"], "'error', 'warning', 'note'"),
        (["--jobs", "0"], "--jobs"),
        (["--stdin-filename", "x.rb"], "suffix"),
        (["--staged", "client.py"], "leave the PATHS out"),
        (["--staged"], "git"),
    ],
)
def test_wrong_usage_gives_2_and_says_how_to_mend_it(project: Path, arguments: list[str], message: str) -> None:
    ran = chunklint("scan", *arguments, cwd=project)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_several_reports_are_written_by_one_scan(project: Path) -> None:
    formats = ["--output-format", "concise", "--output-format", "sarif=a.sarif", "--output-format", "json=b.json"]
    ran = chunklint("scan", *formats, cwd=project)
    assert ran.stdout.startswith("client.py:5:12: CL801")
    sarif = json.loads((project / "a.sarif").read_text(encoding="utf-8"))
    (result,) = sarif["runs"][0]["results"]
    assert result["properties"]["ticket"] == "TICKET-008"
    assert json.loads((project / "b.json").read_text(encoding="utf-8"))["findings"][0]["code"] == "CL801"


def test_a_report_replaces_a_link_and_never_follows_it(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious.txt"
    elsewhere.write_text("precious", encoding="utf-8")
    (project / "out.json").symlink_to(elsewhere)
    chunklint("scan", "--output-format", "json=out.json", cwd=project)
    assert elsewhere.read_text(encoding="utf-8") == "precious"
    assert json.loads((project / "out.json").read_text(encoding="utf-8"))["findings"]


def test_a_report_goes_into_a_pipe_without_replacing_it(project: Path) -> None:
    pipe = project / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        try:
            chunklint("scan", "--output-format", "concise=pipe", cwd=project)
            # The timeout is no measurement: a pipe that nobody writes to would be waited for without end.
            shown, _ = reader.communicate(timeout=60)
        finally:
            reader.kill()
    assert shown.startswith("client.py:5:12: CL801")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_report_for_dev_stdout_goes_there(project: Path) -> None:
    ran = chunklint("scan", "--output-format", "concise=/dev/stdout", cwd=project)
    assert ran.stdout.startswith("client.py:5:12: CL801")
    assert Path("/dev/stdout").is_symlink()


def test_github_annotations_name_file_line_and_ticket(project: Path) -> None:
    ran = chunklint("scan", "--output-format", "github", cwd=project)
    assert "file=client.py,line=5" in ran.stdout
    assert "TICKET-008" in ran.stdout


def test_statistics_count_by_rule_and_ticket(project: Path) -> None:
    ran = chunklint("scan", "--statistics", cwd=project)
    assert "TICKET-008" in ran.stdout
    assert "requests.get(url)" not in ran.stdout


def test_show_files_and_show_settings_stop_before_scanning(project: Path) -> None:
    assert chunklint("scan", "--show-files", cwd=project).stdout == "client.py\n"
    shown = chunklint("scan", "--show-settings", "--select", "CL801", cwd=project)
    assert shown.returncode == 0
    assert 'select = ["CL801"]' in shown.stdout


def test_one_file_is_read_from_stdin_under_the_name_it_is_given(project: Path) -> None:
    ran = chunklint("scan", "--stdin-filename", "pkg/other.py", "--output-format", "concise", cwd=project, stdin=BAD)
    assert ran.returncode == 1
    assert ran.stdout.startswith("pkg/other.py:5:12: CL801")


def test_staged_scans_the_index_and_not_the_disk(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "client.py")
    (project / "client.py").write_text(GOOD, encoding="utf-8")
    (project / "unstaged.py").write_text(BAD, encoding="utf-8")
    ran = chunklint("scan", "--staged", "--output-format", "concise", cwd=project)
    assert ran.returncode == 1
    assert ran.stdout.count("CL801") == 1
    assert ran.stdout.startswith("client.py:5")


def test_paths_are_reported_from_the_top_of_the_repository(project: Path) -> None:
    git(project, "init", "-q")
    (project / "pkg").mkdir()
    (project / "pkg" / "mod.py").write_text(BAD, encoding="utf-8")
    ran = chunklint("scan", ".", "--output-format", "concise", cwd=project / "pkg")
    assert ran.stdout.startswith("pkg/mod.py:5:12")


def test_settings_of_the_project_are_honoured(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        "[tool.chunklint]\nextend-exclude = ['old/']\n"
        "[tool.chunklint.per-file-ignores]\n'scripts/*' = ['CL801']\n"
        "[tool.chunklint.tickets]\nurl = 'https://example.org/browse/{ticket}'\nmap = {TICKET-008 = 'OPS-4'}\n",
        encoding="utf-8",
    )
    for folder in ("old", "scripts"):
        (project / folder).mkdir()
        (project / folder / "x.py").write_text(BAD, encoding="utf-8")
    report = json.loads(chunklint("scan", "--output-format", "sarif", cwd=project).stdout)
    (result,) = report["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "client.py"
    assert result["workItemUris"] == ["https://example.org/browse/OPS-4"]
    isolated = chunklint("scan", "--isolated", "--output-format", "concise", cwd=project).stdout
    assert isolated.count("CL801") == 3


def test_every_mistake_in_the_settings_is_told_at_once(project: Path) -> None:
    (project / "chunklint.toml").write_text(
        "selct = []\nfail-on = 'fatal'\n[severity]\nCL999 = 'note'\n", encoding="utf-8"
    )
    ran = chunklint("scan", cwd=project)
    assert ran.returncode == 2
    for part in ("chunklint.toml", "selct", "fatal", "CL999"):
        assert part in ran.stderr


def test_rule_folders_of_a_project_load_only_when_trusted(project: Path) -> None:
    chunklint("new", "MY101", "no-fetch", "--into", "lint", cwd=project)
    rule = project / "lint" / "rules" / "custom" / "no_fetch.py"
    rule.write_text(rule.read_text(encoding="utf-8") + "\nprint('executed')\n", encoding="utf-8")
    (project / "chunklint.toml").write_text("rules-dirs = ['lint/rules']\n", encoding="utf-8")
    (project / "client.py").write_text("no_fetch()\n", encoding="utf-8")
    wary = chunklint("scan", "client.py", cwd=project)
    assert "executed" not in wary.stdout + wary.stderr
    assert "--trust-rules" in wary.stderr
    trusted = chunklint("scan", "client.py", "--trust-rules", "--output-format", "concise", cwd=project)
    assert "client.py:1:1: MY101" in trusted.stdout


def test_a_suppression_with_its_reason_silences_and_an_unused_one_is_told(project: Path) -> None:
    silenced = BAD.removesuffix("\n") + "  # chunklint: ignore[CL801] the gateway cuts it off\n"
    (project / "client.py").write_text(silenced, encoding="utf-8")
    assert chunklint("scan", cwd=project).returncode == 0
    shown = chunklint("scan", "--show-suppressed", cwd=project)
    assert "the gateway cuts it off" in shown.stdout
    (project / "client.py").write_text(GOOD + "x = 1  # chunklint: ignore[CL801] no longer\n", encoding="utf-8")
    unused = chunklint("scan", cwd=project)
    assert "client.py:6: " in unused.stderr
    assert "CL801" in unused.stderr
    assert unused.returncode == 0


def test_rule_lists_and_explains(project: Path) -> None:
    rows = [row.split() for row in chunklint("rule", cwd=project).stdout.splitlines()]
    assert ["CL101", "sql-interpolation", "TICKET-001"] in [row[:3] for row in rows]
    page = chunklint("rule", "missing-timeout", cwd=project).stdout
    assert page.startswith("# CL801 `missing-timeout`")
    assert (
        json.loads(chunklint("rule", "CL801", "--output-format", "json", cwd=project).stdout)["ticket"] == "TICKET-008"
    )
    assert len(json.loads(chunklint("rule", "--output-format", "json", cwd=project).stdout)) >= 4
    unknown = chunklint("rule", "CL8011", cwd=project)
    assert (unknown.returncode, "did you mean" in unknown.stderr) == (2, True)


def test_a_new_rule_runs_as_it_is_written(project: Path) -> None:
    written = chunklint("new", "MY101", "no-printing", "--topic", "style", "--into", "lint", cwd=project)
    assert written.returncode == 0
    tested = chunklint("test", "lint", cwd=project)
    assert (tested.returncode, tested.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed")
    again = chunklint("new", "MY101", "no-printing", "--topic", "style", "--into", "lint", cwd=project)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_the_fixture_harness_names_what_differs(project: Path) -> None:
    chunklint("new", "MY101", "no-printing", "--topic", "style", "--into", "lint", cwd=project)
    fixture = project / "lint" / "fixtures" / "style" / "no_printing" / "basics.py"
    fixture.write_text("x = 1  # expect: MY101\nno_printing()\n", encoding="utf-8")
    ran = chunklint("test", "lint", cwd=project)
    assert ran.returncode == 1
    assert "basics.py:1: expected MY101" in ran.stdout
    assert "basics.py:2: unexpected MY101" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", "101", "no-print"], "CL904"),
        (["new", "MY101", "NoPrint"], "kebab-case"),
        (["new", "MY101", "no-print", "--topic", "../x"], "topic"),
        (["test", "."], "is not a folder of rules"),
    ],
)
def test_the_other_commands_refuse_with_a_reason(project: Path, arguments: list[str], message: str) -> None:
    ran = chunklint(*arguments, cwd=project)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_colour_obeys_the_flag_then_the_environment(project: Path) -> None:
    assert "\x1b[" not in chunklint("scan", cwd=project).stdout
    assert "\x1b[" in chunklint("scan", cwd=project, FORCE_COLOR="1").stdout
    assert "\x1b[" in chunklint("scan", "--color", "always", cwd=project, NO_COLOR="1").stdout
    assert "\x1b[" not in chunklint("scan", cwd=project, FORCE_COLOR="1", NO_COLOR="1").stdout


def on_a_terminal(arguments: list[str], cwd: Path) -> str:
    """What a terminal would receive: stdout and stderr through one pseudo-terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"} | {"NO_COLOR": "", "CI": ""}
    command = [sys.executable, "-m", "chunklint", *arguments]
    process = subprocess.Popen(command, cwd=cwd, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    received = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        received += chunk
    process.wait(timeout=60)
    os.close(leader)
    return received.decode()


def test_a_terminal_gets_colour_and_links(project: Path) -> None:
    received = on_a_terminal(["scan"], project)
    assert "\x1b[1" in received
    assert "\x1b]8;;file://" in received


def test_a_long_scan_shows_progress_on_a_terminal_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"m{number}.py").write_text(BAD * 60, encoding="utf-8")
    received = on_a_terminal(["scan", "--jobs", "1", "--statistics"], tmp_path)
    assert "Scanning" in received
    assert received.count("\x1b[?25h") == 1, "the cursor must come back"
    assert received.rindex("\x1b[?25l") < received.index("\x1b[2K\x1b[?25h") < received.index("findings in")


def test_an_interrupt_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chunklint", "scan", "--stdin-filename", "x.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        # It reads stdin to its end, which never comes; once it has taken more than a pipe holds, it is surely there.
        process.stdin.write("x = 1\n" * 20_000)
        process.stdin.flush()
        # A signal that comes between two reads is seen only after the next one, so it may take more than one.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)
        assert process.returncode == 130
        assert "Traceback" not in process.stderr.read()


def test_a_reader_that_stops_early_causes_no_traceback(project: Path) -> None:
    body = "".join(f"def f{n}(u):\n    return requests.get(u)\n" for n in range(3000))
    (project / "many.py").write_text("import requests\n" + body, encoding="utf-8")
    command = f"{sys.executable} -m chunklint scan --output-format concise | head -n 1"
    ran = subprocess.run(["sh", "-c", command], cwd=project, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in ran.stderr
    assert "BrokenPipe" not in ran.stderr


def test_notes_that_say_the_same_of_many_files_are_summed_up_unless_each_is_asked_for(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"part{number}.ts").write_text("// useEffect\nlet = ;\n" + "export const two = 2;\n" * 9)
    brief = chunklint("scan", "--isolated", ".", cwd=tmp_path).stderr.splitlines()
    assert len(brief) == 1
    assert brief[0].startswith("part0.ts:2: note: ")
    assert brief[0].endswith("So it is with 5 others; --verbose names them.")
    whole = chunklint("scan", "--isolated", "--verbose", ".", cwd=tmp_path).stderr
    assert [line for line in whole.splitlines() if "note: " in line and "others" in line] == []
    assert all(f"part{number}.ts:2: note: " in whole for number in range(6))
