"""What a linter speaks of: rules, findings, places, notifications, tickets and the report. Plain data only.

Lines and columns are 1-based; columns count Unicode code points; an end column is exclusive. That is SARIF's
`columnKind: unicodeCodePoints`, so no reporter converts anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from chunklint.records import record

Check = TypeVar("Check", bound=Callable[..., Iterable[Any]])
FixMaker = TypeVar("FixMaker", bound="Callable[..., Fix | Refusal]")


class Severity(StrEnum):
    """How sure and how bad: a blocked merge, a thing to fix, a thing worth a look. The values are SARIF levels."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 1 for a warning, 2 for an error."""
        return _RANK[self]


_RANK = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@record(order=True)
class Span:
    """A region of a file."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int

    def touches(self, other: Span) -> bool:
        """Whether the two regions share a character or a border."""
        return (self.start_line, self.start_column) <= (other.end_line, other.end_column) and (
            other.start_line,
            other.start_column,
        ) <= (self.end_line, self.end_column)


@record(order=True)
class Location:
    """A region of a named file, with the qualified name of the definition around it ("" at module level)."""

    path: str
    span: Span
    symbol: str = ""


class Ranged(Protocol):
    """What a syntax node offers of its place: 0-based (row, byte column) pairs."""

    @property
    def start_point(self) -> tuple[int, int]: ...  # noqa: D102 - the protocol's docstring says it
    @property
    def end_point(self) -> tuple[int, int]: ...  # noqa: D102 - the protocol's docstring says it


Place = Ranged | Span | Location


@record
class Draft:
    """A finding as a rule yields it: places may still be syntax nodes. The engine makes a `Finding` of it."""

    code: str
    place: Place
    message: str
    severity: Severity
    steps: tuple[tuple[Place, str], ...]
    related: tuple[tuple[Place, str], ...]


@record
class Step:
    """One stop on the path that led to a finding, or a place that helps to understand it."""

    location: Location
    text: str


@record(order=True)
class Edit:
    """What is to stand in a region of a file instead of what stands there; an empty region inserts."""

    span: Span
    text: str


@record
class Fix:
    """Edits of a finding's own file that put an end to it.

    Attributes:
        title: What applying it does, an imperative clause without a final stop: "Pass `timeout=10`".
        edits: Disjoint, in order.
        safe: Whether nothing changes but what the finding is about.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


@record
class Hunk:
    """Neighbouring lines before and after a fix, unchanged ones around them included.

    `line` is the number of the first; the lines come without their ends.
    """

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@record
class Suggestion:
    """A fix that was tried on the file as it is, and did what it is for; `hunks` are what a reader sees of it."""

    fix: Fix
    hunks: tuple[Hunk, ...]


@record
class Refusal:
    """Why a finding of a rule that has a fix gets none: a clause that completes "No fix, for ..."."""

    reason: str


@record
class Finding:
    """One problem at one place.

    Attributes:
        message: What is wrong here, one or more full sentences with the user's own names.
        steps: The path through the code that the finding rests on, in order; empty when it rests on one place.
        related: Other places worth seeing, such as "declared here".
        excerpt: The source lines of the span, at most eight, without line ends.
        key: A fingerprint that survives moved lines and renamed files: code, symbol, normalised text, ordinal.
        line_hash: GitHub's `primaryLocationLineHash`, "" when the file could not be read again.
        suppressed: The reason given by the suppression comment ("" when it gave none); None when not suppressed.
        baselined: Whether the project's baseline has it: accepted for now.
        ticket: Who asks for the fix in this file; None where it is the ticket of the rule.
        suggestion: How to fix it, when a report was to show that and there is a fix; a scan leaves it None.
    """

    code: str
    location: Location
    message: str
    severity: Severity
    steps: tuple[Step, ...] = ()
    related: tuple[Step, ...] = ()
    excerpt: tuple[str, ...] = ()
    key: str = ""
    line_hash: str = ""
    suppressed: str | None = None
    baselined: bool = False
    ticket: Ticket | None = None
    suggestion: Suggestion | None = None

    @property
    def silenced(self) -> str:
        """Why it is not to be acted on, in words; "" when it is."""
        if self.suppressed is not None:
            return f"suppressed: {self.suppressed or 'no reason given'}"
        return "in the baseline" if self.baselined else ""


