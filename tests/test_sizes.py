"""Which holes of a schema statement size it."""

from __future__ import annotations

import pytest

from chunklint.languages import language_of
from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.strings import string_shapes
from chunklint.semantics.sql.sizes import Sized, sizes


def sized(text: str) -> list[Sized]:
    language = language_of("a.py")
    assert language is not None
    file = language.parse("a.py", f'def f(n, m):\n    return f"""{text}"""\n')
    assert isinstance(file, PythonFile)
    string = next(descendants(file.root, "string"))
    return [one.sized for shape in string_shapes(string, file) for one in sizes(shape)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE p PARTITION OF q FOR VALUES WITH (MODULUS {n}, REMAINDER {m})", [Sized.COUNT, Sized.COUNT]),
        ("CREATE TABLE p (id int) PARTITION BY HASH (id) PARTITIONS {n}", [Sized.COUNT]),
        ("CREATE TABLE p AS SELECT * FROM generate_series(1, {n})", [Sized.COUNT]),
        ("DO $$ BEGIN FOR i IN 0..{n} - 1 LOOP EXECUTE 'CREATE TABLE p'; END LOOP; END $$", [Sized.COUNT]),
        ("CREATE TABLE p (name varchar({n}))", [Sized.WIDTH]),
        ("ALTER TABLE p ADD COLUMN v vector({n})", [Sized.WIDTH]),
        ("CREATE INDEX i ON p (id) WITH (fillfactor = {n})", [Sized.OPTION]),
        ("ALTER TABLE p ADD COLUMN v int DEFAULT {n}", []),
        ("CREATE SEQUENCE s START WITH {n}", []),
        ("CREATE TABLE p_{n} (id int)", []),
        ("INSERT INTO p SELECT * FROM generate_series(1, {n})", []),
        ("SELECT * FROM p LIMIT {n}", []),
        ("{n}", []),
    ],
)
def test_a_hole_sizes_a_statement_by_the_words_around_it(text: str, expected: list[Sized]) -> None:
    assert sized(text) == expected
