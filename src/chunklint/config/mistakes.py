"""Mistakes in settings, collected so that the user sees all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


class ConfigError(Exception):
    """Settings that cannot be used. `mistakes` has one sentence for each, the text of the error one line for each."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        super().__init__("\n".join(self.mistakes))


@dataclass(slots=True)
class Mistakes:
    """The mistakes found so far."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """Note what is wrong at a place such as "pyproject.toml: tool.chunklint.select"."""
        self.found.append(f"{where}: {what}")

    def stop_if_any(self) -> None:
        """Raise ConfigError when something was noted."""
        if self.found:
            raise ConfigError(self.found)
