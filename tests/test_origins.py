"""Origins and guards: each case is source whose last call, `use(...)`, is given the value in question."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.checks import is_confined
from chunklint.semantics.python.guards import guards_before
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.origins import Origin, origin_of

IMPORTS = """
import os, sys, re, uuid, argparse, datetime
from enum import Enum
from sqlalchemy import inspect, text
from .models import ItemCreate, SessionDep
"""


def used(source: str) -> tuple[PythonFile, Node]:
    file = PYTHON.parse("sample.py", IMPORTS + dedent(source))
    call = [one for one in descendants(file.root, "call") if file.text(one).startswith("use(")][-1]
    return file, arguments(call, file).positional[0]


def origin(source: str) -> Origin:
    file, node = used(source)
    return origin_of(node, file)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("'x'", Source.LITERAL),
        ("('a', 'b')", Source.LITERAL),
        ("f'{1}-x'", Source.LITERAL),
        ("'a' if flag else 'b'", Source.LITERAL),
        ("{'a': 'x'}[p]", Source.LITERAL),
        ("settings.TABLE", Source.CONSTANT),
        ("Model.__tablename__", Source.CONSTANT),
        ("datetime.datetime.now().strftime('%Y')", Source.TIMESTAMP),
        ("uuid.uuid4().hex", Source.CONFINED),
        ("uuid.UUID(p)", Source.CONFINED),
        ("len(p)", Source.CONFINED),
        ("p > 3", Source.CONFINED),
        ("re.sub(r'[^a-z]', '', p)", Source.CONFINED),
        ("conn.dialect.identifier_preparer.quote(p)", Source.CONFINED),
        ("min(int(p), 10)", Source.CONFINED),
        ("min(p, q)", Source.PARAMETER),
        ("p.strip().lower()", Source.PARAMETER),
        ("f'{p}%'", Source.PARAMETER),
        ("str(p)", Source.PARAMETER),
        ('p.replace("\'", "\'\'")', Source.CONFINED),
        ("p['key']", Source.PARAMETER),
        ("[x for x in p]", Source.PARAMETER),
        ("p or 'x'", Source.PARAMETER),
        ("p & {'a', 'b'}", Source.LITERAL),
        ("p | {'a', 'b'}", Source.PARAMETER),
        ("elsewhere(p)", Source.UNKNOWN),
        ("settings.table", Source.UNKNOWN),
        ("p.name", Source.UNKNOWN),
        ("os.environ['X']", Source.ENVIRONMENT),
        ("os.environ.get('X', 'y')", Source.ENVIRONMENT),
        ("os.getenv('X')", Source.ENVIRONMENT),
        ("sys.argv[1]", Source.ARGV),
        ("argparse.ArgumentParser().parse_args().name", Source.ARGV),
        ("input()", Source.ARGV),
        ("conn.execute('SELECT name FROM t').fetchone()[0]", Source.ROW),
        ("cursor.fetchall()", Source.ROW),
        ("inspect(conn).get_table_names()", Source.ROW),
        ("conn.execute('SELECT COUNT(*) FROM t').scalar()", Source.CONFINED),
    ],
)
def test_the_origin_of_an_expression(expression: str, kind: Source) -> None:
    assert origin(f"def f(p, q, conn, cursor):\n    use({expression})\n").kind is kind


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("for i in range(int(sys.argv[1])):\n    use(i)", Source.INDEX),
        ("for i, x in enumerate(['a']):\n    use(i)", Source.INDEX),
        ("for i, x in enumerate(sys.argv):\n    use(x)", Source.ARGV),
        ("for x in ['a', 'b']:\n    use(x)", Source.LITERAL),
        ("for a, b in [('x', sys.argv[1])]:\n    use(a)", Source.LITERAL),
        ("for a, b in [('x', sys.argv[1])]:\n    use(b)", Source.ARGV),
        ("for k, v in {'x': sys.argv[1]}.items():\n    use(k)", Source.LITERAL),
        ("for k, v in {'x': sys.argv[1]}.items():\n    use(v)", Source.ARGV),
        ("for a, b in zip(['x'], sys.argv):\n    use(a)", Source.LITERAL),
        ("a, b = 'x', sys.argv[1]\nuse(a)", Source.LITERAL),
        ("x = []\nx.append(sys.argv[1])\nuse(x)", Source.ARGV),
        ("x = 'a'\nif x:\n    x = sys.argv[1]\nuse(x)", Source.ARGV),
        ("class Kind(Enum):\n    A = 'a'\nfor k in Kind:\n    use(k.value)", Source.LITERAL),
        ("class Kind(Enum):\n    A = 'a'\nuse(Kind(sys.argv[1]))", Source.CONFINED),
        ("def f(x: int):\n    use(x)", Source.PARAMETER),
        ("def f(x: uuid.UUID):\n    use(x)", Source.CONFINED),
        ("def f(x: 'Model'):\n    use(x)", Source.UNKNOWN),
        ("@router.get('/')\ndef f(x: str):\n    use(x)", Source.REQUEST),
        ("@router.get('/')\ndef f(x: int):\n    use(x)", Source.REQUEST),
        ("@router.post('/')\ndef f(x: ItemCreate):\n    use(x.name)", Source.REQUEST),
        ("@router.post('/')\ndef f(x: SessionDep):\n    use(x.name)", Source.UNKNOWN),
        ("@mock.patch('a.b')\ndef f(x):\n    use(x)", Source.PARAMETER),
        ("@router.get('/')\ndef f(x=Depends(y)):\n    use(x)", Source.UNKNOWN),
        ("@click.option('--x')\ndef f(x):\n    use(x)", Source.ARGV),
        ("class S:\n def __init__(self, t):\n  self.t = t\n def f(self):\n  use(self.t)", Source.UNKNOWN),
        ("class S:\n def __init__(self):\n  self.t = sys.argv[1]\n def f(self):\n  use(self.t)", Source.ARGV),
        ("def g(x):\n    return x.strip()\nuse(g('x'))", Source.LITERAL),
        ("def g(x):\n    return x.strip()\nuse(g(sys.argv[1]))", Source.ARGV),
        ("def g():\n    return 'x', sys.argv[1]\na, b = g()\nuse(a)", Source.LITERAL),
        ("def quote_name(x):\n    return '\"' + x.replace('\"', '') + '\"'\nuse(quote_name(input()))", Source.CONFINED),
    ],
)
def test_the_origin_of_what_names_hold(source: str, kind: Source) -> None:
    assert origin(source).kind is kind


def test_a_number_is_told_from_a_converted_one() -> None:
    declared = origin("def f(x: int):\n    use(x)")
    converted = origin("def f():\n    x = int(os.environ['X'])\n    use(x)")
    assert (declared.number, declared.converted) == (True, False)
    assert (converted.kind, converted.number, converted.converted) == (Source.ENVIRONMENT, True, True)


def test_a_public_parameter_keeps_what_its_callers_pass_beside_it() -> None:
    found = origin("def f(x):\n    use(x)\n\ndef g():\n    f('literal')\n")
    assert (found.kind, found.callers, found.private) == (Source.PARAMETER, Source.LITERAL, False)


def test_a_private_parameter_is_what_its_callers_pass() -> None:
    assert origin("def _f(x):\n    use(x)\n\ndef g():\n    _f('literal')\n").kind is Source.LITERAL
    assert origin("def _f(x):\n    use(x)\n\ndef g():\n    _f(sys.argv[1])\n").kind is Source.ARGV
    assert origin("def _f(x):\n    use(x)\n").private


def test_the_steps_start_at_the_source() -> None:
    file, node = used("def f():\n    names = os.environ['X'].split()\n    for name in names:\n        use(name)\n")
    first, *_, last = origin_of(node, file).steps
    assert file.text(first[0]).startswith("os.environ")
    assert last[1] == "`name` goes through the values here"


CONFINING = [
    "if x not in ('a', 'b'):\n        raise ValueError",
    "if x not in ALLOWED:\n        return",
    "assert x in ALLOWED",
    "if not re.fullmatch('[a-z]+', x):\n        raise ValueError",
    "if re.fullmatch('[a-z]+', x) is None:\n        raise ValueError",
    "if not re.match('^[a-z]+$', x):\n        sys.exit(1)",
    "ok = x in ALLOWED\n    if not ok:\n        raise ValueError",
    "if not x.isidentifier() or len(x) > 9:\n        raise ValueError",
    "if x > 100:\n        raise ValueError",
    "if not (0 < x <= 100):\n        raise ValueError",
    "if x != 'a':\n        raise ValueError",
    "try:\n        uuid.UUID(x)\n    except ValueError:\n        return",
    "if x in ALLOWED:\n        pass\n    else:\n        raise ValueError",
    "if not isinstance(x, int):\n        raise TypeError",
    "raises(x)",
    "if not answers(x):\n        return",
    "validate_name(x)",
]
NOT_CONFINING = [
    "if x not in ('a', 'b'):\n        print(x)",
    "if x in BANNED:\n        raise ValueError",
    "if ';' in x:\n        raise ValueError",
    "if x not in 'abc':\n        raise ValueError",
    "if x not in given:\n        raise ValueError",
    "if not re.match('[a-z]+', x):\n        raise ValueError",
    "re.fullmatch('[a-z]+', x)",
    "answers(x)",
    "if x < 1:\n        raise ValueError",
    "if not x:\n        raise ValueError",
    "if y not in ALLOWED:\n        raise ValueError",
    "if x not in ALLOWED and y:\n        raise ValueError",
    "if x not in ALLOWED:\n        raise ValueError\n    x = y",
    "try:\n        uuid.UUID(x)\n    except ValueError:\n        print(x)",
    "while x not in ALLOWED:\n        break",
    "sometimes(x)",
]
HELPERS = """
ALLOWED = {'a', 'b'}
BANNED = {'c'}

