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
from chunklint.semantics.timeouts.io_calls import canonical, waiter_of
from chunklint.semantics.timeouts.libraries import WAITERS


def rules(code: str) -> RuleSet:
    return RuleSet.of([BUILTIN], [rule for rule in load([BUILTIN]) if rule.code == code])


RULES = rules("CL801")

CALL = "import requests\n\n\ndef load(url):\n    return requests.get(url)\n"
BLOCKING = "import requests\n\n\nasync def load(url):\n    return requests.get(url)\n"
GUARDED = 'import requests\n\nif __name__ == "__main__":\n    requests.get("https://example.org")\n'

# A root without manifests: no version of any library is pinned.
NOWHERE = Path("no", "such", "folder")


def found(sources: dict[str, str], chosen: RuleSet = RULES) -> tuple[Finding, ...]:
    contents = {path: text.encode() for path, text in sources.items()}
    return scan(Job(NOWHERE, chosen, tuple(sources), 1_000_000, contents)).findings


@pytest.mark.parametrize(
    ("path", "source", "severity"),
    [
        ("app/feed.py", CALL, Severity.WARNING),
        ("app/feed.py", BLOCKING, Severity.ERROR),
        ("app/feed.py", GUARDED, Severity.NOTE),
        ("app/feed.py", f"import argparse\n{CALL}", Severity.NOTE),
        ("app/feed.py", f"import argparse\nimport fastapi\n{CALL}", Severity.WARNING),
        ("app/feed.py", f"#!/usr/bin/env python3\n{CALL}", Severity.WARNING),
        ("app/feed.py", f"#!/usr/bin/env python3\n{CALL}\nif __name__ == '__main__':\n    load(1)\n", Severity.NOTE),
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


# The others need an instance, a call, a command or a storage of the right kind; the fixtures have them.
SPECIAL = ("requests.Session", "subprocess", "asyncio", "concurrent", "celery", "grpc", "paramiko")
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


@pytest.mark.parametrize(
    ("path", "source", "severity"),
    [
        ("app/feed.py", "import requests\n\n\ndef f(url):\n    requests.get(url, timeout=None)\n", Severity.WARNING),
        (
            "app/feed.py",
            "import requests\n\n\nasync def f(url):\n    requests.get(url, timeout=None)\n",
            Severity.ERROR,
        ),
        ("app/feed.py", "import httpx\n\n\nasync def f(url):\n    httpx.get(url, timeout=None)\n", Severity.ERROR),
        ("app/feed.py", "import httpx\n\n\nasync def f():\n    httpx.AsyncClient(timeout=None)\n", Severity.WARNING),
        ("scripts/feed.py", "import requests\nrequests.get(url, timeout=None)\n", Severity.NOTE),
        ("app/db.py", "import psycopg2\npsycopg2.connect(host='db', connect_timeout=0)\n", Severity.NOTE),
        ("web/api.ts", 'import axios from "axios";\naxios.create({ timeout: 0 });\n', Severity.WARNING),
        ("web/scripts/api.mjs", 'import axios from "axios";\naxios.create({ timeout: 0 });\n', Severity.NOTE),
    ],
)
def test_a_limit_that_is_none_is_as_grave_as_none_at_all(path: str, source: str, severity: Severity) -> None:
    assert [finding.severity for finding in found({path: source}, rules("CL802"))] == [severity]


def test_a_wrapper_without_a_limit_leads_to_the_call_that_leaves_it_out() -> None:
    source = (
        "import requests\n\n\ndef load(url, timeout=None):\n    return requests.get(url, timeout=timeout)\n\n\n"
        "def today(url):\n    return load(url)\n"
    )
    (finding,) = found({"app/feed.py": source}, rules("CL802"))
    assert finding.severity is Severity.NOTE
    assert [(one.location.span.start_line, one.text) for one in finding.related] == [(9, "called without a limit")]


def test_a_task_that_is_cancelled_shows_where_it_was_counted_on() -> None:
    source = (
        "import asyncio\n\n\nasync def f(work):\n    task = asyncio.create_task(work())\n    try:\n"
        "        await asyncio.wait_for(task, 1)\n    except TimeoutError:\n        await task\n"
    )
    (finding,) = found({"app/feed.py": source}, rules("CL804"))
    assert finding.severity is Severity.ERROR
    assert [step.location.span.start_line for step in finding.steps] == [7, 9]


def test_a_hard_coded_limit_is_for_those_who_ask() -> None:
    assert not any(rule.enabled for rule in load([BUILTIN]) if rule.code == "CL803")
    limited = {"app/feed.py": "import requests\nrequests.get(url, timeout=5)\n"}
    assert [finding.severity for finding in found(limited, rules("CL803"))] == [Severity.NOTE]
