"""What SQLAlchemy hands to the driver of an engine so that its statements and locks are limited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chunklint.model import Refusal
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.strings import string_shapes
from chunklint.semantics.timeouts.deadlines import runs_migrations

if TYPE_CHECKING:
    from tree_sitter import Node

    from chunklint.languages.python import PythonFile

_URL = re.compile(r"(?P<dialect>[a-z][a-z0-9_]*)(?:\+(?P<driver>[a-z0-9_]+))?://")
_NAME = re.compile(r"(?P<dialect>[a-z][a-z0-9_]*)(?:\+(?P<driver>[a-z0-9_]+))?$")
_CREATES = re.compile(r"sqlalchemy\.(?:engine\.)?(?:url\.)?URL\.create$")
_DRIVERS = {"postgresql": "psycopg2", "postgres": "psycopg2", "mysql": "mysqldb", "mariadb": "mysqldb"}
# The URL may tell the driver so already, and what `connect_args` says would replace that.
_TOLD = re.compile(r"[?&](?:options|connect_timeout|read_timeout|write_timeout|server_settings)=")


def connect_args(call: Node, seconds: str, file: PythonFile) -> str | Refusal:
    """The literal for `connect_args` that limits what the finding is about, by the driver that the URL names.

    In the environment of migrations that is the wait for locks, for a migration itself may take long and be well.
    """
    drivers = set(_drivers(call, file))
    if len(drivers) != 1 or None in drivers:
        return Refusal("the URL does not say here which driver takes the limits, `connect_args` hands them over")
    driver = drivers.pop()
    waiting = runs_migrations(file)
    match driver:
        case "psycopg2" | "psycopg" | "psycopg_async":
            told = _milliseconds(seconds)
            name = "lock_timeout" if waiting else "statement_timeout"
            prefix = "f" if "{" in told else ""
            if prefix and '"' in told:
                return Refusal("the configured value has quotes, and would have to stand within others")
            return f'{{"connect_timeout": {seconds}, "options": {prefix}"-c {name}={told}"}}'
        case "asyncpg" if not waiting:
            return f'{{"command_timeout": {seconds}}}'
        case "pymysql" | "mysqldb" if not waiting:
            return f'{{"read_timeout": {seconds}, "write_timeout": {seconds}}}'
    if waiting:
        return Refusal(f"`{driver}` limits statements alone, and a migration may take long and be well")
    return Refusal(f"what `{driver}` takes as a limit is not known")


def _milliseconds(seconds: str) -> str:
    try:
        return str(int(float(seconds) * 1000))
    except (ValueError, OverflowError):
        return f"{{int({seconds} * 1000)}}"


def _drivers(call: Node, file: PythonFile) -> Iterator[str | None]:
    """The driver of every way the URL may look; None where a literal does not begin with it, or sets options."""
    given = arguments(call, file)
    url = given.get("name_or_url", 0) or given.get("url", None)
    pattern = _URL
    maker = url.child_by_field_name("function") if url is not None and url.type == "call" else None
    if url is not None and maker is not None and _CREATES.match(qualified_name(maker, file) or ""):
        url, pattern = arguments(url, file).get("drivername", 0), _NAME
    for shape in string_shapes(url, file) if url is not None else ():
        first = shape.parts[0] if shape.parts else None
        found = pattern.match(first) if isinstance(first, str) else None
        if found is None or any(isinstance(part, str) and _TOLD.search(part) for part in shape.parts):
            yield None
        else:
            yield found["driver"] or _DRIVERS.get(found["dialect"], found["dialect"])
