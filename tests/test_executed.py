"""Statements that procedural SQL builds and runs, and clean-ups of duplicates."""

from __future__ import annotations

import pytest

from chunklint.semantics.sql.duplicates import group_deletions
from chunklint.semantics.sql.executed import executed


def names(body: str, **bound: str) -> list[tuple[str, str | None, bool]]:
    found = executed(f"DO $$ {body} $$;", bound)
    return [(one.kind, one.name, one.cascade) for one in found]


@pytest.mark.parametrize(
    ("execute", "name"),
    [
        ("EXECUTE 'DROP TABLE logs';", "logs"),
        ("EXECUTE format('DROP TABLE %I', 'logs');", "logs"),
        ("EXECUTE format('DROP TABLE %I', r.name);", "{r.name}"),
        ("EXECUTE 'DROP TABLE ' || quote_ident(r.name);", "{r.name}"),
        ("EXECUTE format('DROP TABLE log_%s', i);", "log_{i}"),
    ],
)
def test_the_name_in_an_executed_text_is_read_as_far_as_it_is_written(execute: str, name: str) -> None:
    assert names(f"BEGIN {execute} END") == [("drop", name, False)]


def test_a_variable_of_the_block_that_holds_a_parameter_is_what_the_call_binds() -> None:
    body = "DECLARE t TEXT := :which; BEGIN EXECUTE format('DROP TABLE %I CASCADE', t); END"
    assert names(body, which="orders") == [("drop", "orders", True)]


@pytest.mark.parametrize(
    "text", ["DROP TABLE logs", "DO $$ BEGIN PERFORM 1; END $$", "EXECUTE prepared", "", "EXECUTE ("]
)
def test_what_is_no_block_that_executes_gives_nothing(text: str) -> None:
    assert list(executed(text, {})) == []


def test_a_clean_up_that_leaves_no_row_of_a_group_names_its_column() -> None:
    (one,) = group_deletions("DELETE FROM tags WHERE name IN (SELECT name FROM tags GROUP BY name HAVING COUNT(*) > 1)")
    assert (one.name, set(one.mentions)) == ("tags", {"name"})


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM tags WHERE id NOT IN (SELECT min(id) FROM tags GROUP BY name)",
        "DELETE FROM tags WHERE name IN (SELECT name FROM tags GROUP BY name HAVING count(*) > 1) AND id > 9",
        "DELETE FROM tags WHERE id IN (SELECT max(id) FROM tags GROUP BY name HAVING count(*) > 1)",
        "DELETE FROM tags WHERE name IN (SELECT name FROM tags GROUP BY name HAVING count(*) = 1)",
        "SELECT name FROM tags GROUP BY name HAVING count(*) > 1",
    ],
)
def test_a_clean_up_that_keeps_a_row_is_none_of_whole_groups(text: str) -> None:
    assert list(group_deletions(text)) == []
