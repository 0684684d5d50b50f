"""What action.yml runs once chunklint is installed: one scan with all its reports, and the outputs of the step.

The inputs arrive in the environment, the results go where GitHub's environment says. Exits with 0 once there is a
SARIF report, whatever it holds: the last step of the action judges it. Exits with 2 when there is none.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

FAIL_ON = ("auto", "never", "note", "warning", "error")
UPLOAD = ("auto", "always", "never")

# Events whose workflow has secrets while the checkout may be a stranger's.
PRIVILEGED = ("pull_request_target", "workflow_run")


class InputError(Exception):
    """An input of the action cannot be used; the message says why."""


def main(environment: Mapping[str, str]) -> int:
    """Scan as the inputs say, write the outputs and the job summary, and return the exit code."""
    folder = Path(environment["RUNNER_TEMP"], "chunklint-reports")
    folder.mkdir(parents=True, exist_ok=True)
    reports = {form: folder / f"chunklint.{form}" for form in ("sarif", "github", "markdown")}
    for report in reports.values():
        report.unlink(missing_ok=True)  # An earlier step's, when a job uses the action twice.
    try:
        command = [*_options(environment), *(f"--output-format={form}={path}" for form, path in reports.items())]
        paths = _words(environment, "paths") or ["."]
        upload = _uploads(environment)
    except InputError as error:
        print(f"::error title=chunklint::{error}")
        return 2
    code = _run([*command, "--output-format=concise", "--", *paths])
    if not reports["sarif"].is_file():
        print("::error title=chunklint::The scan did not start; the log of this step says why.")
        return 2
    outputs = {
        "sarif-file": reports["sarif"],
        "annotations-file": reports["github"],
        "findings": _count(reports["sarif"]),
        "exit-code": code,
        "upload": "true" if upload else "false",
    }
    _append(environment["GITHUB_OUTPUT"], "".join(f"{name}={value}\n" for name, value in outputs.items()))
    if "GITHUB_STEP_SUMMARY" in environment:
        _append(environment["GITHUB_STEP_SUMMARY"], reports["markdown"].read_text(encoding="utf-8"))
    return 0


def _options(environment: Mapping[str, str]) -> list[str]:
    """The options of the scan. Raises InputError."""
    further = _words(environment, "args")
    event = environment.get("GITHUB_EVENT_NAME", "")
    if "--trust-rules" in further and event in PRIVILEGED:
        raise InputError(f"--trust-rules runs code of the checkout, on {event} perhaps a stranger's; leave it out.")
    fail_on = _choice(environment, "fail-on", FAIL_ON)
    given = {name: environment.get(_variable(name), "").strip() for name in ("select", "baseline", "diff-base")}
    chosen = [f"--{name}={value}" for name, value in given.items() if value]
    return [*chosen, *([f"--fail-on={fail_on}"] if fail_on not in ("auto", "never") else []), *further]


def _uploads(environment: Mapping[str, str]) -> bool:
    wish = _choice(environment, "upload", UPLOAD)
    partial = bool(environment.get(_variable("diff-base"), "").strip())
    return wish == "always" or (wish == "auto" and not partial)


def _variable(name: str) -> str:
    return f"CHUNKLINT_{name.upper().replace('-', '_')}"


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = environment.get(_variable(name), "") or "auto"
    if value not in choices:
        # It is shown in a workflow command, where a line end would begin another one.
        raise InputError(f"The input {name} must be one of {', '.join(choices)}, not {value!a}.")
    return value


def _words(environment: Mapping[str, str], name: str) -> list[str]:
    try:
        return shlex.split(environment.get(_variable(name), ""))
    except ValueError as error:
        raise InputError(f"The input {name} cannot be split into words: {error}.") from error


def _run(options: list[str]) -> int:
    """Run the scan and return its exit code. What it prints names files of a stranger, so it can give no commands."""
    token = uuid4().hex
    command = [sys.executable, "-I", "-m", "chunklint", "scan", *options]
    print(f"::stop-commands::{token}", flush=True)
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - the workflow's author wrote its inputs
    finally:
        print(f"::{token}::", flush=True)


def _count(sarif: Path) -> int:
    return sum(len(run["results"]) for run in json.loads(sarif.read_text(encoding="utf-8"))["runs"])


def _append(file: str, text: str) -> None:
    with Path(file).open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


if __name__ == "__main__":
    sys.exit(main(os.environ))
