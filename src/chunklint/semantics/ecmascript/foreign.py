"""Which imports come from packages of a registry, so that they mean no file of the repository, however it is called."""

from __future__ import annotations

import posixpath

from chunklint.semantics.ecmascript.resolution import Resolution


class Foreign:
    """What the manifests around each file need: `Layout` of a package is not the application's own one."""

    def __init__(self, resolution: Resolution) -> None:
        self._packages = resolution.packages
        self._own = {one.name for one in resolution.packages}
        self._needed: dict[str, frozenset[str]] = {}

    def is_foreign(self, user: str, module: str) -> bool:
        """Whether a specifier names a package that the user's own, or one around it, takes from a registry."""
        if not module or module.startswith("."):
            return False
        parts = module.split("/")
        name = "/".join(parts[: 2 if module.startswith("@") else 1])
        return name not in self._own and name in self._needs(posixpath.dirname(user))

    def _needs(self, folder: str) -> frozenset[str]:
        if folder not in self._needed:
            around = (one for one in self._packages if not one.folder or f"{folder}/".startswith(f"{one.folder}/"))
            self._needed[folder] = frozenset(name for one in around for name in one.needs)
        return self._needed[folder]
