"""Limits on programs, and on work of the project's own: which are written, and which are for their author to say."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path

import pytest

from chunklint.rewriting.limits import Limit
from mends import fixed, mended, refusal

ASKING = """\
import asyncio


async def ask(url):
    {}
    process = await asyncio.create_subprocess_exec("git", "ls-remote", url)
    # It tells nobody how far it is.
    {}
    return process.returncode
"""


def test_a_program_is_no_longer_waited_for_and_does_not_go_on(tmp_path: Path) -> None:
    after = fixed(ASKING.format("pass", "await process.wait()"), tmp_path)
    held = (
        "    # It tells nobody how far it is.\n"
        "    try:\n"
        "        await asyncio.wait_for(process.wait(), timeout=30)\n"
        "    except asyncio.TimeoutError:\n"
        "        process.kill()\n"
        "        raise\n"
    )
    assert after == ASKING.format("pass", "x").replace("    # It tells nobody how far it is.\n    x\n", held)
    command = '"git", "ls-remote", url'
    slow = fixed(ASKING.format("pass", "await process.wait()"), tmp_path, Limit("0.2")).replace(command, '"sleep", "9"')
    (tmp_path / "mended.py").write_text(slow, encoding="utf-8")
    ask = runpy.run_path(str(tmp_path / "mended.py"))["ask"]

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await ask("x")
        # The loop takes note of the end of the program that was killed.
        await asyncio.sleep(0.2)

    asyncio.run(give_up())


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        ("if await process.wait():\n        pass", "the wait is a part of a larger statement"),
        ("await process.communicate()\n    await process.wait()", "the program is not waited for in one place alone"),
        ("asyncio.ensure_future(process.wait())", "the program is not waited for in one place alone"),
    ],
)
def test_a_wait_for_a_program_that_is_not_plain_is_left(wait: str, reason: str, tmp_path: Path) -> None:
    assert refusal(ASKING.format("pass", wait), tmp_path) == reason


def test_a_limit_on_a_program_is_not_safe(tmp_path: Path) -> None:
    source = "import subprocess\n\n\ndef tags(url):\n    subprocess.run(['git', 'ls-remote', url], check=True)\n"
    assert mended(source, tmp_path, unsafe=False).changes == ()
    assert "check=True, timeout=30)" in fixed(source, tmp_path)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("['git', 'clone', url]", "`-c http.lowSpeedLimit` and `-c http.lowSpeedTime`"),
        ("['ssh', 'build', job]", "`-o ConnectTimeout` and `-o ServerAliveInterval`"),
        (
            "'curl -fsSL https://get.example | sh', shell=True",
            "`--connect-timeout`, `--speed-time` and `--speed-limit`",
        ),
    ],
)
def test_what_a_transfer_takes_is_never_guessed(command: str, options: str, tmp_path: Path) -> None:
    source = f"import subprocess\n\n\ndef load(url, job):\n    subprocess.run({command})\n"
    wanted = f"the program may take long and be well; {options} in its command would end its silence"
    assert refusal(source, tmp_path) == refusal(source, tmp_path, Limit("600")) == wanted


@pytest.mark.parametrize("wait", ["POOL.submit(work).result({})", "work.delay().get({})"])
def test_what_the_project_itself_works_on_gets_the_limit_that_it_sets(wait: str, tmp_path: Path) -> None:
    pool = "from concurrent.futures import ThreadPoolExecutor\n\nPOOL = ThreadPoolExecutor()\n"
    source = f"{pool}\n\ndef done(work):\n    return {wait}\n"
    assert refusal(source.format(""), tmp_path).startswith("it may take longer than 30 s and be well")
    assert fixed(source.format(""), tmp_path, Limit("600")) == source.format("timeout=600")
