"""The nodes below and around a node are the same whichever way they are found, and however often one asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from chunklint.languages import language_of
from chunklint.languages.base import SourceFile, ancestors, descendants

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILES = sorted(path for path in FIXTURES.rglob("*.*") if path.suffix in {".py", ".tsx"})[::12]


def parsed(path: Path) -> SourceFile:
    language = language_of(path.name)
    assert language is not None
    return language.parse(path.name, path.read_text(encoding="utf-8"))


def walked(node: Node, types: tuple[str, ...], stop: frozenset[str] = frozenset()) -> Iterator[Node]:
    for child in node.children:
        if child.type in types:
            yield child
        if child.type not in stop:
            yield from walked(child, types, stop)


def every(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from every(child)


KINDS = (
    (("call", "call_expression"), frozenset[str]()),
    (("identifier", "block", "statement_block", "expression_statement"), frozenset[str]()),
    (("return_statement", "await"), frozenset({"function_definition", "arrow_function", "lambda"})),
    (("(", "string", "comment"), frozenset({"class_definition"})),
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_nodes_below_are_those_of_a_walk_also_when_they_were_listed(path: Path) -> None:
    file = parsed(path)
    # Each part is asked for several times, so that some answers come from queries and some from lists.
    for node in [*every(file.root)] * 2:
        for types, stop in KINDS:
            assert [one.id for one in descendants(node, *types, stop=stop)] == [
                one.id for one in walked(node, types, stop)
            ]


def test_the_nodes_around_are_the_parents_also_when_they_are_known() -> None:
    file = parsed(FILES[0])
    for _ in range(2):
        for node in every(file.root):
            above: list[Node] = []
            while (parent := (above[-1] if above else node).parent) is not None:
                above.append(parent)
            assert list(ancestors(node)) == above


def test_nodes_of_a_file_parsed_earlier_are_found_too() -> None:
    first, second = parsed(FILES[0]), parsed(FILES[-1])
    for file in (first, second, first):
        found = descendants(file.root, "identifier", "call")
        assert [one.id for one in found] == [one.id for one in walked(file.root, ("identifier", "call"))]


@pytest.mark.parametrize("text", ["<Skeleton.default height={1} />", "const on = (x: string) => x", "<p>{t('a')}</p>"])
def test_what_the_grammar_of_javascript_cannot_read_that_of_tsx_may(text: str) -> None:
    language = language_of("a.jsx")
    assert language is not None
    file = language.parse("a.jsx", f"const shown = 1; // why\n{text};\n")
    assert not file.broken
    assert next(file.text(one[1]["name"][0]) for one in language.matches(file, ("(identifier) @name",))) == "shown"
    assert [text for text, _ in file.comments()] == ["// why"]


@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
def test_the_type_of_a_module_may_be_an_argument_of_a_call(path: str) -> None:
    language = language_of(path)
    assert language is not None
    file = language.parse(path, """const all = await load<typeof import("./hens")>();\nconst one = import('./é');\n""")
    assert not file.broken
    names = [file.text(one[1]["name"][0]) for one in language.matches(file, ("(identifier) @name",))]
    assert names == ["all", "load", 'import("./hens")', "one"]
    assert [file.text(call) for call in descendants(file.root, "call_expression")][-1] == "import('./é')"


GAPS = {
    "typed template": (
        "a.tsx",
        "const Box = styled.div<{ $wide: boolean; at: () => void }>`a: ${x => `b`};`;",
        "Box",
    ),
    "typed template of a call": ("a.ts", "const rows = await sql(Hen)<\n  Row[]\n>`select 1`;", "rows"),
    "template that ends with a tag": ("a.ts", "const a = tag<Hen>`b`; const text = `<b>egg</b>`;", "text"),
    "type of a module": ("a.ts", "const all = await load<typeof import('./hens')>();", "all"),
    "type out of a module": ("a.ts", 'function lay(hens: import("./hens").Hens["all"]) {}', "lay"),
    "types alone": ("a.ts", 'export type * from "./hens";\nexport const hens = 1;', "hens"),
    "word as key": (
        "a.ts",
        "interface Shed {\n  to: string\n  in: string\n  abstract?: string\n}\nlet shed: Shed",
        "shed",
    ),
    "name that begins with a word": (
        "a.ts",
        "interface Shed {\n  name: string\n  in_use: boolean\n  in2: string\n}\nlet shed: Shed",
        "shed",
    ),
    "name of a declaration": ("a.tsx", "const using = 1;\nconst on = using && !using;", "using"),
    "ampersand in text": ("a.tsx", "const save = <b>Save & send</b>;", "save"),
    "ampersands in an attribute": ("a.jsx", 'const link = <a href="/hens?page=1&size=2&sort=age">é</a>;', "link"),
    "ampersand on a line of its own": ("a.tsx", "const two = (\n  <b>\n    {one}\n    & more\n  </b>\n);", "two"),
}


@pytest.mark.parametrize(("path", "text", "name"), GAPS.values(), ids=GAPS)
def test_what_the_grammars_do_not_know_of_the_languages_is_read(path: str, text: str, name: str) -> None:
    language = language_of(path)
    assert language is not None
    file = language.parse(path, f"const first = 'é';\n{text}\nconst last = 2;\n")
    assert not file.broken
    names = [file.text(one[1]["name"][0]) for one in language.matches(file, ("(identifier) @name",))]
    assert {"first", name, "last"} <= set(names)
    assert [file.text(node) for node in file.root.named_children][1:-1][-1].rstrip(";") in text


def test_a_gap_does_not_hide_an_error_elsewhere() -> None:
    language = language_of("a.tsx")
    assert language is not None
    file = language.parse("a.tsx", "const Box = styled.div<{ wide: boolean }>`a`;\nlet = = 2;\n<b>Save & send</b>;\n")
    assert [span.start_line for span in file.broken] == [2]
    types = language.parse("a.ts", "type Both = One & ;\nlet last: One & Two = 1;\n")
    assert [span.start_line for span in types.broken] == [1]


def test_what_no_grammar_can_read_is_told_as_that_of_the_file_says() -> None:
    language = language_of("a.js")
    assert language is not None
    file = language.parse("a.js", "const a = 1;\nlet = = 2;\n")
    assert [span.start_line for span in file.broken] == [2]
