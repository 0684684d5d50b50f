"""The table of libraries against the libraries themselves: what a row claims must be what the library does.

Nothing is connected to: a signature, a constant or an unconnected object says what the default is.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from chunklint.semantics.pins import version
from chunklint.semantics.timeouts.libraries import LIMITED, MENTIONS, SAME, WAITERS
from chunklint.semantics.timeouts.waiters import Library

# Rows whose library cannot be asked; their sources were read by hand.
UNTRIED = {
    "ldap": "its package needs OpenLDAP's headers to be built",
    "aioredis": "has not been importable since Python 3.11",
}
# Libraries that are heavy to install: their rows are tried where `pip install -e .[libraries]` has been run.
HEAVY = frozenset(
    {
        *("anthropic", "botocore", "elasticsearch", "flask_limiter", "grpc", "kubernetes", "motor", "openai"),
        *("psycopg2", "pymongo", "sqlmodel", "twilio"),
    }
)
# What has to be installed for the row of another library: psycopg2 tells nobody the defaults of libpq, psycopg does.
ASKED_THROUGH = {"psycopg2": "psycopg"}
# Modules that a later Python no longer has.
REMOVED = frozenset({"nntplib", "telnetlib"})

Parameters = dict[str, Any]


def library_object(name: str) -> Any:
    """What a dotted name stands for, imported as far as it is a module."""
    parts = name.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for length in range(len(parts) - 1, 0, -1):
            try:
                found = importlib.import_module(".".join(parts[:length]))
            except ModuleNotFoundError:
                continue
            for part in parts[length:]:
                found = getattr(found, part)
            return found
    raise AssertionError(f"nothing is called {name}")


def defaults(name: str) -> Parameters:
    """The keyword parameters of a callable and their defaults."""
    parameters = inspect.signature(library_object(name)).parameters.values()
    return {one.name: one.default for one in parameters}


def keywords(name: str) -> frozenset[str]:
    """The keywords that a callable takes; botocore's `Config` keeps its own in a table."""
    return frozenset({*defaults(name), *getattr(library_object(name), "OPTION_DEFAULTS", ())})


def tried(name: str) -> bool:
    top = name.partition(".")[0]
    return top not in UNTRIED and not (top in REMOVED and sys.version_info >= (3, 13))


def require(name: str) -> None:
    """Skips the test of a row whose library is heavy and not installed."""
    top = name.partition(".")[0]
    needed = ASKED_THROUGH.get(top, top)
    if top in HEAVY and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")


def is_unset(default: object) -> bool:
    """None, or the sentinel by which the standard library hands over to the default of sockets."""
    return default is None or type(default) is object


# How a library is asked when the limit is not a parameter of the callable itself.
def requests_adapter(_: str) -> object:
    return defaults("requests.adapters.HTTPAdapter.send")["timeout"]


def urllib3_pool(_: str) -> object:
    pool = library_object("urllib3.PoolManager")().connection_from_host("localhost")
    return library_object("urllib3.util.Timeout.resolve_default_timeout")(pool.timeout.connect_timeout)


def redis_connection(name: str) -> object:
    module = "redis.asyncio" if ".asyncio" in name else "redis"
    connection = library_object(f"{module}.Connection")(host="localhost")
    return connection.socket_timeout


def limits_storage(_: str) -> object:
    storage = library_object("limits.storage.RedisStorage")("redis://localhost")
    return storage.storage.connection_pool.connection_kwargs.get("socket_timeout", redis_connection("redis"))


def kombu_channel(_: str) -> object:
    return library_object("kombu.transport.redis.Channel").socket_timeout


def engine_arguments(_: str) -> object:
    engine = library_object("sqlalchemy.create_engine")("postgresql+psycopg2://db/shop")
    _, options = engine.dialect.create_connect_args(engine.url)
    return options.get("connect_timeout") or options.get("options")


def subprocess_run(_: str) -> object:
    return defaults("subprocess.run")["timeout"]


def asyncio_process(_: str) -> object:
    assert "timeout" not in defaults("asyncio.subprocess.Process.communicate")
    return None


def command_timeout(_: str) -> object:
    return defaults("asyncpg.connect")["command_timeout"]


def mongo_sockets(name: str) -> object:
    client = library_object(name)(connect=False)
    assert client.options.server_selection_timeout == 30
    return client.options.timeout or client.options.pool_options.socket_timeout


def motor_sockets(name: str) -> object:
    return library_object(name)(connect=False).delegate.options.pool_options.socket_timeout


def grpc_call(_: str) -> object:
    parameters = defaults("grpc.UnaryUnaryMultiCallable.__call__")
    assert list(parameters)[2] == "timeout"
    assert defaults("grpc.aio.UnaryUnaryMultiCallable.__call__")["timeout"] is None
    return parameters["timeout"]


def kubernetes_request(name: str) -> object:
    assert library_object(name)
    return defaults("kubernetes.client.rest.RESTClientObject.request")["_request_timeout"]


def twilio_requests(_: str) -> object:
    return library_object("twilio.rest.Client")("account", "token").http_client.timeout


