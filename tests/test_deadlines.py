"""How grave a missing timeout is, and that the table of waiting calls means what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from chunklint.engine import Job, RuleSet, scan
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.languages.python import PYTHON
from chunklint.loader import BUILTIN, load
from chunklint.model import Finding, Severity
from chunklint.semantics.python.roles import is_script, is_test
from chunklint.semantics.timeouts.io_calls import MENTIONS, WAITERS, canonical, waiter_of

RULES = RuleSet.of([BUILTIN], [rule for rule in load([BUILTIN]) if rule.code == "CL801"])

CALL = "import requests\n\n\ndef load(url):\n    return requests.get(url)\n"
BLOCKING = "import requests\n\n\nasync def load(url):\n    return requests.get(url)\n"
GUARDED = 'import requests\n\nif __name__ == "__main__":\n    requests.get("https://example.org")\n'


def found(sources: dict[str, str]) -> tuple[Finding, ...]:
    contents = {path: text.encode() for path, text in sources.items()}
    return scan(Job(Path(), RULES, tuple(sources), 1_000_000, contents)).findings


@pytest.mark.parametrize(
    ("path", "source", "severity"),
    [
        ("app/feed.py", CALL, Severity.WARNING),
        ("app/feed.py", BLOCKING, Severity.ERROR),
        ("app/feed.py", GUARDED, Severity.NOTE),
        ("app/feed.py", f"import argparse\n{CALL}", Severity.NOTE),
        ("app/feed.py", f"import argparse\nimport fastapi\n{CALL}", Severity.WARNING),
        ("app/feed.py", f"#!/usr/bin/env python3\n{CALL}", Severity.NOTE),
        ("app/examples/feed.py", CALL, Severity.NOTE),
        ("app/feed_example.py", BLOCKING, Severity.NOTE),
        ("scripts/feed.py", CALL, Severity.NOTE),
        ("utils/feed.py", CALL, Severity.NOTE),
        ("app/utils/feed.py", CALL, Severity.WARNING),
        ("web/src/api.ts", 'import axios from "axios";\naxios.get("/feed");\n', Severity.WARNING),
        ("web/scripts/api.mjs", 'import axios from "axios";\naxios.get("/feed");\n', Severity.NOTE),
        ("app/db.py", "import asyncpg\n\n\nasync def f(dsn):\n    return await asyncpg.connect(dsn)\n", Severity.NOTE),
        ("app/db.py", "import redis.asyncio as r\n\n\nasync def f():\n    return r.Redis()\n", Severity.WARNING),
    ],
)
def test_severity_says_who_is_left_waiting(path: str, source: str, severity: Severity) -> None:
    assert [finding.severity for finding in found({path: source})] == [severity]


@pytest.mark.parametrize("path", ["tests/feed.py", "app/test_feed.py", "app/conftest.py", "app/tests.py"])
def test_tests_may_wait(path: str) -> None:
    assert found({path: CALL}) == ()


@pytest.mark.parametrize("path", ["src/api.test.ts", "src/api.spec.tsx", "src/__mocks__/api.ts", "e2e/api.ts"])
def test_tests_of_the_front_end_may_wait(path: str) -> None:
    assert is_test(path)
    assert found({path: 'import axios from "axios";\naxios.get("/feed");\n'}) == ()


def test_a_path_of_the_product_is_no_test() -> None:
    product = ("app/contest.py", "app/latest.py", "src/testimonials.tsx", "app/attest_x.py")
    assert not any(is_test(path) for path in product)


def test_a_module_is_a_script_by_what_it_imports_at_its_top_level_alone() -> None:
    assert is_script(PYTHON.parse("app/a.py", "import click\n"))
    assert is_script(PYTHON.parse("a.py", 'if __name__ == "__main__":\n    run()\n'))
    assert not is_script(PYTHON.parse("app/a.py", 'if __name__ == "__main__":\n    run()\n'))
    assert not is_script(PYTHON.parse("app/a.py", "from fastapi import FastAPI\nimport click\n"))
    assert not is_script(ECMASCRIPT.parse("src/a.ts", "import x from 'x';\n"))


@pytest.mark.parametrize("name", sorted(WAITERS))
def test_every_waiting_call_passes_the_text_guard(name: str) -> None:
    module, _, last = name.rpartition(".")
    origin = {"concurrent.futures.Future": "submit", "celery.result.AsyncResult": "AsyncResult"}.get(module, module)
    assert any(word in f"import {origin}\n{last}()" for word in MENTIONS)


# The others need an instance, a command or a storage of the right kind; the fixtures have them.
SPECIAL = ("requests.Session", "subprocess", "concurrent", "celery", "paramiko")
PLAIN = sorted(name for name, waiter in WAITERS.items() if not name.startswith(SPECIAL) and not waiter.needs[0])


@pytest.mark.parametrize("name", PLAIN)
def test_every_waiting_call_is_found_without_and_left_alone_with_its_limit(name: str) -> None:
    waiter = WAITERS[name]
    module = name[: name.rindex(".")].removesuffix(".Redis").removesuffix(".StrictRedis").removesuffix(".RedisCluster")
    module = module.removesuffix(".ConnectionPool").removesuffix(".BlockingConnectionPool")
    argument = "" if "dsn" in waiter.limits else "host"
    assert len(found({"app/a.py": f"import {module}\n{name}({argument})\n"})) == 1
    for limit in waiter.limits:
        assert found({"app/a.py": f"import {module}\n{name}({argument}{', ' * bool(argument)}{limit}=5)\n"}) == ()


def test_a_library_answers_to_the_names_of_its_inner_modules() -> None:
    assert canonical("requests.api.get") == "requests.get"
    assert waiter_of("redis.asyncio.client.Redis") == WAITERS["redis.asyncio.Redis"]
    assert waiter_of("httpx.get") is None


def test_a_broken_call_is_not_judged() -> None:
    assert found({"app/a.py": "import requests\nrequests.get(url, timeout=\n"}) == ()


def test_the_place_of_a_call_is_where_it_starts() -> None:
    (finding,) = found({"app/a.py": CALL})
    assert (finding.location.path, finding.location.span.start_line, finding.location.symbol) == ("app/a.py", 5, "load")


def test_a_limit_for_the_whole_process_counts_for_its_own_family_alone() -> None:
    patched = "import socket\nsocket.setdefaulttimeout(5)\n"
    assert len(found({"app/a.py": CALL, "app/start.py": patched})) == 1
    opened = "from urllib.request import urlopen\nurlopen(url)\n"
    assert len(found({"app/a.py": opened})) == 1
    assert found({"app/a.py": opened, "app/start.py": patched}) == ()