@record(order=True)
class Notification:
    """Something about the scan itself that the reader must know.

    An `error` means that a file was not (wholly) judged: exit code 2. A `warning` or a `note` is for information:
    a file that was skipped on purpose, or was only partly read.
    """

    path: str
    message: str
    severity: Severity
    line: int = 1
    code: str = ""


@record
class Suppression:
    """One ignore comment: which codes it silences on which lines (`last_line` 0: the whole file), and why."""

    codes: tuple[str, ...]
    first_line: int
    last_line: int
    reason: str
    comment: Span


@record
class Ticket:
    """A ticket as the user knows it: their id, and the page that shows it ("" without a URL template)."""

    id: str
    url: str = ""


@record
class Example:
    """A snippet of the rule's documentation, with the name of the file it would stand in."""

    source: str
    path: str


@record
class Subscription:
    """One check of a rule: the language it reads, its query ("" to be called once per file) and its kind.

    `kind` is "finding" for checks that yield drafts, "fact" for those that yield facts for `across`. `shared` is the
    name under which several rules share the facts, "" for those of the rule alone.
    """

    language: str
    query: str
    check: Callable[..., Iterable[Any]]
    parameters: tuple[str, ...]
    kind: str
    shared: str = ""


@record
class Fixer:
    """How a rule's findings in files of one language are fixed.

    Attributes:
        does: What the fix does, for the rule's page: a clause in the third person, without a final stop.
        safety: Whether it is safe and why, for the rule's page, a clause likewise: "safe: ...", "unsafe, for ...".
        make: Called with `file` (the parsed file), `finding` and, if it asks for them, `options` and `width`: how long
            the project's settings let the lines of the file get, 0 where they say nothing.
    """

    language: str
    does: str
    safety: str
    make: Callable[..., Fix | Refusal]
    parameters: tuple[str, ...]


