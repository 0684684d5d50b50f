"""The action for GitHub: its files checked offline, its scripts run for real with a folder for GitHub's environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from chunklint.onboarding import Origin, plan

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BAD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
GOOD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=5)\n"


class Runner:
    """A job's machine: a checkout, and the files and folders that GitHub tells the steps of."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        subprocess.run(["git", "init", "-q", "."], cwd=self.checkout, check=True)
        self.files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        (folder / "temp").mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CHUNKLINT_"))},
            **{name: str(file) for name, file in self.files.items()},
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_EVENT_NAME": "pull_request",
        }

    def scan(self, program: str | None = None, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the step `scan` with the action's inputs, whose defaults are those of action.yml."""
        defaults = {name: given["default"] for name, given in ACTION["inputs"].items()}
        given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        step = ACTION["runs"]["steps"][0]
        asked = {name: given[value.split("inputs.")[1].split(" ")[0]] for name, value in step["env"].items()}
        command = [program] if program else [sys.executable, "-I", str(ROOT / "action" / "scan.py")]
        return self._run(command, asked)

    def judge(self, uploaded: str = "success", fail_on: str = "auto") -> subprocess.CompletedProcess[str]:
        """Run the step that comes after the upload, which ended as given."""
        outputs = self.outputs
        given = {
            "CHUNKLINT_ANNOTATIONS": outputs["annotations-file"],
            "CHUNKLINT_EXIT_CODE": outputs["exit-code"],
            "CHUNKLINT_FAIL_ON": fail_on,
            "CHUNKLINT_UPLOADED": uploaded,
        }
        assert given.keys() == ACTION["runs"]["steps"][2]["env"].keys()
        return self._run([str(ROOT / "action" / "judge.sh")], given)

    def _run(self, command: list[str], further: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **further}
        return subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the step, as GitHub would read them."""
        rows = self.files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        return dict(row.split("=", 1) for row in rows)

    @property
    def summary(self) -> str:
        """The job's summary."""
        return self.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    (made.checkout / "client.py").write_text(BAD, encoding="utf-8")
    return made


# --- the files ---


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    """Everything that GitHub would read, where zizmor looks for it: ours, and what `chunklint init` writes."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "action.yml", tmp_path)
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        shutil.copy(workflow, folder)
    text = plan(tmp_path / "nowhere", Origin("https://github.com/acme/chunklint", "0" * 40))[2].after
    (folder / "written.yml").write_text(str(text), encoding="utf-8")
    return tmp_path


def check(*command: str, cwd: Path) -> None:
    program, *arguments = command
    ran = subprocess.run([BIN / program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_action_and_workflows_follow_githubs_schemas(workflows: Path) -> None:
    check("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml", cwd=workflows)
    found = [str(file) for file in (workflows / ".github" / "workflows").glob("*.yml")]
    check("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *found, cwd=workflows)


def test_zizmor_finds_nothing_unsafe_in_action_and_workflows(workflows: Path) -> None:
    check("zizmor", "--offline", "--persona", "pedantic", "--no-progress", ".", cwd=workflows)


def test_zizmor_does_look(workflows: Path) -> None:
    action = workflows / "action.yml"
    safe = action.read_text(encoding="utf-8")
    assert "run: '\"${GITHUB_ACTION_PATH}/action/scan.sh\"'" in safe
    action.write_text(safe.replace("${GITHUB_ACTION_PATH}", "${{ inputs.paths }}"), encoding="utf-8")
    with pytest.raises(AssertionError, match="template-injection"):
        check("zizmor", "--offline", "--no-progress", ".", cwd=workflows)


def test_every_input_reaches_a_step_and_the_scripts_exist() -> None:
    steps = ACTION["runs"]["steps"]
    used = " ".join(value for step in steps for value in step.get("env", {}).values())
    assert all(f"inputs.{name} " in used for name in ACTION["inputs"])
    for step in (steps[0], steps[2]):
        script = ROOT / step["run"].strip('"').removeprefix("${GITHUB_ACTION_PATH}/")
        assert os.access(script, os.X_OK)


# --- the scripts ---


def test_a_scan_gives_sarif_outputs_and_a_summary_and_leaves_the_verdict_to_the_last_step(runner: Runner) -> None:
    ran = runner.scan()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    outputs = runner.outputs
    assert (outputs["findings"], outputs["exit-code"], outputs["upload"]) == ("1", "1", "true")
    (result,) = json.loads(Path(outputs["sarif-file"]).read_text(encoding="utf-8"))["runs"][0]["results"]
    assert result["ruleId"] == "CL801"
    assert outputs["sarif-file"].startswith(runner.environment["RUNNER_TEMP"])
    assert "## chunklint: 1 finding" in runner.summary
    assert "client.py:5:12: CL801" in ran.stdout
    assert [path.name for path in runner.checkout.iterdir() if path.name != ".git"] == ["client.py"]


def test_nothing_in_the_log_of_the_scan_is_a_command(runner: Runner) -> None:
    (runner.checkout / "::error::it.py").write_text(BAD, encoding="utf-8")
    lines = runner.scan().stdout.splitlines()
    assert lines[0].startswith("::stop-commands::")
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert any(line.startswith("::error::it.py:5") for line in lines[1:-1])


@pytest.mark.parametrize(
    ("uploaded", "fail_on", "annotated", "failed"),
    [
        ("success", "auto", False, False),
        ("success", "warning", False, True),
        ("success", "never", False, False),
        ("failure", "auto", True, True),
        ("failure", "never", True, False),
        ("skipped", "auto", True, True),
        ("skipped", "error", True, True),
    ],
)
def test_findings_are_annotated_and_judged_where_code_scanning_did_not_get_them(
    runner: Runner, uploaded: str, fail_on: str, annotated: bool, failed: bool
) -> None:
    runner.scan()
    ran = runner.judge(uploaded, fail_on)
    assert ("file=client.py,line=5" in ran.stdout) is annotated
    assert (ran.returncode != 0) is failed


def test_a_clean_project_passes_without_annotations(runner: Runner) -> None:
    (runner.checkout / "client.py").write_text(GOOD, encoding="utf-8")
    assert runner.scan().returncode == 0
    assert (runner.outputs["findings"], runner.outputs["exit-code"]) == ("0", "0")
    ran = runner.judge("failure")
    assert (ran.returncode, ran.stdout) == (0, "")


def test_a_file_that_cannot_be_judged_fails_the_job_whatever_else_is_asked_for(runner: Runner) -> None:
    (runner.checkout / "client.py").write_text("def (((\n" * 20, encoding="utf-8")
    assert runner.scan(fail_on="never").returncode == 0
    assert runner.outputs["exit-code"] == "2"
    assert runner.judge("success", "never").returncode == 2


def test_the_inputs_reach_the_scan(runner: Runner) -> None:
    (runner.checkout / "a b").mkdir()
    (runner.checkout / "a b" / "other.py").write_text(BAD, encoding="utf-8")
    runner.scan(paths="'a b' client.py")
    assert runner.outputs["findings"] == "2"
    runner.scan(paths="'a b'\n", select="CL801", args='--exclude "other*"')
    assert runner.outputs["findings"] == "0"
    runner.scan(args="--config 'severity.CL801=\"note\"'")
    assert runner.outputs["exit-code"] == "0"
    runner.scan(args="--config 'severity.CL801=\"note\"'", fail_on="note")
    assert runner.outputs["exit-code"] == "1"


def test_a_baseline_silences_what_it_has(runner: Runner) -> None:
    command = [sys.executable, "-m", "chunklint", "scan", "--baseline", "known.json", "--baseline-mode", "write"]
    assert subprocess.run(command, cwd=runner.checkout, capture_output=True).returncode == 0
    runner.scan(baseline="known.json")
    assert (runner.outputs["findings"], runner.outputs["exit-code"]) == ("0", "0")


def test_a_scan_of_the_changes_alone_is_not_uploaded_unless_always(runner: Runner) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", *identity, *command], cwd=runner.checkout, check=True)
    (runner.checkout / "new.py").write_text(BAD, encoding="utf-8")
    runner.scan(diff_base="HEAD")
    assert (runner.outputs["findings"], runner.outputs["upload"]) == ("1", "false")
    runner.scan(diff_base="HEAD", upload="always")
    assert runner.outputs["upload"] == "true"
    runner.scan(upload="never")
    assert runner.outputs["upload"] == "false"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"upload": "perhaps"}, "The input upload must be one of auto, always, never"),
        ({"fail_on": "x\n::error::y"}, "The input fail-on must be one of"),
        ({"args": "'open"}, "The input args cannot be split into words"),
        ({"paths": "missing"}, "The scan did not start"),
        ({"select": "XX1"}, "The scan did not start"),
        ({"baseline": "missing.json"}, "The scan did not start"),
    ],
)
def test_a_wrong_input_fails_with_a_sentence(runner: Runner, inputs: dict[str, str], message: str) -> None:
    ran = runner.scan(**inputs)
    assert ran.returncode == 2
    assert f"::error title=chunklint::{message}" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    assert runner.outputs == {}
    assert not [line for line in ran.stdout.splitlines() if line.startswith("::error::")]


def test_a_stranger_cannot_have_rules_loaded_where_there_are_secrets(runner: Runner) -> None:
    runner.environment["GITHUB_EVENT_NAME"] = "pull_request_target"
    ran = runner.scan(args="--trust-rules")
    assert ran.returncode == 2
    assert "--trust-rules runs code of the checkout" in ran.stdout


def test_the_checkout_cannot_replace_the_modules_of_the_action(runner: Runner) -> None:
    for name in ("json", "click", "chunklint", "pip", "venv"):
        (runner.checkout / f"{name}.py").write_text("raise SystemExit('taken over')\n", encoding="utf-8")
    ran = runner.scan()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "taken over" not in ran.stdout + ran.stderr


def test_the_whole_script_installs_from_the_actions_checkout_and_scans(runner: Runner) -> None:
    (runner.checkout / "pip.py").write_text("raise SystemExit('taken over')\n", encoding="utf-8")
    ran = runner.scan(str(ROOT / "action" / "scan.sh"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert runner.outputs["findings"] == "1"
    library = sysconfig.get_path("purelib", vars={"base": f"{runner.environment['RUNNER_TEMP']}/chunklint-environment"})
    assert Path(library, "chunklint", "rules", "resilience", "missing_timeout.py").is_file()


def test_without_a_new_enough_python_the_script_says_what_to_do(runner: Runner, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    runner.environment["PATH"] = str(tools)
    runner.environment.pop("RUNNER_TOOL_CACHE", None)
    ran = runner.scan(str(ROOT / "action" / "scan.sh"))
    assert ran.returncode != 0
    assert "actions/setup-python" in ran.stdout + ran.stderr
