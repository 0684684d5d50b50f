"""SQL text as words, by sqlglot's tokenizer: it knows the quotes, dollar quotes and comments of each dialect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from chunklint.records import record
from chunklint.semantics.python.strings import Hole, Shape

if TYPE_CHECKING:
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.tokenizer_core import Token

# Longer texts are data, not code that somebody reviewed; the bound keeps a scan linear in files.
MAX_TEXT = 400_000

_VERBS = re.compile(
    r"\b(?:create|drop|alter|insert|update|delete|truncate|select|rename|comment|set|do|call|with|merge|replace)\b",
    re.IGNORECASE,
)
_HOLE = re.compile(r"hole_(\d+)_")
_QUOTED, _STRINGS = frozenset({"IDENTIFIER"}), frozenset({"STRING", "NATIONAL_STRING", "BYTE_STRING", "RAW_STRING"})
_DOLLAR = re.compile(r"\$(\w*)\$(.*)\$\1\$", re.DOTALL)


@record
class Word:
    """One token.

    Attributes:
        key: The text in upper case when it may be a keyword, "" for quoted names and literals.
        name: What it names: lower case unless quoted; holes as `{expression}`.
        literal: The text between the quotes of a string literal or dollar quote, None for all else.
        line: 0-based line within the whole text.
        depth: How many brackets are open around it.
    """

    key: str
    name: str
    literal: str | None
    line: int
    depth: int

    @property
    def is_name(self) -> bool:
        """Whether it can be (a part of) a name: quoted, or made of letters."""
        if self.literal is not None or not self.name:
            return False
        return not self.key or self.name[0].isalpha() or self.name[0] in "_{"


def plain(shape: Shape | str) -> tuple[str, tuple[str, ...]]:
    """The text with a placeholder name for each hole, and the source of each hole's expression."""
    if isinstance(shape, str):
        return shape, ()
    holes: list[str] = []
    parts: list[str] = []
    for part in shape.parts:
        if isinstance(part, Hole):
            parts.append(f"hole_{len(holes)}_")
            holes.append(_source(part))
        else:
            parts.append(part)
    return "".join(parts), tuple(holes)


def _source(hole: Hole) -> str:
    source = hole.node.text
    return " ".join(source.decode("utf-8", "replace").split()) if source is not None else ""


def may_be_sql(text: str) -> bool:
    """The cheap test that keeps sqlglot unimported: a verb of SQL occurs, and the text is not too long to be code."""
    return len(text) <= MAX_TEXT and _VERBS.search(text) is not None


def words(text: str, holes: tuple[str, ...] = (), first_line: int = 0) -> list[Word]:
    """The tokens of a text that passed `may_be_sql`; [] when no dialect can tell where its tokens end."""
    tokens = _tokens("postgres", text)
    if tokens is None or any(token.text == "`" for token in tokens):
        # A backtick that is not in a comment or a string quotes a name of MySQL.
        tokens = _tokens("mysql", text) or tokens
    return list(_words(tokens or (), text, holes, first_line))


@cache
def _dialect(name: str) -> Dialect:
    from sqlglot.dialects.dialect import Dialect

    return Dialect.get_or_raise(name)


def _tokens(dialect: str, text: str) -> list[Token] | None:
    from sqlglot.errors import SqlglotError

    try:
        return list(_dialect(dialect).tokenize(text))
    except (SqlglotError, ValueError, IndexError):
        return None


def _words(tokens: Iterable[Token], text: str, holes: tuple[str, ...], first_line: int) -> Iterator[Word]:
    depth, line, counted = 0, first_line, 0
    for token in tokens:
        # sqlglot's own line numbers are off after some comments, so lines are counted here.
        start = _start(token, text, counted)
        line += text.count("\n", counted, start)
        counted = start
        if token.text == ")":
            depth = max(0, depth - 1)
        yield _word(token, text, holes, line, depth)
        if token.text == "(":
            depth += 1


def _start(token: Token, text: str, after: int) -> int:
    """Where a token begins. Of what follows a DO that ends the text, sqlglot tells where it ends."""
    found = text.find(token.text, after) if "\n" in token.text else -1
    return found if found >= 0 else token.start


def _word(token: Token, text: str, holes: tuple[str, ...], line: int, depth: int) -> Word:
    kind = token.token_type.name
    if kind == "HEREDOC_STRING" or kind in _STRINGS:
        return Word("", "", _between_dollars(token.text), line, depth)

    def source(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"{{{holes[number]}}}" if number < len(holes) else match[0]

    quoted = kind in _QUOTED
    name = token.text if quoted else token.text.lower()
    return Word("" if quoted else token.text.upper(), _HOLE.sub(source, name), None, line, depth)


def _between_dollars(text: str) -> str:
    """sqlglot hands over what follows DO whole, with its dollar quotes; other dollar quotes come without."""
    match = _DOLLAR.search(text)
    return match[2] if match is not None and text.lstrip().startswith(("$", "LANGUAGE", "language")) else text


def split(found: list[Word]) -> Iterator[list[Word]]:
    """The words of each statement, without the semicolons between them."""
    ends = [-1, *(at for at, word in enumerate(found) if word.key == ";"), len(found)]
    for before, end in pairwise(ends):
        if end - before > 1:
            yield found[before + 1 : end]


_BLOCK_WORDS = frozenset({"BEGIN", "THEN", "ELSE", "LOOP", "DECLARE"})


def split_body(found: list[Word]) -> Iterator[list[Word]]:
    """The words of each statement of a procedural body: block words begin a statement as semicolons do."""
    current: list[Word] = []
    for word in found:
        if word.key == ";" or word.key in _BLOCK_WORDS:
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current
