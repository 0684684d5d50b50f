"""A throw-away PostgreSQL for the tests that ask a real one. Without a server they are skipped, except in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from evaluation.replay.server import MISSING, Server, binaries, postgres

needs_postgres = pytest.mark.skipif(binaries() is None and "CI" not in os.environ, reason=MISSING)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One cluster for all tests that import this fixture; each makes databases of its own in it."""
    with postgres() as running:
        yield running
