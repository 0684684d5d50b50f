"""Which calls wait without limit unless told otherwise, from each library's documentation. One line a callable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

# What a default set for the whole process reaches.
SOCKETS, REQUESTS, AXIOS, KUBERNETES = "sockets", "requests", "axios", "kubernetes"

# Libraries whose clients take no limit, only each of their calls: one finding a module says it all.
LIMITED_BY_CALL = frozenset({KUBERNETES})

_CLIENT = "makes a client that waits for ever for its server"
_CALL = "waits for ever"


@dataclass(frozen=True, slots=True)
class Waiter:
    """A callable that waits without limit unless it is told otherwise.

    Attributes:
        default: The library's default and what changes it, as the second half of a sentence.
        limits: Keywords any of which sets a limit, or hands in an object that may bring one.
        position: Where the limit stands among the positional arguments, None when it is given by keyword only.
        waits: What the callable does, as the first half of the sentence.
        family: Which default for the whole process reaches it, "" for none.
        elsewhere: Words that set the limit somewhere else; one of them in the file is enough.
        needs: A keyword and a part of its value without which the callable does not wait for a server.
        partial: Whether the wait is limited in part, or by other means, so that it is only worth a look.
    """

    default: str
    limits: tuple[str, ...] = ("timeout",)
    position: int | None = None
    waits: str = _CALL
    family: str = ""
    elsewhere: tuple[str, ...] = ()
    needs: tuple[str, str] = ("", "")
    partial: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the call itself waits, as opposed to the calls of the client that it makes."""
        return self.waits == _CALL


_REQUESTS = Waiter("requests has no default timeout", family=REQUESTS)
_STDLIB = "the default timeout of sockets is none"
_REDIS = Waiter(
    "redis-py before version 8 has no default, `socket_timeout` sets one",
    ("socket_timeout", "socket_connect_timeout", "connection_pool"),
    waits=_CLIENT,
)
_LIMITER = Waiter(
    "it hands no `socket_timeout` to redis-py, `storage_options` would",
    ("storage_options",),
    waits="keeps its counts in a Redis for which it waits for ever",
    needs=("storage_uri", "redis"),
)
_LIMITS = Waiter(
    "it hands no `socket_timeout` to redis-py", ("socket_timeout", "socket_connect_timeout"), waits=_CLIENT
)
_KUBERNETES = Waiter(
    "its calls have no default timeout, `_request_timeout` sets one",
    (),
    waits=_CLIENT,
    family=KUBERNETES,
    elsewhere=("_request_timeout",),
)
_ASYNCPG = Waiter(
    "asyncpg limits the connecting alone, `command_timeout` sets the limit of a statement",
    ("command_timeout", "server_settings"),
    waits="makes a connection whose statements wait for ever",
    partial=True,
)
_MEMCACHE = Waiter("pymemcache has no default timeout", ("timeout", "connect_timeout"), waits=_CLIENT)
_FUTURE = Waiter("a future has no default timeout", position=0, partial=True)
_PROCESS = Waiter("subprocess has no default timeout", partial=True)

_VERBS = ("get", "options", "head", "post", "put", "patch", "delete", "request")