def raises(name):
    if name not in ALLOWED:
        raise ValueError(name)

def answers(name):
    return name in ALLOWED

def sometimes(name):
    if not name:
        return
    raises(name)
    return
"""


@pytest.mark.parametrize("check", CONFINING)
def test_a_check_that_every_path_passes_confines_the_value(check: str) -> None:
    file, node = used(f"{HELPERS}\ndef f(x, y, given):\n    {check}\n    use(x)\n")
    assert is_confined(node, "x", file)


@pytest.mark.parametrize("check", NOT_CONFINING)
def test_a_check_that_leaves_a_choice_or_a_way_around_does_not(check: str) -> None:
    file, node = used(f"{HELPERS}\ndef f(x, y, given):\n    {check}\n    use(x)\n")
    assert not is_confined(node, "x", file)


@pytest.mark.parametrize(
    ("source", "guards"),
    [
        ("if a:\n    use(x)", [("a", True)]),
        ("if a:\n    pass\nelif b:\n    use(x)", [("b", True), ("a", False)]),
        ("if a:\n    pass\nelse:\n    use(x)", [("a", False)]),
        ("use(x) if a else None", [("a", True)]),
        ("a and use(x)", [("a", True)]),
        ("a or use(x)", [("a", False)]),
        ("[use(x) for x in y if a]", [("a", True)]),
        ("if not (a or b):\n    use(x)", [("b", False), ("a", False)]),
        ("if a and b:\n    use(x)", [("b", True), ("a", True)]),
        ("if a or b:\n    use(x)", []),
        ("while a:\n    use(x)", [("a", True)]),
        ("for x in y:\n    if a:\n        continue\n    use(x)", [("a", False)]),
        ("if a:\n    print(a)\nuse(x)", []),
        ("if a:\n    def f():\n        use(x)", []),
    ],
)
def test_the_conditions_known_at_a_place(source: str, guards: list[tuple[str, bool]]) -> None:
    file, node = used(source)
    known = guards_before(node, None, file)
    conditions = [(file.text(one.condition), one.holds) for one in known if one.condition.type == "identifier"]
    assert conditions == guards


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 2000 + "sys.argv" + ")" * 2000 + "\nuse(x)",
        "x = x + x\nuse(x)",
        "def f(x):\n    f(x)\n    use(x)",
        "def f(x):\n    return f(f(x))\nuse(f('x'))",
        "".join(f"x{n} = x{n - 1} or x{n - 1}\n" for n in range(1, 60)) + "use(x59)",
        "if " + "not " * 2000 + "x:\n    use(x)",
        "use(" + "min(" * 800 + "x" + ")" * 800 + ")",
        "use(x" + ".a" * 2000 + ")",
        "with a:\n" + "".join(" " * n + "with a:\n" for n in range(1, 90)) + " " * 90 + "check(x)\nuse(x)",
    ],
)
def test_hostile_values_end_in_an_answer(source: str) -> None:
    file, node = used(source)
    assert isinstance(origin_of(node, file), Origin)
    assert isinstance(guards_before(node, "x", file), tuple)
