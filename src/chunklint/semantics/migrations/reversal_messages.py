"""What to say of a downgrade that fails, and of the place that explains it."""

from __future__ import annotations

from chunklint.semantics.migrations.replay import Failure, Problem
from chunklint.semantics.migrations.schema import Key
from chunklint.semantics.migrations.steps import Verb


def problem_message(problem: Problem) -> tuple[str, str]:
    """The message on a step that fails, and what to say of `problem.place`."""
    step, what = problem.step, _spelled(problem.key)
    match problem.failure:
        case Failure.BROKEN:
            return f"The downgrade always fails here: the call {step.reason}.", ""
        case Failure.MISSING if step.verb is Verb.READ:
            return f"The {what} does not exist when this statement of the downgrade needs it, so it fails.", ""
        case Failure.MISSING:
            return f"The {what} does not exist when the downgrade comes to this {step.verb}, so it fails.", ""
        case Failure.EXISTS:
            return f"The {what} still exists when the downgrade creates it here, so it fails.", ""
        case Failure.NEEDED:
            by = _spelled(problem.other)
            return f"The {what} is still needed by the {by} when the downgrade drops it here, so it fails.", ""
        case Failure.VALUE:
            enum, label = (problem.other.owner, problem.other.name) if problem.other is not None else ("", "")
            message = (
                f"The enum `{enum}` has no value `{label}` when this statement of the downgrade uses it for the "
                f"{what}, so it fails."
            )
            return message, ""
        case Failure.UNCERTAIN:
            message = (
                f"The upgrade makes the {what} on only one of its ways, so after any other this statement of the "
                "downgrade fails."
            )
            return message, "The only way that makes it."
        case Failure.LOST:
            message = (
                f"The downgrade of the later revision `{problem.revision}` does not bring the {what} back, so this "
                f"{step.verb} fails after it."
            )
            return message, "The downgrade that does not bring it back."
        case Failure.CAST:
            new = dict(step.traits).get("type", "").removeprefix("enum ")
            message = (
                f"PostgreSQL does not convert the {what} to `{new}` by itself, so the downgrade fails without "
                "`postgresql_using`."
            )
            return message, ""


def _spelled(key: Key | None) -> str:
    if key is None:
        return "object"
    return f"{key.kind} `{key.name}`" + (f" of `{key.owner}`" if key.owner else "")
