"""Revision scripts as they are written, and the graph that they form."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunklint.languages.python import PYTHON
from chunklint.semantics.migrations.histories import (
    History,
    ancestors_of,
    competing_heads,
    cycles,
    duplicates,
    histories,
    order,
    path_between,
)
from chunklint.semantics.migrations.revisions import Revision, revision_of

STEPS = "\n\ndef upgrade(): ...\ndef downgrade(): ...\n"


def read(source: str, path: str = "versions/r.py") -> Revision | None:
    return revision_of(PYTHON.parse(path, source))


def revision(source: str, path: str = "versions/r.py") -> Revision:
    found = read(source + STEPS, path)
    assert found is not None
    return found


def names(found: Sequence[Revision]) -> list[str]:
    return [one.id for one in found]


def script(name: str, *parents: str, folder: str = "versions", created: str = "", more: str = "") -> Revision:
    docstring = f'"""x\n\nCreate Date: {created}\n"""\n' if created else ""
    return revision(f"{docstring}revision = {name!r}\ndown_revision = {parents!r}\n{more}", f"{folder}/{name}.py")


def history(*revisions: Revision) -> History:
    (only,) = histories(revisions)
    return only


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ("None", []),
        ("'a'", ["a"]),
        ("u'a'", ["a"]),
        ("('a')", ["a"]),
        ("'a' 'b'", ["ab"]),
        ("('a', 'b')", ["a", "b"]),
        ("'a', 'b'", ["a", "b"]),
        ("['a', 'b']", ["a", "b"]),
        ("{'a'}", ["a"]),
        ("()", []),
        ("BASE", ["z"]),
        ("(BASE, 'a')", ["z", "a"]),
        ("NOTHING", []),
        ("other = 'a'", ["a"]),
    ],
)
def test_a_down_revision_is_read_in_every_way_it_is_spelled(assigned: str, expected: list[str]) -> None:
    found = revision(f"BASE = 'z'\nNOTHING = None\nrevision: str = 'r'\ndown_revision: str | None = {assigned}")
    assert found.id == "r"
    assert [parent.name for parent in found.parents] == expected
    assert found.certain


@pytest.mark.parametrize("assigned", ["before()", "(*BASES, 'a')", "f'{x}'", "'a' if x else 'b'", "imported"])
def test_a_down_revision_that_is_computed_leaves_the_parents_open(assigned: str) -> None:
    assert not revision(f"revision = 'r'\ndown_revision = {assigned}").certain


def test_the_last_assignment_counts_and_those_under_a_condition_stay_open() -> None:
    assert names([revision("revision = 'a'\nrevision = 'b'\ndown_revision = None")]) == ["b"]
    found = revision("revision = 'r'\ndown_revision = 'a'\nif x:\n    down_revision = 'b'")
    assert [parent.name for parent in found.parents] == ["a", "b"]
    assert not found.certain


def test_the_rest_of_a_header_is_read() -> None:
    found = revision(
        '"""Rings\n\nRevision ID: r\nCreate Date: 2024-05-01 10:00:00.5\n"""\n'
        "revision, down_revision = 'r', 'a'\nbranch_labels = ('x', cli.LABEL)\n"
        "depends_on = ['p', 'q']\nreplaces = ['o']"
    )
    assert (found.id, found.parents[0].name, found.created) == ("r", "a", "2024-05-01 10:00:00.5")
    assert (found.labels, found.replaces) == (("x", "cli.LABEL"), ("o",))
    assert [one.name for one in found.depends_on] == ["p", "q"]
    assert found.depends_on[1].place.span.start_line == 8
    assert (found.upgrades, found.downgrades) == (True, True)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("down_revision = None" + STEPS, "versions/r.py"),
        ("def revision(): ...\ndown_revision = None" + STEPS, "alembic/command.py"),
        ("class A:\n    revision = 'r'\n    down_revision = None\n" + STEPS, "versions/r.py"),
        ("revision = 'r'\ndown_revision = 'a'\n", "app/test_r.py"),
        ("revision = 'r'\ndown_revision = 'a'\n" + STEPS, "tests/versions/r.py"),
        ("revision = 'r'\ndown_revision = 'a'\n" + STEPS, "versions/archive/r.py"),
        ("revision = 'r'\ndown_revision = 'a'\n" + STEPS, "versions/__init__.py"),
    ],
)
def test_what_alembic_does_not_load_is_no_revision(source: str, path: str) -> None:
    assert read(source, path) is None


def test_a_line_has_one_base_one_head_and_its_own_order() -> None:
    line = history(script("c", "b"), script("a"), script("b", "a"))
    assert (names(line.bases), names(line.heads), names(order(line))) == (["a"], ["c"], ["a", "b", "c"])
    assert competing_heads(line) == ()


def test_where_branches_leave_a_choice_the_older_revision_runs_first() -> None:
    revisions = [
        script("a"),
        script("z", "a", created="2024-01-01"),
        script("b", "a", created="2024-01-02"),
        script("m", "b", "z", created="2024-01-03"),
    ]
    assert names(order(history(*revisions))) == ["a", "z", "b", "m"]


def test_a_dependency_runs_first_but_is_no_parent() -> None:
    graph = history(script("a"), script("b", "a", more="depends_on = 'c'"), script("c", "a"))
    assert names(order(graph)) == ["a", "c", "b"]
    assert names(graph.heads) == ["b"]
    assert ancestors_of(graph, graph.revisions[1]) == {"versions/a.py", "versions/c.py"}


def test_an_upgrade_runs_what_the_target_needs_and_the_start_has_not() -> None:
    a, b, c, d = script("a"), script("b", "a"), script("c", "a"), script("d", "b", "c")
    graph = history(a, b, c, d)
    assert names(path_between(graph, None, b)) == ["a", "b"]
    assert names(path_between(graph, b, d)) == ["c", "d"]
    assert path_between(graph, d, b) == ()


def paths(*revisions: Revision) -> list[list[str]]:
    return [[one.path for one in graph.revisions] for graph in histories(revisions)]


def test_two_folders_that_refer_to_each_other_are_one_history_and_others_are_their_own() -> None:
    found = paths(script("a", folder="x"), script("b", "a", folder="y"), script("c", folder="z"))
    assert found == [["x/a.py", "y/b.py"], ["z/c.py"]]


def test_an_id_that_two_folders_have_means_that_of_the_own_folder_or_else_the_nearest() -> None:
    one, other = script("a", folder="s/one"), script("a", folder="t/one")
    assert paths(one, other, script("b", "a", folder="t/one")) == [["s/one/a.py"], ["t/one/a.py", "t/one/b.py"]]
    assert paths(one, other, script("b", "a", folder="s/two")) == [["s/one/a.py", "s/two/b.py"], ["t/one/a.py"]]


def test_an_id_that_two_folders_have_equally_near_is_neither_followed_nor_missing() -> None:
    found = histories([script("a", folder="x"), script("a", folder="y"), script("b", "a", folder="z")])
    assert [len(graph.revisions) for graph in found] == [1, 1, 1]
    assert all(graph.missing == () for graph in found)


def test_heads_compete_unless_labels_keep_them_apart() -> None:
    fork = [script("a"), script("b", "a"), script("c", "a", more="branch_labels = 'side'"), script("d", "c")]
    assert competing_heads(history(*fork)) == ()
    (group,) = competing_heads(history(*fork, script("e", "a")))
    assert names(group) == ["b", "e"]


def test_what_no_revision_answers_to_is_missing_or_dangling() -> None:
    graph = history(script("a"), script("b", "a", "x"), script("c", "b", more="depends_on = 'y'"))
    assert [(one.id, reference.name) for one, reference in graph.missing] == [("b", "x")]
    assert [(one.id, reference.name) for one, reference in graph.dangling] == [("c", "y")]


def test_files_of_one_folder_that_share_an_id_are_duplicates() -> None:
    copy = revision("revision = 'a'\ndown_revision = None", "versions/a_copy.py")
    ((first, second),) = duplicates(history(script("a"), copy, script("b", "a")))
    assert (first.path, second.path) == ("versions/a.py", "versions/a_copy.py")
    apart = history(script("a", folder="s/x"), script("b", "a", folder="s/x"), script("c", "b", folder="s/y"))
    again = script("b", "a", folder="s/y")
    assert duplicates(history(*apart.revisions, again, script("d", "a", folder="s/y"))) == ()


def test_a_cycle_is_found_once_from_wherever_it_hangs() -> None:
    graph = history(
        script("a"), script("b", "d"), script("c", "b"), script("d", "c"), script("e", "d"), script("f", "f")
    )
    assert [names(cycle) for cycle in cycles(graph)] == [["b", "d", "c"], ["f"]]
    assert names(order(graph)) == ["a"]


LINKS = st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=1, max_size=12)


@given(LINKS)
def test_any_graph_is_either_in_order_or_has_a_cycle(links: list[list[int]]) -> None:
    revisions = [script(f"r{n:02}", *(f"r{to:02}" for to in parents)) for n, parents in enumerate(links)]
    graph = history(*revisions)
    ordered = order(graph)
    done: set[str] = set()
    for one in ordered:
        assert {parent.path for parent in graph.before(one)} <= done
        done.add(one.path)
    found = cycles(graph)
    assert (len(ordered) < len(revisions)) == bool(found)
    for cycle in found:
        for one, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert after in graph.before(one)


def test_a_history_of_thousands_needs_no_deep_stack() -> None:
    line = [script("r0000"), *(script(f"r{n:04}", f"r{n - 1:04}") for n in range(1, 3000))]
    graph = history(*line)
    assert len(path_between(graph, graph.revisions[0], graph.revisions[-1])) == 2999
    assert cycles(graph) == ()
