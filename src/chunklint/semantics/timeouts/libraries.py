"""Which calls wait without limit unless told otherwise, and which limit themselves: one row a callable.

`tests/test_timeout_table.py` holds every row against the library itself, as far as that can be done without a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chunklint.semantics.timeouts.waiters import (
    CELERY,
    GRPC,
    KUBERNETES,
    MAKES_CLIENT,
    REQUESTS,
    SOCKETS,
    Library,
    Limited,
    Waiter,
)

_PYTHON = "https://docs.python.org/3/library/"
_STDLIB = "the default timeout of sockets is none"

_requests = Waiter(
    Library("requests", "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts", "requests"),
    "requests has no default timeout",
    family=REQUESTS,
)
_urllib3 = Waiter(
    Library("urllib3", "https://urllib3.readthedocs.io/en/stable/user-guide.html#using-timeouts", "urllib3"),
    "urllib3's pools have no default timeout",
    waits=MAKES_CLIENT,
    family=SOCKETS,
    elsewhere=("timeout=", "timeout ="),
)


def _socket(module: str, position: int | None, limits: tuple[str, ...] = ("timeout",)) -> Waiter:
    return Waiter(
        Library(module, f"{_PYTHON}{module}.html"), _STDLIB, limits, position, MAKES_CLIENT, SOCKETS, off=("timeout",)
    )


_redis = Waiter(
    Library("redis-py", "https://github.com/redis/redis-py/blob/master/redis/_defaults.py", "redis", "8"),
    "redis-py before version 8 has no default, `socket_timeout` sets one",
    ("socket_timeout", "socket_connect_timeout", "connection_pool"),
    waits=MAKES_CLIENT,
    off=("socket_timeout",),
)
_aioredis = replace(
    _redis,
    library=Library("aioredis", "https://aioredis.readthedocs.io/en/stable/", "aioredis"),
    default="aioredis has no default, `socket_timeout` sets one",
)
_limiter = Waiter(
    replace(_redis.library, source="https://limits.readthedocs.io/en/stable/storage.html"),
    "it hands no `socket_timeout` to redis-py, `storage_options` would",
    ("storage_options",),
    waits="keeps its counts in a Redis for which it waits for ever",
    needs=("storage_uri", "redis"),
    off=(),
)
_storage = Waiter(
    _limiter.library,
    "it hands no `socket_timeout` to redis-py",
    ("socket_timeout", "socket_connect_timeout", "connection_pool"),
    waits=MAKES_CLIENT,
    off=("socket_timeout",),
)
_kubernetes = Waiter(
    Library(
        "kubernetes", "https://github.com/kubernetes-client/python/blob/master/kubernetes/client/rest.py", "kubernetes"
    ),
    "its calls have no default timeout, `_request_timeout` sets one",
    (),
    waits=MAKES_CLIENT,
    family=KUBERNETES,
    elsewhere=("_request_timeout",),
    off=(),
)
_asyncpg = Waiter(
    Library("asyncpg", "https://magicstack.github.io/asyncpg/current/api/index.html#connection", "asyncpg"),
    "asyncpg limits the connecting alone, `command_timeout` sets the limit of a statement",
    ("command_timeout", "server_settings"),
    waits="makes a connection whose statements wait for ever",
    partial=True,
    off=("timeout",),
)
_engine = Waiter(
    Library("SQLAlchemy", "https://docs.sqlalchemy.org/en/20/core/engines.html", "sqlalchemy"),
    "SQLAlchemy limits the wait for its pool alone, `connect_args` hands the driver's limits over",
    ("connect_args", "creator", "async_creator", "module", "strategy"),
    waits="makes connections whose statements and locks wait for ever",
    elsewhere=("statement_timeout", "lock_timeout", "command_timeout", "sqlite:", "sqlite+", '"sqlite', "'sqlite"),
    partial=True,
    off=(),
)
_memcache = Waiter(
    Library(
        "pymemcache", "https://pymemcache.readthedocs.io/en/latest/apidoc/pymemcache.client.base.html", "pymemcache"
    ),
    "pymemcache has no default timeout",
    ("timeout", "connect_timeout"),
    waits=MAKES_CLIENT,
    off=("timeout", "connect_timeout"),
)
_mongo = Waiter(
    Library("PyMongo", "https://pymongo.readthedocs.io/en/stable/api/pymongo/mongo_client.html", "pymongo"),
    "PyMongo limits the search for a server and the connecting alone, `timeoutMS` limits an operation",
    ("timeoutMS", "socketTimeoutMS"),
    waits="makes a client whose operations wait for ever for a silent server",
    elsewhere=("timeoutMS", "ocketTimeoutMS", "pymongo.timeout(", "wtimeout", "max_time_ms", "maxTimeMS"),
    partial=True,
    off=(),
)
_motor = replace(
    _mongo,
    library=Library("Motor", "https://motor.readthedocs.io/en/stable/api-asyncio/asyncio_motor_client.html", "motor"),
)
_future = Waiter(
    Library("concurrent.futures", f"{_PYTHON}concurrent.futures.html#concurrent.futures.Future.result"),
    "a future has no default timeout",
    position=0,
    partial=True,
    off=(),
)
_process = Waiter(
    Library("subprocess", f"{_PYTHON}subprocess.html#subprocess.run"),
    "subprocess has no default timeout",
    partial=True,
    off=(),
)
_program = replace(_process, waits="starts a program for whose end the code waits for ever")
_asyncio_program = replace(
    _program,
    library=Library("asyncio", f"{_PYTHON}asyncio-subprocess.html#asyncio.subprocess.Process.communicate"),
    default="asyncio's processes take no timeout, `asyncio.wait_for` sets one",
    limits=(),
)

# Under which name the table keeps all stubs, whose classes the compiler of gRPC writes: `shop_pb2_grpc.StockStub`.
STUB = "grpc.Stub"

_VERBS = ("get", "options", "head", "post", "put", "patch", "delete", "request")

WAITERS: Mapping[str, Waiter] = {
    **{f"requests.{verb}": _requests for verb in _VERBS},
    **{f"requests.Session.{verb}": _requests for verb in (*_VERBS, "send")},
    "urllib3.PoolManager": _urllib3,
    "urllib3.ProxyManager": _urllib3,
    "urllib.request.urlopen": Waiter(
        Library("urllib", f"{_PYTHON}urllib.request.html#urllib.request.urlopen"), _STDLIB, position=2, family=SOCKETS
    ),
    "http.client.HTTPConnection": _socket("http.client", 2),
    "http.client.HTTPSConnection": _socket("http.client", None),
    "xmlrpc.client.ServerProxy": replace(_socket("xmlrpc.client", 1, ("transport",)), off=()),
    "socket.create_connection": Waiter(
        Library("socket", f"{_PYTHON}socket.html#socket.create_connection"),
        _STDLIB,
        position=1,
        family=SOCKETS,
        elsewhere=("settimeout(",),
    ),
    "smtplib.SMTP": _socket("smtplib", 3),
    "smtplib.SMTP_SSL": _socket("smtplib", None),
    "imaplib.IMAP4": _socket("imaplib", 2),
    "imaplib.IMAP4_SSL": _socket("imaplib", None),
    "poplib.POP3": _socket("poplib", 2),
    "poplib.POP3_SSL": _socket("poplib", None),
    "ftplib.FTP": _socket("ftplib", 4),
    "ftplib.FTP_TLS": _socket("ftplib", None),
    "nntplib.NNTP": _socket("nntplib", 6),
    "telnetlib.Telnet": _socket("telnetlib", 2),
    **{
        f"{module}.{name}": row
        for module, row in (("redis", _redis), ("redis.asyncio", _redis), ("aioredis", _aioredis))
        for name in ("ConnectionPool", "BlockingConnectionPool")
    },
    **{
        f"{module}.RedisCluster": _redis
        for module in ("redis", "redis.asyncio", "redis.cluster", "redis.asyncio.cluster")
    },
    **{
        f"{module}.{name}": row
        for module, row in (("redis", replace(_redis, position=4)), ("redis.asyncio", _redis), ("aioredis", _aioredis))
        for name in ("Redis", "StrictRedis")
    },
    **{
        f"{module}.{owner}from_url": row
        for module, row in (("redis", _redis), ("redis.asyncio", _redis), ("aioredis", _aioredis))
        for owner in ("", "Redis.", "StrictRedis.", "RedisCluster.", "ConnectionPool.", "BlockingConnectionPool.")
    },
    "slowapi.Limiter": _limiter,
    "flask_limiter.Limiter": _limiter,
    "limits.storage.RedisStorage": _storage,
    "coredis.Redis": Waiter(
        Library("coredis", "https://coredis.readthedocs.io/en/stable/api/clients.html", "coredis"),
        "coredis has no default, `stream_timeout` sets one",
        ("stream_timeout", "connect_timeout", "connection_pool"),
        waits=MAKES_CLIENT,
        off=("stream_timeout",),
    ),
    **{
        f"kubernetes.client.{api}": _kubernetes
        for api in ("CoreV1Api", "AppsV1Api", "BatchV1Api", "CustomObjectsApi", "NetworkingV1Api")
    },
    "jira.JIRA": Waiter(
        Library("jira", "https://jira.readthedocs.io/api.html#jira.client.JIRA", "jira"),
        "jira has no default timeout",
        waits=MAKES_CLIENT,
    ),
    "gitlab.Gitlab": Waiter(
        Library("python-gitlab", "https://python-gitlab.readthedocs.io/en/stable/api-usage.html", "python-gitlab"),
        "python-gitlab has no default timeout",
        waits=MAKES_CLIENT,
    ),
    "ldap.initialize": Waiter(
        Library("python-ldap", "https://www.python-ldap.org/en/latest/reference/ldap.html", "python-ldap"),
        "python-ldap has no default timeout, `OPT_NETWORK_TIMEOUT` and `OPT_TIMEOUT` set one",
        (),
        waits=MAKES_CLIENT,
        elsewhere=("OPT_NETWORK_TIMEOUT", "OPT_TIMEOUT", "network_timeout"),
        off=(),
    ),
    "ldap3.Connection": Waiter(
        Library("ldap3", "https://ldap3.readthedocs.io/en/latest/connection.html", "ldap3"),
        "ldap3 has no default timeout, `receive_timeout` sets one",
        ("receive_timeout",),
        waits=MAKES_CLIENT,
        off=("receive_timeout",),
    ),
    "twilio.rest.Client": Waiter(
        Library("twilio", "https://github.com/twilio/twilio-python/blob/main/twilio/http/http_client.py", "twilio"),
        "twilio has no default timeout, an `http_client` with one sets it",
        ("http_client",),
        waits=MAKES_CLIENT,
        off=(),
    ),
    "paramiko.SSHClient.connect": Waiter(
        Library("paramiko", "https://docs.paramiko.org/en/stable/api/client.html", "paramiko"),
        "paramiko has no default timeout",
        ("timeout", "sock"),
        6,
    ),
    "pymemcache.Client": _memcache,
    "pymemcache.client.base.Client": _memcache,
    "pymongo.MongoClient": _mongo,
    "pymongo.AsyncMongoClient": _mongo,
    "motor.motor_asyncio.AsyncIOMotorClient": _motor,
    "motor.motor_tornado.MotorClient": _motor,
    STUB: Waiter(
        Library("gRPC", "https://grpc.io/docs/guides/deadlines/", "grpcio"),
        "gRPC sets no deadline by itself, the `timeout` of each call does",
        (),
        waits="makes a stub whose calls wait for ever for their server",
        family=GRPC,
        elsewhere=("grpc.service_config", "intercept_channel", "interceptors="),
        off=(),
    ),
    "psycopg2.connect": Waiter(
        Library("libpq", "https://www.postgresql.org/docs/current/libpq-connect.html", "psycopg2-binary"),
        "libpq has no default, `connect_timeout` sets one",
        ("connect_timeout", "dsn", "async_"),
        0,
        waits="waits for ever for the connection",
        partial=True,
        off=("connect_timeout",),
        zero=True,
    ),
    "asyncpg.connect": _asyncpg,
    "asyncpg.create_pool": _asyncpg,
    **{
        f"{module}.{name}": _engine
        for module, names in (
            ("sqlalchemy", ("create_engine", "engine_from_config")),
            ("sqlalchemy.ext.asyncio", ("create_async_engine", "async_engine_from_config")),
            ("sqlmodel", ("create_engine",)),
        )
        for name in names
    },
    "celery.Celery": Waiter(
        Library("Celery", "https://github.com/celery/kombu/blob/main/kombu/transport/redis.py", "kombu"),
        "the Redis transport has no default, `socket_timeout` in `broker_transport_options` sets one",
        (),
        waits="waits for ever for its Redis broker whenever a task is sent",
        family=CELERY,
        elsewhere=("broker_transport_options", "BROKER_TRANSPORT_OPTIONS", "config_from_object"),
        needs=("broker", "redis"),
        partial=True,
        off=(),
    ),
    "celery.result.AsyncResult.get": Waiter(
        Library("Celery", "https://docs.celeryq.dev/en/stable/reference/celery.result.html", "celery"),
        "a task's result has no default timeout",
        position=0,
    ),
    "concurrent.futures.Future.result": _future,
    "subprocess.run": _process,
    "subprocess.call": _process,
    "subprocess.check_call": _process,
    "subprocess.check_output": _process,
    "subprocess.Popen": replace(_program, limits=()),
    "asyncio.create_subprocess_exec": _asyncio_program,
    "asyncio.create_subprocess_shell": _asyncio_program,
}

_httpx = Limited(Library("httpx", "https://www.python-httpx.org/advanced/timeouts/", "httpx"), "5 seconds of silence")
_aiohttp = Limited(
    Library("aiohttp", "https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts", "aiohttp"), "5 minutes"
)
_openai = Limited(Library("openai", "https://github.com/openai/openai-python#timeouts", "openai"), "10 minutes")
_anthropic = Limited(
    Library("anthropic", "https://github.com/anthropics/anthropic-sdk-python#timeouts", "anthropic"), "10 minutes"
)

LIMITED: Mapping[str, Limited] = {
    **{f"httpx.{verb}": _httpx for verb in _VERBS},
    "httpx.Client": _httpx,
    "httpx.AsyncClient": _httpx,
    **{f"httpx.{client}.{verb}": _httpx for client in ("Client", "AsyncClient") for verb in (*_VERBS, "send")},
    "httpx.Timeout": replace(_httpx, position=0, rest=("connect", "read", "write", "pool")),
    "aiohttp.ClientSession": _aiohttp,
    **{f"aiohttp.ClientSession.{verb}": _aiohttp for verb in _VERBS},
    "aiohttp.ClientTimeout": replace(
        _aiohttp, off=("total",), position=0, zero=True, rest=("connect", "sock_read", "sock_connect")
    ),
    "openai.OpenAI": _openai,
    "openai.AsyncOpenAI": _openai,
    "openai.AzureOpenAI": _openai,
    "openai.AsyncAzureOpenAI": _openai,
    "anthropic.Anthropic": _anthropic,
    "anthropic.AsyncAnthropic": _anthropic,
    "botocore.config.Config": Limited(
        Library(
            "botocore", "https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html", "botocore"
        ),
        "60 seconds",
        ("read_timeout", "connect_timeout"),
    ),
    "elasticsearch.Elasticsearch": Limited(
        Library(
            "elasticsearch", "https://elasticsearch-py.readthedocs.io/en/latest/api/elasticsearch.html", "elasticsearch"
        ),
        "10 seconds",
        ("request_timeout",),
    ),
    "websockets.connect": Limited(
        Library(
            "websockets", "https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html", "websockets"
        ),
        "10 seconds for the opening",
        ("open_timeout",),
    ),
}

# Modules that offer another module's names under their own.
SAME: Mapping[str, str] = {
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
    "celery.app.base": "celery",
    "sqlalchemy.engine": "sqlalchemy",
    "sqlalchemy.engine.create": "sqlalchemy",
    "sqlalchemy.ext.asyncio.engine": "sqlalchemy.ext.asyncio",
    "asyncio.subprocess": "asyncio",
    "aiohttp.client": "aiohttp",
    "motor.MotorClient": "motor.motor_tornado.MotorClient",
    "pymongo.mongo_client": "pymongo",
    "pymongo.asynchronous.mongo_client": "pymongo",
    "pymongo.synchronous.mongo_client": "pymongo",
    "botocore.client": "botocore.config",
    "urllib3.poolmanager": "urllib3",
    "websockets.client": "websockets",
    "websockets.asyncio.client": "websockets",
}

# A word of each library; a file without any of them calls none of the above and sets no default.
MENTIONS = (
    *("requests", "urlopen", "HTTPConnection", "HTTPSConnection", "ServerProxy", "create_connection", "urllib3"),
    *("setdefaulttimeout", "smtplib", "imaplib", "poplib", "ftplib", "nntplib", "telnetlib"),
    *("redis", "Limiter", "limits", "celery", "broker_transport_options", "sqlalchemy", "sqlmodel"),
    *("kubernetes", "jira", "gitlab", "ldap", "paramiko", "pymemcache", "asyncpg", "psycopg2", "subprocess", "twilio"),
    *("pymongo", "motor", "_pb2_grpc"),
    *("submit", "run_coroutine_threadsafe", "AsyncResult", "delay", "apply_async", "send_task", "axios", "fetch("),
)
