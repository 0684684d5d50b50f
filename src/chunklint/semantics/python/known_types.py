"""What well-known functions and methods return, where neither their name nor an annotation says it."""

from __future__ import annotations

from collections.abc import Mapping

_CONNECTION = "sqlalchemy.Connection"
_ASYNC_CONNECTION = "sqlalchemy.ext.asyncio.AsyncConnection"

RETURNS: Mapping[str, str] = {
    "aiohttp.client.ClientSession": "aiohttp.ClientSession",
    "alembic.op.get_bind": _CONNECTION,
    "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
    "asyncpg.connect": "asyncpg.Connection",
    "asyncpg.create_pool": "asyncpg.Pool",
    "asyncpg.Pool.acquire": "asyncpg.Connection",
    "celery.Celery.AsyncResult": "celery.result.AsyncResult",
    "celery.Celery.send_task": "celery.result.AsyncResult",
    "concurrent.futures.Executor.submit": "concurrent.futures.Future",
    "concurrent.futures.ProcessPoolExecutor.submit": "concurrent.futures.Future",
    "concurrent.futures.ThreadPoolExecutor.submit": "concurrent.futures.Future",
    "psycopg.connect": "psycopg.Connection",
    "psycopg.Connection.cursor": "psycopg.Cursor",
    "psycopg2.connect": "psycopg2.connection",
    "psycopg2.connection.cursor": "psycopg2.cursor",
    "redis.asyncio.from_url": "redis.asyncio.Redis",
    "redis.from_url": "redis.Redis",
    "requests.session": "requests.Session",
    "requests.sessions.Session": "requests.Session",
    "sqlalchemy.create_engine": "sqlalchemy.Engine",
    "sqlalchemy.engine.create_engine": "sqlalchemy.Engine",
    "sqlalchemy.engine_from_config": "sqlalchemy.Engine",
    "sqlalchemy.Engine.begin": _CONNECTION,
    "sqlalchemy.Engine.connect": _CONNECTION,
    "sqlalchemy.Engine.raw_connection": "sqlalchemy.PoolProxiedConnection",
    "sqlalchemy.ext.asyncio.create_async_engine": "sqlalchemy.ext.asyncio.AsyncEngine",
    "sqlalchemy.ext.asyncio.AsyncEngine.begin": _ASYNC_CONNECTION,
    "sqlalchemy.ext.asyncio.AsyncEngine.connect": _ASYNC_CONNECTION,
    "sqlite3.connect": "sqlite3.Connection",
    "sqlite3.Connection.cursor": "sqlite3.Cursor",
}
