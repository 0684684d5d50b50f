"""Python's imports, and the files that they mean."""

import pytest

from chunklint.languages.python import PYTHON
from chunklint.semantics.python.modules import Import, Modules, imports


def _imports_of(text: str) -> tuple[Import, ...]:
    return imports(PYTHON.parse("app/here.py", text))


def test_every_form_of_import_is_read() -> None:
    text = """\
import a.b
import a.b as c
from a.b import d, e as f
from ..g import h
from . import i
from j import *
"""
    assert _imports_of(text) == (
        Import("a.b", 0, "", "a", 1),
        Import("a.b", 0, "", "c", 2),
        Import("a.b", 0, "d", "d", 3),
        Import("a.b", 0, "e", "f", 3),
        Import("g", 2, "h", "h", 4),
        Import("", 1, "i", "i", 5),
        Import("j", 0, "*", "", 6),
    )


def test_imports_within_functions_count_and_those_for_type_checkers_are_marked() -> None:
    text = """\
if typing.TYPE_CHECKING:
    from a import B
else:
    from a import C

def late():
    import d
"""
    assert [(one.alias, one.typing_only) for one in _imports_of(text)] == [("B", True), ("C", False), ("d", False)]


PROJECT = (
    "backend/app/__init__.py",
    "backend/app/db/__init__.py",
    "backend/app/db/session.py",
    "backend/app/logging.py",
    "backend/app/utils.py",
    "backend/tests/helpers.py",
    "backend/tests/test_db.py",
    "other/app/__init__.py",
    "other/app/db/session.py",
    "tools/utils.py",
    "tools/run.py",
    "README.md",
)


@pytest.mark.parametrize(
    ("importer", "statement", "meant"),
    [
        ("backend/app/utils.py", "from app.db import session", "backend/app/db/session.py"),
        ("backend/app/utils.py", "from app.db import Base", "backend/app/db/__init__.py"),
        ("backend/app/utils.py", "from app.db.session import *", "backend/app/db/session.py"),
        ("other/app/main.py", "import app.db.session", "other/app/db/session.py"),
        ("backend/app/db/session.py", "from . import Base", "backend/app/db/__init__.py"),
        ("backend/app/db/session.py", "from ..utils import x", "backend/app/utils.py"),
        ("backend/app/db/session.py", "from .... import x", None),
        ("backend/app/db/session.py", "from .........deep import x", None),
        ("backend/tests/test_db.py", "from helpers import make", "backend/tests/helpers.py"),
        ("backend/tests/test_db.py", "from tests.helpers import make", "backend/tests/helpers.py"),
        ("backend/app/db/session.py", "import logging", None),
        ("backend/app/db/session.py", "import session", "backend/app/db/session.py"),
        ("tools/run.py", "import utils", "tools/utils.py"),
        ("tools/run.py", "import sqlalchemy.orm", None),
    ],
)
def test_an_import_means_the_file_that_python_would_find(importer: str, statement: str, meant: str | None) -> None:
    (imported,) = _imports_of(statement)
    assert Modules(PROJECT).resolve(importer, imported) == meant
