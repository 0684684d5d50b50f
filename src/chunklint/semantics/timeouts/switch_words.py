"""The words of limits that are none; apart from what reads them, since every scan loads this."""

from __future__ import annotations

from chunklint.semantics.timeouts.io_calls import LIMIT_METHODS
from chunklint.semantics.timeouts.libraries import MENTIONS

# Which argument of asyncio's own limits is the time.
DEADLINES = {"asyncio.wait_for": 1, "asyncio.timeout": 0, "async_timeout.timeout": 0, "anyio.fail_after": 0}
SWITCH_METHODS = tuple(sorted({*LIMIT_METHODS, *(name.rpartition(".")[2] for name in DEADLINES)}))

SWITCH_MENTIONS = (
    *MENTIONS,
    *("httpx", "aiohttp", "openai", "anthropic", "botocore", "elasticsearch", "websockets", "aioredis", "coredis"),
    *("asyncio", "async_timeout", "fail_after"),
)