def libpq_connecting(_: str) -> object:
    options = {option.keyword: option for option in library_object("psycopg.pq.Conninfo.get_defaults")()}
    return options[b"connect_timeout"].compiled


def xmlrpc_transport(_: str) -> object:
    return library_object("xmlrpc.client.Transport")().make_connection("localhost").timeout


ASKED_ELSEWHERE: dict[str, Callable[[str], object]] = {
    "requests.": requests_adapter,
    "urllib3.": urllib3_pool,
    "redis.": redis_connection,
    "slowapi.": limits_storage,
    "flask_limiter.": limits_storage,
    "grpc.": grpc_call,
    "kubernetes.": kubernetes_request,
    "motor.": motor_sockets,
    "psycopg2.": libpq_connecting,
    "pymongo.": mongo_sockets,
    "sqlmodel.": engine_arguments,
    "twilio.": twilio_requests,
    "limits.": limits_storage,
    "celery.Celery": kombu_channel,
    "sqlalchemy.": engine_arguments,
    "subprocess.": subprocess_run,
    "asyncio.": asyncio_process,
    "asyncpg.": command_timeout,
    "xmlrpc.": xmlrpc_transport,
}


def default_of(name: str, keywords: tuple[str, ...]) -> object:
    """The default of the first keyword of a row, as the installed library has it."""
    for start, ask in ASKED_ELSEWHERE.items():
        if name.startswith(start):
            return ask(name)
    found = defaults(name)
    return next(found[keyword] for keyword in keywords if keyword in found)


def installed(library: Library) -> tuple[int, ...]:
    return version(importlib.metadata.version(library.package)) if library.package else ()


@pytest.mark.parametrize("name", [name for name in WAITERS if tried(name)])
def test_a_waiting_row_says_what_its_library_does(name: str) -> None:
    require(name)
    row = WAITERS[name]
    default = default_of(name, (*row.limits, *row.off))
    if row.library.finite_from and installed(row.library) >= version(row.library.finite_from):
        assert isinstance(default, int | float)
        assert default > 0
    else:
        assert is_unset(default)


@pytest.mark.parametrize("name", [name for name, row in WAITERS.items() if row.position is not None and tried(name)])
def test_a_limit_by_position_stands_where_the_row_says(name: str) -> None:
    require(name)
    row = WAITERS[name]
    taken = [key for key in defaults(name) if key != "self"]
    assert row.position is not None
    assert taken[row.position] in (*row.limits, *row.off)


def elastic_node() -> Any:
    return library_object("elasticsearch.Elasticsearch")("http://localhost:9200").transport.node_pool.get()


FINITE = {
    "anthropic": lambda: library_object("anthropic._constants.DEFAULT_TIMEOUT").read,
    "botocore": lambda: library_object("botocore.config.Config")().read_timeout,
    "elasticsearch": lambda: elastic_node().config.request_timeout,
    "openai": lambda: library_object("openai._constants.DEFAULT_TIMEOUT").read,
    "httpx": lambda: library_object("httpx._config.DEFAULT_TIMEOUT_CONFIG").read,
    "aiohttp": lambda: library_object("aiohttp.client.DEFAULT_TIMEOUT").total,
    "websockets": lambda: defaults("websockets.asyncio.client.connect")["open_timeout"],
}
SECONDS = {"second": 1, "seconds": 1, "minutes": 60}


@pytest.mark.parametrize("name", [name for name in LIMITED if tried(name)])
def test_a_limited_row_names_the_default_of_its_library(name: str) -> None:
    require(name)
    row = LIMITED[name]
    said = re.match(r"(\d+) (seconds?|minutes)", row.default)
    assert said is not None
    assert FINITE[name.partition(".")[0]]() == int(said[1]) * SECONDS[said[2]]
    if name.rpartition(".")[2] not in ("get", "options", "head", "post", "put", "patch", "delete", "request", "send"):
        known = keywords(name)
        assert all(word in known for word in (*row.off, *row.rest))


def test_every_untried_library_has_rows_and_a_reason() -> None:
    tops = {name.partition(".")[0] for name in (*WAITERS, *LIMITED)}
    assert tops >= UNTRIED.keys()
    assert all(UNTRIED.values())


@pytest.mark.parametrize("name", sorted(SAME))
def test_an_inner_module_offers_what_the_outer_one_does(name: str) -> None:
    outer = SAME[name]
    assert [row for row in (*WAITERS, *LIMITED) if row.startswith(f"{outer}.") or row == outer]


@pytest.mark.parametrize("name", [*WAITERS, *LIMITED])
def test_every_row_has_a_source(name: str) -> None:
    library = (WAITERS.get(name) or LIMITED[name]).library
    assert library.source.startswith("https://")
    assert library.name
    assert not library.finite_from or library.package


@pytest.mark.parametrize("name", sorted(WAITERS))
def test_every_waiting_call_passes_the_text_guard(name: str) -> None:
    module, _, last = name.rpartition(".")
    written = {"concurrent.futures.Future": "submit", "celery.result.AsyncResult": "AsyncResult", "grpc": "a_pb2_grpc"}
    origin = written.get(module, module)
    assert any(word in f"import {origin}\n{last}()" for word in MENTIONS)
