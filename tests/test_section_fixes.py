"""Fixes of races and of numbers without bounds: what they write, what they refuse, and how the result behaves."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN, load
from mends import first_refusal, fixed_text, mended_file

RULES = [rule for rule in load([BUILTIN]) if rule.code in {"CL102", "CL401", "CL402", "CL403", "CL404"}]


def mended(source: str, tmp_path: Path) -> Mended:
    return mended_file(tmp_path / "hub.py", source, RULES)


def fixed(source: str, tmp_path: Path) -> str:
    return fixed_text(mended(source, tmp_path))


def refusal(source: str, tmp_path: Path) -> str:
    return first_refusal(mended(source, tmp_path))


def run(source: str, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "program.py").write_text(source, encoding="utf-8")
    return runpy.run_path(str(tmp_path / "program.py"))


LAZY = """\
import asyncio

made = []
opened = asyncio.Event()
_client = None


async def connect():
    made.append(object())
    await opened.wait()
    return made[-1]


async def client():
    global _client
    if _client is None:
        _client = await connect()
    return _client
"""

LIMITED = """\
import asyncio


class Lobby:
    def __init__(self, most):
        self.guests = {}
        self.most = most

    async def enter(self, name, door):
        # Those who are in already count.
        if len(self.guests) >= self.most:
            return False
        await door.opened()
        self.guests[name] = door
        return True

    def leave(self, name):
        self.guests.pop(name, None)


lobby = Lobby(1)
"""

COUNTED = """\
import os

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    count = int(os.environ.get("EVENT_PARTITIONS", "8"))
    for part in range(count):
        op.execute(f"CREATE TABLE e_{part} (LIKE events)")


def downgrade():
    pass
"""


async def _both(first: Awaitable[object], second: Awaitable[object], go_on: Callable[[], None]) -> list[object]:
    """Two tasks that both run until they wait, and what they give once they may go on."""
    tasks = [asyncio.ensure_future(first), asyncio.ensure_future(second)]
    for _ in range(5):
        await asyncio.sleep(0)
    go_on()
    return list(await asyncio.gather(*tasks))


def test_two_tasks_no_longer_make_two_of_what_is_made_when_it_is_needed(tmp_path: Path) -> None:
    def made(source: str) -> int:
        program = run(source, tmp_path)
        asyncio.run(_both(program["client"](), program["client"](), program["opened"].set))
        return len(program["made"])

    after = fixed(LAZY, tmp_path)
    assert "_client = None\n_client_lock = asyncio.Lock()\n" in after
    assert (made(LAZY), made(after)) == (2, 1)


class Door:
    """What a guest waits for; it opens when it is told to."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def opened(self) -> None:
        await self.event.wait()


def test_two_guests_no_longer_share_the_last_seat(tmp_path: Path) -> None:
    def entered(source: str) -> list[object]:
        program = run(source, tmp_path)

        async def race() -> list[object]:
            door, lobby = Door(), program["Lobby"](1)
            return await _both(lobby.enter("a", door), lobby.enter("b", door), door.event.set)

        return asyncio.run(race())

    assert entered(LIMITED) == [True, True]
    assert entered(fixed(LIMITED, tmp_path)) == [True, False]


