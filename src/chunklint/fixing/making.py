"""A file that is to be mended, and what the rules make of its findings: candidates that have not been tried yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chunklint import discovery
from chunklint.cache import Cache, content_key
from chunklint.editing import Grid, Splice, applied
from chunklint.engine import FILE_SECONDS, rules_of
from chunklint.fixing.formatters import told
from chunklint.fixing.widths import told_width
from chunklint.languages import language_of
from chunklint.languages.base import SourceFile
from chunklint.loader import prepare
from chunklint.model import Finding, Fix, Fixer, Notification, Refusal, Rule, Severity
from chunklint.project import Examined
from chunklint.records import record
from chunklint.rewriting.ecmascript_text import tell
from chunklint.workers import Overrun, limited


@record
class Sheet:
    """A file's content as it was read, and its text as it is by now."""

    path: str
    before: bytes
    encoding: str
    text: str

    def with_text(self, text: str) -> Sheet:
        """The same file with another text."""
        return replace(self, text=text)

    @property
    def content(self) -> bytes:
        """The text in the file's own encoding."""
        return self.text.encode(self.encoding)


@record
class Candidate:
    """A fix that a rule has made for a finding, on the text as it is."""

    finding: Finding
    fix: Fix
    splices: tuple[Splice, ...]


def fixer_of(rule: Rule, path: str) -> Fixer | None:
    """How the rule's findings in a file are fixed; None where they are not."""
    language = language_of(path)
    return next((one for one in rule.fixers if language is not None and one.language == language.name), None)


def rules_with_options(examined: Examined) -> Mapping[str, Rule]:
    """The rules of a scan by code, with the options that the project gives them."""
    return {rule.code: rule for rule in rules_of(examined.job.rules)}


def opened(examined: Examined, path: str) -> Sheet | Refusal:
    """The file as it was judged, or why no fix can be made for it."""
    (judged,) = (one for one in examined.judged() if one.path == path)
    if any(note.severity is Severity.ERROR for note in judged.notifications):
        return Refusal("the file was not wholly judged")
    data = examined.job.contents.get(path) or discovery.read_bytes(examined.job.root, path, examined.job.max_bytes)
    if isinstance(data, Notification):
        return Refusal("the file cannot be read any more")
    if content_key(data) != judged.content:
        return Refusal("the file has changed since it was scanned")
    source = discovery.decode(data, path)
    if source.encoding.startswith(("utf-16", "utf-32")):
        return Refusal(f"git takes {source.encoding} for binary, and no diff could show the change")
    sheet = Sheet(path, data, source.encoding, source.text)
    return sheet if _gives_back(sheet) else Refusal(f"its {source.encoding} cannot be written back as it was")


def _gives_back(sheet: Sheet) -> bool:
    try:
        return sheet.content == sheet.before
    except UnicodeEncodeError:
        return False


@dataclass(slots=True)
class Offers:
    """What fixers offered in earlier scans, and what they offer in this one, which is kept all at once."""

    store: Cache
    fresh: list[tuple[str, bytes, tuple[Fix | Refusal, ...]]] = field(default_factory=list)

    def recall(self, question: str, key: bytes) -> tuple[Fix | Refusal, ...] | None:
        """What was offered when the same was asked of the same, or None."""
        known: tuple[Fix | Refusal, ...] | None = self.store.answer(question, key)
        return known

    def keep(self) -> None:
        """Let later scans know."""
        self.store.keep_answers(self.fresh)


def made(
    sheet: Sheet, findings: Sequence[Finding], rules: Mapping[str, Rule], root: Path, memory: Offers | None = None
) -> list[Candidate | tuple[Finding, Refusal]]:
    """What the rules offer for findings of the file as it is, in the order of the findings' places.

    What they offered for the same findings of the same text before is taken from memory, where there is one.
    """
    language = language_of(sheet.path)
    if language is None:
        return []
    ordered = sorted(findings, key=lambda finding: (finding.location.span, finding.code))
    width = told_width(root, sheet.path) if language.name == "python" else 0
    layout = told(root, sheet.path) if language.name == "ecmascript" else None
    asked = repr((ordered, width, layout)).encode("utf-8", "replace")
    question, key = f"fixes {sheet.path}", content_key(asked + sheet.content)
    offers = memory.recall(question, key) if memory is not None else None
    if offers is None:
        file = language.parse(sheet.path, sheet.text)
        if layout is not None:
            tell(file, layout)
        offers = tuple(_offered(file, finding, rules[finding.code], width) for finding in ordered)
        if memory is not None and not any(isinstance(offer, _Failure) for offer in offers):
            memory.fresh.append((question, key, offers))
    grid = Grid(sheet.text)
    return [_placed(sheet, grid, finding, offer) for finding, offer in zip(ordered, offers, strict=True)]


class _Failure(Refusal):
    """A refusal that another try may not give."""


def _offered(file: SourceFile, finding: Finding, rule: Rule, width: int) -> Fix | Refusal:
    fixer = fixer_of(rule, file.path)
    if fixer is None:
        return Refusal("the rule has none for this language")
    available = {"file": file, "finding": finding, "options": rule.options, "width": width}
    try:
        prepare(fixer.make)
        with limited(FILE_SECONDS):
            return fixer.make(**{name: available[name] for name in fixer.parameters})
    except Overrun:
        return _Failure(f"making it took more than {FILE_SECONDS:g} seconds")
    except Exception as error:  # noqa: BLE001 - a fixer may fail in any way; it costs this fix and nothing else
        return _Failure(f"making it failed ({type(error).__name__}: {error}); please report it")


def _placed(sheet: Sheet, grid: Grid, finding: Finding, offer: Fix | Refusal) -> Candidate | tuple[Finding, Refusal]:
    if isinstance(offer, Refusal):
        return finding, offer
    try:
        splices = grid.splices(offer.edits)
        applied(sheet.text, splices).encode(sheet.encoding)
    except UnicodeEncodeError:
        return finding, Refusal(f"it cannot be written in {sheet.encoding}")
    except ValueError as error:
        return finding, Refusal(f"making it failed ({type(error).__name__}: {error}); please report it")
    if not splices:
        return finding, Refusal("there is nothing to change")
    return Candidate(finding, offer, splices)
