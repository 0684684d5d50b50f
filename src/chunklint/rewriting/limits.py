"""The option of a rule whose fix writes a timeout. Apart from the fix: every scan loads it with the rule."""

from __future__ import annotations

from chunklint.records import record


@record(slots=False)
class Limit:
    """What a fix writes as a timeout.

    Attributes:
        timeout: An expression, in seconds, as it is to stand in the code: "30", "settings.http_timeout".
        timeout_import: The import statement that the expression needs, "" for none.
        timeout_ms: The same for TypeScript and JavaScript, in milliseconds: "30_000", "HTTP_TIMEOUT".
        timeout_ms_import: The import statement that this one needs, "" for none.
    """

    timeout: str = "30"
    timeout_import: str = ""
    timeout_ms: str = "30_000"
    timeout_ms_import: str = ""
