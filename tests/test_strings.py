"""Shapes of strings: each case is source whose last call, `show(...)`, is given the string in question."""

from __future__ import annotations

from textwrap import dedent

import pytest

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.strings import Shape, string_shapes


def shown(source: str) -> tuple[PythonFile, tuple[Shape, ...]]:
    file = PYTHON.parse("sample.py", dedent(source))
    call = [one for one in descendants(file.root, "call") if file.text(one).startswith("show(")][-1]
    return file, string_shapes(arguments(call, file).positional[0], file)


def rendered(source: str) -> list[str]:
    file, shapes = shown(source)
    return ["".join(p if isinstance(p, str) else f"<{file.text(p.node)}>" for p in one.parts) for one in shapes]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'plain'", "plain"),
        (r"'a\n\x41\'' r'\n'", "a\nA'\\n"),
        ("'{{}}'", "{{}}"),
        ("f'{{}} {a}'", "{} <a>"),
        ("f'{a!r} {a:>{b}} {a!s}'", "<a> <a> <a>"),
        ("f'{f\"{a}!\"}'", "<a>!"),
        ("b'bytes'", "bytes"),
        ("'one ' f'{a}' ' two'", "one <a> two"),
        ("'x' + a + 'y' + b.c", "x<a>y<b.c>"),
        ("'%s and %05.2f' % (a, b)", "<a> and <b>"),
        ("'%(x)s %% %(y)s' % {'x': a, 'y': 'lit'}", "<a> % lit"),
        ("'%s' % a", "<a>"),
        ("'%s %s' % (a,)", "<a> <(a,)>"),
        ("'{} {1} {x.y[0]}'.format(a, b, x='lit')", "<a> <b> lit"),
        ("'{q}'.format(**locals())", "<locals()>"),
        ("', '.join(['x', a, 'y'])", "x, <a>, y"),
        ("', '.join('?' * 5)", "?"),
        ("', '.join(f':p{i}' for i in range(9))", ":p<i>"),
        ("', '.join(a)", "<a>"),
        ("' AND '.join({'x': a, 'y': b}.keys())", "x AND y"),
        ("'$x-${y}-$$'.strip()", "$x-${y}-$$"),
        ("'{t}!'.replace('{t}', a)", "<a>!"),
        ("('x').strip().lower().encode()", "x"),
        ("{'k': 'v', 'o': 'w'}['k']", "v"),
    ],
)
def test_an_expression_has_this_one_shape(expression: str, text: str) -> None:
    assert rendered(f"def f(a, b):\n    show({expression})\n") == [text]


@pytest.mark.parametrize("expression", ["a", "1 + 2", "a + b", "None", "'{'.format(a)", "a.strip()", "f(a)", "[]"])
def test_what_is_not_known_to_be_a_string_has_no_shape(expression: str) -> None:
    assert rendered(f"def f(a, b):\n    show({expression})\n") == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("show('x' if flag else f'y{a}')", ["x", "y<a>"]),
        ("show({'k': 'v', 'o': 'w'}[a])", ["v", "w"]),
        ("for s in ('x', 'y'):\n    show(s)", ["x", "y"]),
        ("for s in ('x', 'y'):\n    show(f'{s}!')", ["<s>!"]),
        ("for n, s in [('1', 'x'), ('2', 'y')]:\n    show(s)", ["x", "y"]),
        ("q = None\nif a:\n    q = 'x'\nshow(q)", ["x"]),
        ("q = 'x'\nif a:\n    q = f'{a}'\nshow(q)", ["x", "<a>"]),
        ("q = 'x'\nq += ' y'\nshow(q)", ["x y"]),
        ("q = 'x'\nif a:\n    q += a\nq += ';'\nshow(q)", ["x;", "x<a>;"]),
        ("if a:\n    q = 'x'\n    q += '1'\nelse:\n    q = 'y'\n    q += '2'\nshow(q)", ["x1", "y2"]),
        ("q = 'x'\nq = q + a\nshow(q)", ["x<a>"]),
        ("parts = ['x']\nif a:\n    parts.append(a)\nparts.extend(['y', 'z'])\nshow('-'.join(parts))", ["x-<a>-y-z"]),
        ("d = {}\nd['x'] = 1\nd[a] = 2\nshow(','.join(d))", ["x,<a>"]),
    ],
)
def test_a_string_built_over_statements_has_each_shape_it_may_have(source: str, texts: list[str]) -> None:
    assert rendered(source) == texts


def test_a_helper_of_the_module_is_read_with_the_arguments_of_the_call() -> None:
    source = """
    def build(table, limit="10", *, where=""):
        return f"SELECT * FROM {table} {where} LIMIT {limit}"

    def f(a):
        show(build(a, where="WHERE x"))
    """
    assert rendered(source) == ["SELECT * FROM <a> WHERE x LIMIT 10"]


def test_a_method_and_attributes_of_the_class_are_read() -> None:
    source = """
    class Store:
        TABLE = "birds"

        def _query(self, column):
            return f"SELECT {column} FROM {self.TABLE}"

        def run(self, a):
            show(self._query(a))
    """
    assert rendered(source) == ["SELECT <a> FROM birds"]


def test_the_text_of_wrappers_is_seen_through() -> None:
    source = """
    import textwrap
    from sqlalchemy import text as sql_text
    from string import Template

    template = Template("$a $b")

    def f(a):
        show(sql_text(textwrap.dedent(f"x {template.substitute(a=a, b='c')}")).bindparams(y=1))
    """
    assert rendered(source) == ["x <a> c"]


def test_the_text_of_somebody_elses_function_of_that_name_is_not() -> None:
    assert rendered("from page import text\nshow(text('x'))") == []


def test_a_hole_knows_the_names_behind_which_it_stood() -> None:
    file, (shape,) = shown("def f(a):\n    inner = f'{a}_x'\n    outer = f'{inner}_y'\n    show(f'{outer}_z')")
    (hole,) = shape.holes
    assert [file.text(name) for name in hole.via] == ["outer", "inner"]
    assert file.text(hole.node) == "a"


def test_a_shape_tells_where_its_holes_come_in() -> None:
    file, shapes = shown("def f(a):\n    q = 'x'\n    q += f' {a}'\n    q += ' y'\n    show(q)")
    assert [file.text(one.node) for one in shapes] == ["f' {a}'"]


def test_there_are_never_more_than_a_few_shapes() -> None:
    choices = " ".join(f"{{'a{n}' if x{n} else 'b{n}'}}" for n in range(12))
    assert len(rendered(f'show(f"{choices}")')) == 8


@pytest.mark.parametrize(
    "source",
    [
        "show(" + "(" * 2000 + "'x'" + ")" * 2000 + ")",
        "show(" + "+".join(["'x'"] * 3000) + ")",
        "show(" + "f(" * 500 + "'x'" + ")" * 500 + ")",
        "a0 = 'x'\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 60)) + "show(a59)",
        "a = a + a\nshow(a)",
        "def f():\n    return f() + f()\nshow(f())",
        "show('x'" + ".strip()" * 2000 + ")",
    ],
)
def test_hostile_strings_end_in_an_answer(source: str) -> None:
    assert len(rendered(source)) <= 8