@record(slots=False)
class Rule:
    """A rule's specification; documentation, `chunklint rule`, the SARIF entry and the tests are rendered from it.

    Attributes:
        code: "CL" and a number whose hundreds are the ticket.
        name: kebab-case, reads well after "allow".
        ticket: The seed ticket that asks for the fix.
        when: What the rule sees. A clause that starts in lower case and has no final stop; so are the next two.
        effect: What goes wrong because of it.
        instead: What to write instead.
        bad: Source with exactly one finding of this rule. A line `# file: PATH` begins another file of the example.
        good: Source with no finding of any rule.
        example: The file name under which `bad` and `good` are read; a migration's must look like one.
        mentions: Words of which a file must contain at least one for any finding to be possible; () for no guard.
        severity: The severity of a finding that does not set its own; also the SARIF default.
        precision: SARIF's precision, from the measured share of right findings.
        security: SARIF's security-severity, a number as text; "" for rules that are not about security.
        silent_on: Look-alikes that the rule deliberately leaves alone, for its documentation page.
        limits: What it knowingly misses, for its documentation page.
        options: A frozen dataclass instance with the defaults of the rule's own options, or None.
        enabled: Whether it runs unless selected by code.
    """

    code: str
    name: str
    ticket: str
    when: str
    effect: str
    instead: str
    bad: str
    good: str
    example: str
    mentions: tuple[str, ...]
    severity: Severity = Severity.WARNING
    precision: str = "high"
    security: str = ""
    silent_on: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    options: Any = None
    enabled: bool = True
    subscriptions: list[Subscription] = field(default_factory=list, repr=False, compare=False)
    joins: list[Callable[..., Iterable[Draft]]] = field(default_factory=list, repr=False, compare=False)
    fixers: list[Fixer] = field(default_factory=list, repr=False, compare=False)

    def on(self, language: str, *queries: str) -> Callable[[Check], Check]:
        """Call the check for every match of a tree-sitter query; its parameters are the captures' names and `file`.

        A parameter named `options` receives the rule's options. A capture that may match several nodes arrives as
        its first node; one that did not match arrives as None.
        """
        return self._subscribe(language, queries, "finding")

    def each(self, language: str) -> Callable[[Check], Check]:
        """Call the check once for every file of the language that passes the text guard."""
        return self._subscribe(language, ("",), "finding")

    def fact(self, language: str, *queries: str) -> Callable[[Check], Check]:
        """Like `on` (or `each`, without a query), but what the check yields are facts: small, picklable plain data."""
        return self._subscribe(language, queries or ("",), "fact")

    def shares(self, language: str, name: str) -> Callable[[Check], Check]:
        """Like `fact` without a query, for facts that several rules need: all that share the name get the same.

        They are made once for each file, by the first of those rules that speaks of it, and kept once; each rule's
        `across` checks find them among its own.
        """
        return self._subscribe(language, ("",), "fact", name)

    @property
    def shared(self) -> frozenset[str]:
        """The names of the facts that it shares with other rules."""
        return frozenset(one.shared for one in self.subscriptions if one.shared)

    def across(self, check: Check) -> Check:
        """Call the check once after all files with `facts`: a mapping from path to that file's tuple of facts.

        Only files with facts are in it, in the order of their paths. Places must be `Location`s. What else it may ask
        for, by the name of a parameter: `options`, the rule's; `whole`, whether the scan was of folders (when it was of
        single files, what no fact tells of may stand in a file that was not given); and, read from above the files with
        facts, `pins`, the versions that manifests ask for, `pytest_settings`, what the project tells pytest, and
        `resolution`, what tsconfig, jsconfig and package.json call modules and whether a README calls it a template.
        """
        self.joins.append(check)
        return check

    def fix(self, language: str, *, does: str, safety: str) -> Callable[[FixMaker], FixMaker]:
        """Call the function with `file` and a `finding` in it (`options` and `width`, if it asks) when a fix is wanted.

        It gives a `Fix`, or a `Refusal` that says why there is none here; it is never called by a plain scan.
        """

        def register(make: FixMaker) -> FixMaker:
            code = make.__code__
            self.fixers.append(Fixer(language, does, safety, make, code.co_varnames[: code.co_argcount]))
            return make

        return register

    def _subscribe(
        self, language: str, queries: tuple[str, ...], kind: str, shared: str = ""
    ) -> Callable[[Check], Check]:
        def register(check: Check) -> Check:
            code = check.__code__
            parameters = code.co_varnames[: code.co_argcount]
            for query in queries:
                self.subscriptions.append(Subscription(language, query, check, parameters, kind, shared))
            return check

        return register

    def at(
        self,
        place: Place,
        message: str,
        *,
        severity: Severity | None = None,
        steps: Iterable[tuple[Place, str]] = (),
        related: Iterable[tuple[Place, str]] = (),
    ) -> Draft:
        """A finding of this rule at a node, span or location."""
        return Draft(self.code, place, message, severity or self.severity, tuple(steps), tuple(related))


@record
class Report:
    """What a scan found, in the order path, line, column, code.

    Attributes:
        findings: What the reader should act on: neither suppressed nor in the baseline.
        suppressed: Findings that a comment silences, with its reason in `suppressed`, and those of the baseline.
        rules: Every selected rule, by code.
        tickets: Ticket of each selected rule, by code.
        files: How many files were read.
        root: The folder that the paths are relative to, absolute; the git top level where there is one.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    notifications: tuple[Notification, ...]
    rules: tuple[Rule, ...]
    tickets: Mapping[str, Ticket]
    files: int
    root: str

    def by_code(self) -> Iterator[tuple[Rule, tuple[Finding, ...]]]:
        """The rules that found something, by code, with their findings."""
        for rule in self.rules:
            found = tuple(finding for finding in self.findings if finding.code == rule.code)
            if found:
                yield rule, found
