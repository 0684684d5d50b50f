"""The statements that procedural SQL builds and runs: `EXECUTE format('DROP TABLE %I', name)` in a DO block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.statements import Statement, statements
from chunklint.semantics.sql.tokens import Word, may_be_sql, plain, split, split_body, words

_PLACE = re.compile(r"[\w.]*%(?:\d+\$)?[IsL][\w.]*")
_PLACES = re.compile(r"%(?:\d+\$)?[IsL]")
_QUOTING = frozenset({"QUOTE_IDENT", "QUOTE_LITERAL", "FORMAT", "::", "TEXT", "REGCLASS"})


def executed(shape: Shape | str, bound: Mapping[str, str]) -> Iterator[Statement]:
    """What the EXECUTE statements of a DO block run; names that it computes show as `{expression}`.

    `bound` says what the parameters of the text hold: a literal's text, or `{expression}`.
    """
    text, holes = plain(shape)
    if "EXECUTE" not in text.upper() or not may_be_sql(text):
        return
    for part in split(words(text, holes)):
        if part[0].key != "DO":
            continue
        for word in part:
            if word.literal is not None and "EXECUTE" in word.literal.upper():
                yield from _run_by_body(list(split_body(words(word.literal, holes, word.line))), bound)


def _run_by_body(parts: list[list[Word]], bound: Mapping[str, str]) -> Iterator[Statement]:
    parts = [_reread(part) for part in parts]
    declared = dict(_declarations(parts, bound))
    for part in parts:
        at = next((at for at, word in enumerate(part) if word.key == "EXECUTE"), None)
        if at is None:
            continue
        for found in statements(_built(part[at + 1 :], declared)):
            yield replace(found, line=part[at].line, body=True)


def _reread(part: list[Word]) -> list[Word]:
    """The words of a statement whose rest the tokenizer left as one literal, since it only passes it on."""
    *verb, last = part
    if last.literal is None or len(verb) > 1 or (verb and verb[0].key != "EXECUTE"):
        return part
    return [*verb, *(words(last.literal, (), last.line) or [last])]


def _declarations(parts: list[list[Word]], bound: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the block's variables are set to: `name TEXT := :parameter`, `name TEXT := 'orders'`."""
    for part in parts:
        at = next((at for at, word in enumerate(part) if word.key in (":=", "=")), None)
        if at is None or at + 1 >= len(part):
            continue
        value = part[-1]
        if value.literal is not None:
            yield part[0].name, value.literal
        elif value.name in bound:
            yield part[0].name, bound[value.name]


def _built(expression: list[Word], declared: Mapping[str, str]) -> str:
    """The text that an expression builds, what is not known of it as a quoted `{expression}`."""
    if expression and expression[0].key == "FORMAT" and len(expression) > 2:
        template = expression[2].literal
        return _formatted(template, _arguments(expression[3:]), declared) if template is not None else ""
    if all(word.literal is None for word in expression):
        return " ".join(word.name for word in expression)
    return "".join(_pieces(expression, declared))


def _formatted(template: str, given: list[list[Word]], declared: Mapping[str, str]) -> str:
    waiting = iter(given)

    def fill(place: re.Match[str]) -> str:
        name = _PLACES.sub(lambda _: _value(next(waiting, []), declared), place[0])
        return f'"{name}"' if "{" in name else name

    return _PLACE.sub(fill, template)


def _known(name: str, declared: Mapping[str, str]) -> str:
    return declared.get(name, f"{{{name}}}")


def _value(argument: list[Word], declared: Mapping[str, str]) -> str:
    if len(argument) == 1 and argument[0].literal is not None:
        return argument[0].literal
    return _known("".join(word.literal if word.literal is not None else word.name for word in argument), declared)


def _arguments(rest: list[Word]) -> list[list[Word]]:
    """The arguments after the template of `format(`."""
    given: list[list[Word]] = []
    for word in rest:
        if word.key == "," and word.depth <= rest[0].depth:
            given.append([])
        elif given and (word.depth >= rest[0].depth) and word.key != ")":
            given[-1].append(word)
    return given


def _pieces(expression: list[Word], declared: Mapping[str, str]) -> Iterator[str]:
    """`'DROP TABLE ' || quote_ident(r.name) || ' CASCADE'`: its literals, and each name between them."""
    names: list[str] = []
    for word in expression:
        if word.literal is not None:
            yield from _joined(names, declared)
            names = []
            yield word.literal
        elif word.key in ("USING", "INTO"):
            break
        elif word.is_name and word.key not in _QUOTING:
            names.append(word.name)
    yield from _joined(names, declared)


def _joined(names: list[str], declared: Mapping[str, str]) -> Iterator[str]:
    if names:
        name = _known(".".join(names), declared)
        yield f'"{name}"' if "{" in name else name
