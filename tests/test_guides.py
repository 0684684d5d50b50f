"""The guides, followed to the letter: their files are written, their commands run, their outputs compared.

A block whose fence names a file (```python app/rates.py) is that file. In a `console` block every line that begins with
`$ ` is a command, and what follows is all of its output, or with a line `...` a part of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from chunklint import __version__
from chunklint.onboarding import Origin, plan

GUIDES = Path(__file__).resolve().parents[1] / "docs" / "guides"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    text: str


def blocks(guide: str) -> Iterator[Block]:
    for token in MarkdownIt().parse((GUIDES / guide).read_text(encoding="utf-8")):
        if token.type == "fence":
            language, _, file = token.info.partition(" ")
            yield Block(language, file.strip(), token.content)


def transcript(text: str) -> Iterator[tuple[str, str]]:
    """Each command with the output that the guide shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def environment() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CHUNKLINT_"))}
    return {**plain, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def pattern(shown: str) -> str:
    """What the output must match in whole: `...` stands for any lines."""
    return "".join(r"(?:.*\n)*?" if line == "...\n" else re.escape(line) for line in shown.splitlines(keepends=True))


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_a_guide_can_be_followed_to_the_letter(guide: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    followed = 0
    status = 0
    for block in blocks(guide):
        if block.file and block.language != "yaml":
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        for command, shown in transcript(block.text) if block.language == "console" else ():
            # `$?` is the status of the command before, which ran in a shell of its own.
            script = f"(exit {status}); {command}"
            ran = subprocess.run(
                ["bash", "-c", script], cwd=tmp_path, env=environment(), text=True, timeout=120,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            status = ran.returncode
            assert re.fullmatch(pattern(shown), ran.stdout), f"{command}\n{ran.stdout}"
            followed += 1
    assert followed or guide == "code-scanning.md"


def test_the_guides_show_what_init_writes() -> None:
    origin = Origin("https://github.com/OWNER/chunklint", f"v{__version__}")
    written = {one.path: one.after for one in plan(Path("nowhere"), origin)}
    shown = {block.file: block.text for guide in ("pre-commit.md", "code-scanning.md") for block in blocks(guide)}
    for path in (".pre-commit-config.yaml", ".github/workflows/chunklint.yml"):
        assert shown[path] == written[path]


def test_the_guide_to_the_action_names_every_input_and_output() -> None:
    action = yaml.safe_load((GUIDES.parents[1] / "action.yml").read_text(encoding="utf-8"))
    text = (GUIDES / "code-scanning.md").read_text(encoding="utf-8")
    for name, given in action["inputs"].items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.split("|")[2].strip().strip("`") == given["default"]
    assert all(f"`{name}`" in text for name in action["outputs"])


def test_links_between_guides_lead_somewhere() -> None:
    for guide in GUIDES.glob("*.md"):
        for target in re.findall(r"\]\((?!https:)([^)#]+)", guide.read_text(encoding="utf-8")):
            assert (guide.parent / target).exists(), f"{guide.name}: {target}"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["sc"], ["scan"]),
        (["scan", "--add-i"], ["--add-ignores"]),
        (["scan", "--fail-on", "w"], ["warning"]),
        (["rule", "--output-format", ""], ["text", "json"]),
    ],
)
def test_bash_completes_commands_options_and_values(typed: list[str], completed: list[str], tmp_path: Path) -> None:
    (block,) = (one for one in blocks("command-line.md") if one.language == "bash")
    words = " ".join(f"'{word}'" for word in ["chunklint", *typed])
    script = (
        f"{block.text}\n"
        "complete -p chunklint >/dev/null || exit 1\n"
        f"COMP_WORDS=({words}); COMP_CWORD={len(typed)}\n"
        "_chunklint_completion chunklint\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    ran = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (ran.stderr, ran.stdout.split()) == ("", completed)