WAITERS: Mapping[str, Waiter] = {
    **{f"requests.{verb}": _REQUESTS for verb in _VERBS},
    **{f"requests.Session.{verb}": _REQUESTS for verb in (*_VERBS, "send")},
    "urllib.request.urlopen": Waiter(_STDLIB, position=2, family=SOCKETS),
    "http.client.HTTPConnection": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    "http.client.HTTPSConnection": Waiter(_STDLIB, position=4, waits=_CLIENT, family=SOCKETS),
    "xmlrpc.client.ServerProxy": Waiter(_STDLIB, ("transport",), 1, waits=_CLIENT, family=SOCKETS),
    "socket.create_connection": Waiter(_STDLIB, position=1, family=SOCKETS, elsewhere=("settimeout(",)),
    "smtplib.SMTP": Waiter(_STDLIB, position=3, waits=_CLIENT, family=SOCKETS),
    "smtplib.SMTP_SSL": Waiter(_STDLIB, position=3, waits=_CLIENT, family=SOCKETS),
    "imaplib.IMAP4": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    "imaplib.IMAP4_SSL": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    "poplib.POP3": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    "poplib.POP3_SSL": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    "ftplib.FTP": Waiter(_STDLIB, position=4, waits=_CLIENT, family=SOCKETS),
    "ftplib.FTP_TLS": Waiter(_STDLIB, position=4, waits=_CLIENT, family=SOCKETS),
    "nntplib.NNTP": Waiter(_STDLIB, position=6, waits=_CLIENT, family=SOCKETS),
    "telnetlib.Telnet": Waiter(_STDLIB, position=2, waits=_CLIENT, family=SOCKETS),
    **{
        f"{module}.{name}": _REDIS
        for module in ("redis", "redis.asyncio", "redis.cluster", "redis.asyncio.cluster", "aioredis")
        for name in ("RedisCluster", "ConnectionPool", "BlockingConnectionPool")
    },
    **{
        f"{module}.{name}": replace(_REDIS, position=4)
        for module in ("redis", "redis.asyncio", "aioredis")
        for name in ("Redis", "StrictRedis")
    },
    **{
        f"{module}.{owner}from_url": _REDIS
        for module in ("redis", "redis.asyncio", "aioredis")
        for owner in ("", "Redis.", "StrictRedis.", "RedisCluster.", "ConnectionPool.", "BlockingConnectionPool.")
    },
    "slowapi.Limiter": _LIMITER,
    "flask_limiter.Limiter": _LIMITER,
    "limits.storage.RedisStorage": _LIMITS,
    "limits.aio.storage.RedisStorage": _LIMITS,
    **{
        f"kubernetes.client.{api}": _KUBERNETES
        for api in ("CoreV1Api", "AppsV1Api", "BatchV1Api", "CustomObjectsApi", "NetworkingV1Api")
    },
    "jira.JIRA": Waiter("jira has no default timeout", waits=_CLIENT),
    "gitlab.Gitlab": Waiter("python-gitlab has no default timeout", waits=_CLIENT),
    "ldap.initialize": Waiter(
        "python-ldap has no default timeout, `OPT_NETWORK_TIMEOUT` and `OPT_TIMEOUT` set one",
        (),
        waits=_CLIENT,
        elsewhere=("OPT_NETWORK_TIMEOUT", "OPT_TIMEOUT", "network_timeout"),
    ),
    "paramiko.SSHClient.connect": Waiter("paramiko has no default timeout", ("timeout", "sock"), 6),
    "pymemcache.Client": _MEMCACHE,
    "pymemcache.client.base.Client": _MEMCACHE,
    "psycopg2.connect": Waiter(
        "libpq has no default, `connect_timeout` sets one",
        ("connect_timeout", "dsn"),
        0,
        waits="waits for ever for the connection",
        partial=True,
    ),
    "asyncpg.connect": _ASYNCPG,
    "asyncpg.create_pool": _ASYNCPG,
    "concurrent.futures.Future.result": _FUTURE,
    "celery.result.AsyncResult.get": Waiter("a task's result has no default timeout", position=0),
    "subprocess.run": _PROCESS,
    "subprocess.call": _PROCESS,
    "subprocess.check_call": _PROCESS,
    "subprocess.check_output": _PROCESS,
    "subprocess.Popen": replace(_PROCESS, waits="starts a program for whose end the code waits for ever"),
}

# Modules that offer another module's names under their own.
_SAME = {
    "requests.api": "requests",
    "requests.sessions": "requests",
    "redis.client": "redis",
    "redis.connection": "redis",
    "redis.utils": "redis",
    "redis.asyncio.client": "redis.asyncio",
    "redis.asyncio.connection": "redis.asyncio",
    "redis.asyncio.utils": "redis.asyncio",
    "slowapi.extension": "slowapi",
    "jira.client": "jira",
    "gitlab.client": "gitlab",
    "paramiko.client": "paramiko",
    "asyncpg.connection": "asyncpg",
    "asyncpg.pool": "asyncpg",
    "celery.app.task.AsyncResult": "celery.result.AsyncResult",
}

# Network programs without a limit of their own, and the arguments that set one.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "curl": ("-m", "--max-time", "--connect-timeout", "--speed-time", "-y"),
    "ssh": ("ConnectTimeout", "ServerAliveInterval"),
    "scp": ("ConnectTimeout", "ServerAliveInterval"),
    "sftp": ("ConnectTimeout", "ServerAliveInterval"),
    "rsync": ("--timeout", "--contimeout"),
    "git": ("http.lowSpeedTime",),
}

# The commands of git that speak with another machine.
GIT_NETWORK = frozenset({"clone", "fetch", "pull", "push", "ls-remote"})

# A word of each library; a file without any of them calls none of the above and sets no default.
MENTIONS = (
    *("requests", "urlopen", "HTTPConnection", "HTTPSConnection", "ServerProxy", "create_connection"),
    *("setdefaulttimeout", "smtplib", "imaplib", "poplib", "ftplib", "nntplib", "telnetlib"),
    *("redis", "Limiter", "limits"),
    *("kubernetes", "jira", "gitlab", "ldap", "paramiko", "pymemcache", "asyncpg", "psycopg2", "subprocess"),
    *("submit", "run_coroutine_threadsafe", "AsyncResult", "delay", "apply_async", "send_task", "axios"),
)


def waiter_of(qualified: str) -> Waiter | None:
    """What is known of a callable by its qualified name."""
    return WAITERS.get(canonical(qualified))


def canonical(qualified: str) -> str:
    """The name under which a library documents a callable that several of its modules offer."""
    for prefix in _prefixes(qualified):
        if prefix in _SAME:
            return _SAME[prefix] + qualified[len(prefix) :]
    return qualified


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


METHODS = frozenset(name.rpartition(".")[2] for name in WAITERS)
