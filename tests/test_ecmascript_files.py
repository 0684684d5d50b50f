"""What fixing keeps of TypeScript files: bytes that no edit is about, links, and whole files whenever it is killed."""

from __future__ import annotations

import random
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mends import contents_of, killed_at_random, write_all

HEAD = 'import { useEffect, useState } from "react";\n\n'


def panel(number: int = 0, mark: str = "é") -> str:
    """A component with a listener that is never removed and a timer that nothing clears."""
    return (
        f"{HEAD}export function Panel{number}({{ id }}: {{ id: string }}) {{\n"
        f'  const [at, setAt] = useState("{mark}");\n'
        "  useEffect(() => {\n"
        '    window.addEventListener("resize", () => setAt(""));\n'
        "  }, []);\n"
        "  useEffect(() => {\n    if (!id) {\n      setAt(id);\n      return;\n    }\n"
        '    setTimeout(() => setAt("late"), 900);\n  }, [id]);\n'
        f"  return <p>{{at}}{mark}</p>;\n}}\n"
    )


def mended_panel(number: int = 0, mark: str = "é") -> str:
    """The same after all of its fixes."""
    return (
        panel(number, mark)
        .replace(
            '    window.addEventListener("resize", () => setAt(""));\n',
            '    const handleResize = () => setAt("");\n'
            '    window.addEventListener("resize", handleResize);\n'
            '    return () => window.removeEventListener("resize", handleResize);\n',
        )
        .replace(
            '    setTimeout(() => setAt("late"), 900);\n',
            '    const timeout = setTimeout(() => setAt("late"), 900);\n    return () => clearTimeout(timeout);\n',
        )
    )


def command(*arguments: str) -> list[str]:
    chunklint = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--no-cache", "--select", "CL5", "-q"]
    return [*chunklint, "--unsafe-fixes", *arguments]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("way", ["fix", "diff"])
@pytest.mark.parametrize(
    ("mark", "end", "lead", "final"),
    [
        ("é", "\r\n", "", True),
        ("é", "\n", "\ufeff", True),
        ("日本", "\r\n", "\ufeff", False),
        ("𐐀👩‍👩‍👧", "\n", "", True),
        ("line\u2028and paragraph\u2029", "\n", "", True),
        ("form\x0cfeed\x0b\x1c\x85", "\n", "", False),
    ],
    ids=["CRLF", "BOM", "CRLF, BOM and no final newline", "beyond the BMP", "ends of JavaScript", "other white space"],
)
def test_bytes_that_no_edit_is_about_stay_as_they_are(
    project: Path, mark: str, end: str, lead: str, final: bool, way: str
) -> None:
    before, after = (
        (lead + text.removesuffix("" if final else "\n").replace("\n", end)).encode()
        for text in (panel(mark=mark), mended_panel(mark=mark))
    )
    file = project / "panel.tsx"
    file.write_bytes(before)
    file.chmod(0o751)
    if way == "fix":
        subprocess.run(command("--fix-only"), cwd=project, check=True)
    else:
        patch = subprocess.run(command("--diff"), cwd=project, capture_output=True).stdout
        assert file.read_bytes() == before
        subprocess.run(["git", "apply", "-"], cwd=project, input=patch, check=True)
    assert file.read_bytes() == after
    assert way == "diff" or stat.S_IMODE(file.stat().st_mode) == 0o751
    again = subprocess.run(command("--diff"), cwd=project, capture_output=True)
    assert (again.returncode, again.stdout) == (0, b"")


@pytest.mark.parametrize(
    "content",
    [panel().encode("utf-16"), panel().encode("utf-8").replace("é".encode(), b"\xe9"), panel().encode() + b"\0"],
    ids=["UTF-16", "Latin-1", "a null byte"],
)
def test_what_cannot_be_written_back_for_sure_is_not_written(project: Path, content: bytes) -> None:
    (project / "panel.tsx").write_bytes(content)
    ran = subprocess.run(command("--fix-only"), cwd=project, capture_output=True)
    assert ran.returncode in (0, 2)
    now = (project / "panel.tsx").read_bytes()
    assert now in (content, mended_panel().encode() + b"\0")
    assert not [one.name for one in project.iterdir() if one.name not in (".git", "panel.tsx")]


def test_links_are_not_followed(project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "panel.tsx").write_text(panel(), encoding="utf-8")
    (project / "panel.tsx").symlink_to("../outside/panel.tsx")
    (project / "folder").symlink_to("../outside", target_is_directory=True)
    for arguments in ((), ("panel.tsx",), (".",)):
        subprocess.run(command("--fix-only", *arguments), cwd=project, capture_output=True)
        assert (outside / "panel.tsx").read_text(encoding="utf-8") == panel()
    assert (project / "panel.tsx").is_symlink()


def test_a_formatters_settings_behind_a_link_or_a_loop_do_no_harm(project: Path) -> None:
    (project / "panel.tsx").write_text(panel(), encoding="utf-8")
    (project / ".prettierrc").symlink_to(".prettierrc")
    (project / "package.json").write_text("[" * 100_000, encoding="utf-8")
    (project / "biome.json").symlink_to("/dev/zero")
    subprocess.run(command("--fix-only"), cwd=project, check=True, timeout=60)
    assert (project / "panel.tsx").read_text(encoding="utf-8") == mended_panel()


def test_killed_at_any_moment_every_file_is_the_old_or_the_new_one(project: Path) -> None:
    count = 24
    old = {f"panel{number:02}.tsx": panel(number).encode() for number in range(count)}
    new = {f"panel{number:02}.tsx": mended_panel(number).encode() for number in range(count)}

    write_all(project, old)
    started = time.monotonic()
    subprocess.run(command("--fix-only"), cwd=project, check=True)
    whole = time.monotonic() - started
    assert contents_of(project, old) == new
    dice = random.Random(17)  # noqa: S311 - moments, not secrets
    killed_at_random(command("--fix-only"), project, old, new, whole=whole, dice=dice, times=6, pause=0.01)
    subprocess.run(command("--fix-only"), cwd=project, check=True)
    assert contents_of(project, old) == new
