"""What to say of overlaps, and of the places that belong to them."""

from __future__ import annotations

from collections.abc import Sequence

from chunklint.semantics.migrations.overlaps import Clash, Overlap
from chunklint.semantics.migrations.schema import Key, Kind

_MOST_NAMED = 3


def overlap_message(one: Overlap, other: str) -> tuple[str, str]:
    """The message on an overlap, and what to say of the other places; `other` is how the other revision is called."""
    what = _spelled(one.key)
    match one.clash:
        case Clash.TWICE:
            message = f"The {what} is created here, but {other} has created it and nothing drops it in between."
            return message, "Created here first."
        case Clash.GONE:
            gone = f"the {one.cause.kind} `{one.cause.name}`" if one.cause is not None else "it"
            message = f"This step is to {one.verb} the {what}, but {other} has taken away {gone}, so the upgrade fails."
            return message, "Taken away here."
        case Clash.KEPT:
            kept = f"The table keeps its first shape, without {_listed(one.columns)}."
            if one.key.kind is Kind.INDEX:
                kept = f"The index stays on {_listed(one.columns)}."
            return f"The {what} exists since {other}, so this step is silently skipped. {kept}", "Created here first."
        case Clash.LOOSENED:
            return f"The {what} takes NULL from here on, which it has not done since {other}.", "NOT NULL until then."
        case Clash.OVERWRITTEN:
            message = (
                f"This fills the {what} in every row and so overwrites what {other} filled in, which no revision has "
                "read in between."
            )
            return message, "Filled in here first."
        case Clash.REBUILT:
            return _rebuilt(one, what), "Made here as well."
        case Clash.DOUBLED:
            columns = ", ".join(f"`{name}`" for name in one.columns)
            message = f"This unique index on {columns} doubles the {what}, which holds the same columns unique."
            return message, "The other one is made here."
        case _:
            return f"The {what} is defined here with the text that it has from {other}.", "Defined here first."


def _rebuilt(one: Overlap, what: str) -> str:
    count = f"{len(one.others) + 1} revisions of this history"
    if one.cause is None:
        return f"The {what} is made by {count}, each instead of the one before."
    return (
        f"The {one.cause.kind} `{one.cause.name}` takes the place of `{one.key.name}`, which {count} make, each "
        "instead of the one before."
    )


def loss_message(together: Sequence[Overlap], other: str) -> str:
    """The message on what is lost at one place; `other` is how the revision that made it is called."""
    first = together[0]
    alone = len(together) == 1
    kinds = {str(one.key.kind) for one in together}
    kind = kinds.pop() if len(kinds) == 1 else "object"
    kind = kind if alone else {"index": "indexes"}.get(kind, f"{kind}s")
    what = f"{kind} {_listed([one.key.name for one in together])} of {other}"
    again = f"and nothing makes {'it' if alone else 'them'} again"
    if first.cause is None:
        return f"The {what} {'is' if alone else 'are'} dropped here to rebuild a table under it, {again}."
    message = f"Dropping the {first.cause.kind} `{first.cause.name}` also drops the {what}, {again}."
    if any(one.skipped is not None for one in together):
        message += " The step that should do so is skipped, because the name is still taken when it runs."
    return message


def _spelled(key: Key) -> str:
    return f"{key.kind} `{key.name}`" + (f" of `{key.owner}`" if key.owner else "")


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return listed if len(names) <= _MOST_NAMED else f"{listed} and {len(names) - _MOST_NAMED} more"
