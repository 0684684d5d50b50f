"""Findings that travel: from the file that they are of to the join that decides whether they are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chunklint.languages.base import SourceFile
from chunklint.model import Draft, Place


def travelling(draft: Draft, file: SourceFile) -> Draft:
    """The finding with its places as locations."""

    def located(places: Iterable[tuple[Place, str]]) -> tuple[tuple[Place, str], ...]:
        return tuple((file.location(place), text) for place, text in places)

    return replace(draft, place=file.location(draft.place), steps=located(draft.steps), related=located(draft.related))