def test_the_lock_is_made_next_to_the_state_and_comments_stay_with_their_lines(tmp_path: Path) -> None:
    assert fixed(LIMITED, tmp_path) == LIMITED.replace(
        "        self.guests = {}\n", "        self.guests = {}\n        self._guests_lock = asyncio.Lock()\n"
    ).replace(
        "        # Those who are in already count.\n"
        "        if len(self.guests) >= self.most:\n"
        "            return False\n"
        "        await door.opened()\n"
        "        self.guests[name] = door\n",
        "        async with self._guests_lock:\n"
        "            # Those who are in already count.\n"
        "            if len(self.guests) >= self.most:\n"
        "                return False\n"
        "            await door.opened()\n"
        "            self.guests[name] = door\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import base64\n\n", "import asyncio\nimport base64\n\n"),
        ("import abc\nimport base64\n\n", "import abc\nimport asyncio\nimport base64\n\n"),
        ("from app import doors\n\n", "import asyncio\n\nfrom app import doors\n\n"),
        (
            '"""Doors."""\n\nfrom __future__ import annotations\n\nimport os\n\n',
            '"""Doors."""\n\nfrom __future__ import annotations\n\nimport asyncio\nimport os\n\n',
        ),
        ('"""Doors."""\n\n', '"""Doors."""\n\nimport asyncio\n\n'),
        (
            '"""Doors."""\n\nfrom __future__ import annotations\n\n',
            '"""Doors."""\n\nfrom __future__ import annotations\n\nimport asyncio\n\n',
        ),
    ],
)
def test_the_import_stands_where_sorters_put_it(before: str, after: str, tmp_path: Path) -> None:
    source = LIMITED.replace("import asyncio\n\n", before)
    assert fixed(source, tmp_path).startswith(after)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("door.opened()", "asyncio.sleep(5)", "`asyncio.sleep(5)` takes long"),
        ("door.opened()", "door.task", "`await door.task` waits for other tasks"),
        ("door.opened()", "asyncio.gather(door.opened())", "`await asyncio.gather(door.opened())` waits for other"),
        ("door.opened()", "door()", "`door` is handed in"),
        ("await door.opened()", "yield await door.opened()", "the lock would be held while whoever iterates"),
        ("self.guests.pop(name, None)", "self.guests[name] = 0", "`leave` changes `self.guests` too"),
        ("        self.guests = {}\n", "        self.guests = {}\n        self._guests_lock = 1\n", "the name"),
        ("import asyncio\n", "import asyncio\nimport trio\n", "the file does not use asyncio alone"),
        (
            "import asyncio\n",
            "import asyncio\nfrom twisted.internet import defer\n",
            "the file does not use asyncio alone",
        ),
        (
            "import asyncio\n",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import asyncio\n",
            "`asyncio` is imported elsewhere than at the top",
        ),
        ("most):\n", "most):\n        if not most:\n            return\n", "`__init__` may return"),
    ],
)
def test_a_section_that_nobody_would_merge_is_refused(before: str, after: str, reason: str, tmp_path: Path) -> None:
    source = LIMITED.replace("return True", "return").replace("return False", "return").replace(before, after, 1)
    done = mended(source, tmp_path)
    assert any(one.reason.startswith(reason) for one in done.refused), [one.reason for one in done.refused]


GUARDED = LIMITED.replace(
    "        self.most = most\n", "        self.most = most\n        self.gate = asyncio.Lock()\n"
).replace(
    "    def leave(self, name):\n        self.guests.pop(name, None)\n",
    "    async def leave(self, name):\n        async with self.gate:\n            self.guests.pop(name, None)\n",
)


def test_a_lock_that_guards_the_state_elsewhere_is_the_one_to_hold(tmp_path: Path) -> None:
    after = fixed(GUARDED, tmp_path)
    assert after.count("async with self.gate:") == 2
    assert after.count("asyncio.Lock()") == 1


def test_a_lock_that_is_needed_again_on_the_way_is_not_held(tmp_path: Path) -> None:
    source = GUARDED.replace("await door.opened()", "await self.greet(door)").replace(
        "    async def leave",
        "    async def greet(self, door):\n        await self.note(door)\n\n"
        "    async def note(self, door):\n        async with self.gate:\n            await door.opened()\n\n"
        "    async def leave",
    )
    assert refusal(source, tmp_path) == "`note` is called in between, takes the lock too, and would wait for ever"


