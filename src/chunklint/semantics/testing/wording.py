"""What people write beside tests: that not raising is the point, why a test is skipped, that a check is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile

# A test that says one of these passes by coming to its end. Underscores and camel case are spaces by then.
_ENDURES = re.compile(
    r"\b(?:(?:should|does|do|did|must|will|would|can|is|are|may|wo|ca)(?:n't|nt|n\u2019t|not| not| never) (?:\w+ )?"
    r"(?:raised?|crash|fail|throw|error|explode|hang|block|deadlock|break|panic|blow)"
    r"|(?:no|not|never|without|doesn't|don't|won't|doesnt|wont|shouldnt) (?:\w+ )?"
    r"(?:rais|except|error|crash|fail|throw|hang|warn|deadlock|break|panic)\w*"
    r"|(?:never|not|nothing) (?:raised?|crash|fail|throw|hang)\w*"
    r"|graceful\w*|smoke|no ?op|noop|idempoten\w*|(?:does|do|did) nothing|nothing happens|tolera\w+|surviv\w+|ignor\w+"
    r"|silently|safely|robust\w*|best effort|swallow\w*|suppress\w*|just (?:verify|check|make sure|ensure|test)\w*|"
    r"(?:is|be|are) (?:safe|harmless|fine|ok|okay)|no problem|(?:runs?|works?|completes?|executes?|finish\w*|imports?) "
    r"(?:ok|fine|cleanly|successfully|without)|type ?check\w*(?! (?:issue|error|problem))|compiles?)\b",
    re.IGNORECASE,
)
# Weaker: the call itself would refuse what the test says is fine.
_ACCEPTS = re.compile(
    r"\b(?:valid\w*|accept\w*|allow\w*|permit\w*|pass(?:es)?|ok|okay|success\w*|succeed\w*|support\w*|can|works?|"
    r"handl\w+|empty|missing|already|nonexist\w*|non exist\w*|not found|unknown|none|null|noop|without|no|imports?|"
    r"render\w*|mounts?|loads?|starts?|boots?|builds?|creates? instance|constructor|init\w*|instantiat\w*|"
    r"clos\w+|shutdown|teardown|clean ?up|twice|migrat\w+|upgrade|downgrade|benchmark\w*|perf\w*|load|stress|"
    r"concurren\w+|optional|default\w*|lint|schema)\b",
    re.IGNORECASE,
)
# What somebody would see.
_CLAIMS = re.compile(
    r"^(?:it )?should (?:\w+ly )?(?:show|display|hide|highlight|disable|enable|update|call|navigate|redirect|mark)\b",
    re.IGNORECASE,
)
# A test's own comment that it does not check yet.
_ADMITS = re.compile(
    r"\b(?:todo|fixme)\b|\b(?:assert|verif)\w*\b|\bcheck\w* (?:that|if|whether|the)\b|\bwould\b|"
    r"\b(?:if|not|when|once) (?:yet )?(?:implemented|necessary)\b|"
    r"implementation[ -]specific|\bplaceholder\b|\bactual(?:ly)? (?:test|implementation)",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(
    r"^(?:noqa|type:|pylint|pragma|pyright|mypy|ruff|isort|fmt|flake8|nosec|eslint|ts-|@ts|prettier|biome|expect\b|"
    r"expect-next|chunklint|istanbul|v8 |c8 |language=|region|endregion|#)",
    re.IGNORECASE,
)
# A text of these words alone gives no reason.
_FILLER = frozenset(
    [
        "todo",
        "fixme",
        "xxx",
        "skip",
        "skipped",
        "skipping",
        "this",
        "it",
        "test",
        "tests",
        "the",
        "a",
        "is",
        "are",
        "for",
        "now",
        "fix",
        "me",
        "later",
        "broken",
        "wip",
        "tbd",
        "tmp",
        "temp",
        "temporary",
        "temporarily",
        "disable",
        "disabled",
        "not",
        "working",
        "doesn",
        "doesnt",
        "work",
        "works",
        "failing",
        "fails",
        "fail",
        "ignore",
        "ignored",
        "na",
        "none",
        "reason",
        "see",
        "above",
        "flaky",
        "flakey",
        "please",
        "be",
        "to",
        "should",
        "need",
        "needs",
        "currently",
        "still",
    ]
)
# Words that say why all by themselves.
_TELLING = frozenset(
    {"manual", "manually", "interactive", "slow", "expensive", "benchmark", "deprecated", "obsolete", "unsupported"}
)
# A report of the defect, by its number.
_REPORTED = re.compile(
    r"(?:^|\s)(?:#\d+|[A-Z]{2,}-\d+|(?i:bug|issue|ticket|gh|lp|rhbz|bz|pr)[ :#-]*\d{2,})\b|\b(?:issues|pull)/\d+\b"
)
_SKIPS = re.compile(r"\b(?:skip|disabl|switched off)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def spaced(name: str) -> str:
    """A name as words: `test_doesNot_raise` gives "test does Not raise"."""
    return _CAMEL.sub(" ", name.replace("_", " ").replace("-", " "))


def endures(text: str) -> bool:
    """Whether the text says that the test is about nothing being raised."""
    return _ENDURES.search(spaced(text)) is not None


def accepts(text: str) -> bool:
    """Whether the text says that something is valid or possible, so that an exception would fail the test."""
    return _ACCEPTS.search(spaced(text)) is not None


def admits(text: str) -> bool:
    """Whether the comments in a test that checks nothing own that a check is missing."""
    return _ADMITS.search(text) is not None


def owns_placeholder(text: str) -> bool:
    """Whether a comment says that what is tested, or the test, stands in for what is not there yet."""
    return re.search(r"\b(?:is|be|are|as|just|only|'s) (?:just |only |still )?(?:a )?placeholders?\b", text) is not None


def claims(title: str) -> bool:
    """Whether a title says what is to be seen, which coming to the end of the test does not show."""
    return _CLAIMS.search(spaced(title)) is not None


def is_reason(text: str) -> bool:
    """Whether a text gives a reason: two words or a telling one, and neither a directive nor a placeholder."""
    bare = text.strip().lstrip("#/*").strip().removesuffix("*/").strip()
    if bare.startswith("chunklint:"):
        return False  # it silences what is found here, so something must be
    if "://" in bare or _REPORTED.search(bare):
        return True
    if not bare or _DIRECTIVE.match(bare):
        return False
    words = [word.lower() for word in _WORD.findall(bare) if len(word) > 1]
    return (len(words) > 1 and not _FILLER.issuperset(words)) or not _TELLING.isdisjoint(words)


def comments_by_line(file: SourceFile) -> Mapping[int, str]:
    """The comments of a file by each of the 1-based lines that they stand on."""

    def collect() -> dict[int, str]:
        return {line: text for text, span in file.comments() for line in range(span.start_line, span.end_line + 1)}

    return file.remember("comments by line", collect)


def remarks(file: SourceFile, first: int, last: int) -> str:
    """All comments of the 1-based lines from `first` to `last`, joined; those for tools left out."""
    lines = comments_by_line(file)
    found = dict.fromkeys(lines[line] for line in range(first, last + 1) if line in lines)
    return " ".join(one for one in found if not is_directive(one))


def is_directive(comment: str) -> bool:
    """Whether a comment speaks to a tool."""
    return _DIRECTIVE.match(comment.lstrip("#/* ")) is not None


def remarks_in(file: SourceFile, definition: Node) -> str:
    """All comments in a definition, joined; those after its last statement, which the parser puts outside, too."""
    lines = comments_by_line(file)
    last = definition.end_point[0] + 1
    margin = definition.start_point[1]
    while last + 1 in lines and _indentation(file.lines[last]) > margin:
        last += 1
    return remarks(file, definition.start_point[0] + 1, last)


def _indentation(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def is_explained(file: SourceFile, first: int, last: int) -> bool:
    """Whether a comment on the lines, or one that stands right above them, gives a reason."""
    lines = comments_by_line(file)
    if any(is_reason(lines[line]) for line in range(first, last + 1) if line in lines):
        return True
    if any(is_reason(text) for text in _above(file, first, lines)):
        return True
    # What stands further above speaks of what follows only if it says so.
    apart = _above(file, first - 1, lines) if not file.lines[max(first - 2, 0)].strip() else []
    return any(_SKIPS.search(text) is not None and is_reason(text) for text in apart)


def _above(file: SourceFile, line: int, lines: Mapping[int, str]) -> list[str]:
    """The comments in an unbroken block of lines that hold nothing else, right above a line."""
    found = []
    line -= 1
    while line in lines and file.lines[line - 1].lstrip()[:1] in (b"#", b"/", b"*"):
        found.append(lines[line])
        line -= 1
    return found