@pytest.mark.parametrize(
    "head",
    [
        "@dataclass\nclass Lobby:\n    most: int = 1\n    guests: dict = field(default_factory=dict)\n",
        "class Lobby(BaseModel):\n    most: int = 1\n    guests: dict = {}\n",
    ],
)
def test_a_class_whose_init_is_generated_gets_no_lock(head: str, tmp_path: Path) -> None:
    init = "class Lobby:\n    def __init__(self, most):\n        self.guests = {}\n        self.most = most\n"
    imports = "from dataclasses import dataclass, field\nfrom pydantic import BaseModel\n"
    source = imports + LIMITED.replace(init, head).replace("Lobby(1)", "Lobby()")
    assert refusal(source, tmp_path) == "`Lobby` has no `__init__` of its own in which a lock could be made"


METER = """\
import threading


class Meter:
    def __init__(self):
        self._lock = threading.Lock()
        self.used = {}

    def take(self, key):
        with self._lock:
            self.used[key] = self.used.get(key, 0) + 1

    def give(self, key):
        with self._lock:
            self.used[key] -= 1

    async def count(self):
        return len(self.used)

    def drop(self, key):
        del self.used[key]
"""


def test_a_change_without_the_lock_of_the_others_gets_it_where_that_is_enough(tmp_path: Path) -> None:
    check = "        if key in self.used:\n            del self.used[key]\n"
    held = "        with self._lock:\n            if key in self.used:\n                del self.used[key]\n"
    plain = "        del self.used[key]\n"
    assert fixed(METER.replace(plain, check), tmp_path) == METER.replace(plain, held)
    loop = "        for key in sorted(self.used):\n            del self.used[key]\n"
    assert refusal(METER.replace(plain, loop), tmp_path) == "the change goes by what was seen before without the lock"
    made = "        if not key:\n            self._lock = threading.Lock()\n        del self.used[key]\n"
    assert refusal(METER.replace(plain, made), tmp_path) == "the function itself makes the lock"
    calling = METER.replace(
        "            self.used[key] -= 1\n", "            self.used[key] -= 1\n            self.drop(key)\n"
    ).replace("        return len(self.used)\n", "        self.drop(0)\n        return len(self.used)\n")
    assert refusal(calling, tmp_path) == "some of its callers hold the lock, and would wait for ever"


def test_a_key_that_may_be_gone_is_taken_out_if_it_is_there(tmp_path: Path) -> None:
    source = """\
class Jobs:
    def __init__(self):
        self.tasks = {}

    async def cancel(self, job):
        if job in self.tasks:
            await self.tasks[job].ended()
            del self.tasks[job]


jobs = Jobs()
"""

    class Job:
        def __init__(self) -> None:
            self.event = asyncio.Event()

        async def ended(self) -> None:
            await self.event.wait()

    def cancelled_twice(text: str) -> list[object]:
        program = run(text, tmp_path)

        async def race() -> list[object]:
            job, jobs = Job(), program["Jobs"]()
            jobs.tasks["a"] = job
            return await _both(jobs.cancel("a"), jobs.cancel("a"), job.event.set)

        return asyncio.run(race())

    with pytest.raises(KeyError):
        cancelled_twice(source)
    assert cancelled_twice(fixed(source, tmp_path)) == [None, None]


def test_what_changes_meanwhile_is_iterated_as_a_copy(tmp_path: Path) -> None:
    source = """\
class Radio:
    def __init__(self):
        self.listeners = set()

    async def tell(self, text):
        for listener in self.listeners:
            await listener.hear(text)

    def drop(self, listener):
        self.listeners.discard(listener)


radio = Radio()
"""

    def told(text: str) -> None:
        program = run(text, tmp_path)
        radio = program["Radio"]()

        class Listener:
            async def hear(self, text: str) -> None:
                radio.drop(self)

        radio.listeners |= {Listener(), Listener()}
        asyncio.run(radio.tell("hello"))
        assert not radio.listeners

    with pytest.raises(RuntimeError, match="changed size during iteration"):
        told(source)
    told(fixed(source, tmp_path))


def _upgraded(source: str, count: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that the upgrade executes."""
    executed: list[str] = []
    monkeypatch.setenv("EVENT_PARTITIONS", count)
    program = run(source.replace("from alembic import op\n", ""), tmp_path)
    upgrade = program["upgrade"]
    upgrade.__globals__["op"] = type("Operations", (), {"execute": staticmethod(executed.append)})
    upgrade()
    return executed


def test_a_number_out_of_range_now_raises_and_one_within_does_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = fixed(COUNTED, tmp_path)
    assert _upgraded(after, "3", tmp_path, monkeypatch) == _upgraded(COUNTED, "3", tmp_path, monkeypatch)
    assert len(_upgraded(after, "1024", tmp_path, monkeypatch)) == 1024
    assert len(_upgraded(COUNTED, "1025", tmp_path, monkeypatch)) == 1025
    for count in ("0", "-1", "1025"):
        with pytest.raises(ValueError, match=f"EVENT_PARTITIONS must be between 1 and 1024, not {count}"):
            _upgraded(after, count, tmp_path, monkeypatch)


def test_the_bound_is_a_constant_above_the_functions(tmp_path: Path) -> None:
    check = (
        "    if not 1 <= count <= MAX_EVENT_PARTITIONS:\n"
        "        raise ValueError(\n"
        '            f"EVENT_PARTITIONS must be between 1 and {MAX_EVENT_PARTITIONS}, not {count}"\n        )\n'
    )
    assert fixed(COUNTED, tmp_path) == COUNTED.replace(
        'down_revision = "a1"\n',
        'down_revision = "a1"\n\n# Against typing mistakes; raise it where more are really needed.\n'
        "MAX_EVENT_PARTITIONS = 1024\n",
    ).replace('"8"))\n', f'"8"))\n{check}')
    there = COUNTED.replace('down_revision = "a1"\n', 'down_revision = "a1"\nMAX_EVENT_PARTITIONS = 64\n')
    assert fixed(there, tmp_path) == there.replace('"8"))\n', f'"8"))\n{check}')


def test_a_parameter_is_checked_behind_the_docstring(tmp_path: Path) -> None:
    source = (
        "import sqlalchemy\n\n\ndef create(conn, count: int):\n    {}for part in range(count):\n"
        '        conn.execute(sqlalchemy.text(f"CREATE TABLE e_{{part}} (LIKE events)"))\n'
    )
    check = (
        "if not 1 <= count <= MAX_COUNT:\n"
        '        raise ValueError(f"count must be between 1 and {MAX_COUNT}, not {count}")\n    '
    )
    for start in ("", '"""Create them."""\n    '):
        assert f"    {start}{check}for part" in fixed(source.format(start), tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('"8"', '"4096"', "its default is already above 1024"),
        (
            "    for part",
            "    if os.getenv('MORE'):\n        count = int(os.getenv('MORE'))\n    for part",
            "`count` is set in more than one place",
        ),
        ("(count)", '(int(os.environ["N"]))', '`int(os.environ["N"])` has no name of its own'),
        ('"a1"\n', '"a1"\nMAX_EVENT_PARTITIONS = None\n', "the name `MAX_EVENT_PARTITIONS` is taken"),
    ],
)
def test_a_number_whose_bound_is_not_ours_to_say_is_left(before: str, after: str, reason: str, tmp_path: Path) -> None:
    assert refusal(COUNTED.replace(before, after, 1), tmp_path).startswith(reason)


def test_a_call_that_its_new_indentation_makes_too_wide_is_broken(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 62\n")
    source = LAZY.replace(
        "        _client = await",
        "        print('opening a connection to the other', _client)\n        _client = await",
    )
    inner = "            print(\n                'opening a connection to the other', _client\n            )\n"
    assert inner in fixed(source, tmp_path)
