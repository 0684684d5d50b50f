"""Components of packages that catch the errors of what they are given."""

from __future__ import annotations

import re

# By their names; those of `react-error-boundary` and of nearly all services are called so. What only lets a boundary
# start the queries anew, such as `QueryErrorResetBoundary`, catches nothing.
_NAMED = re.compile(r"(?:(?:rror\w*(?<!Reset)|Catch)Boundary|ErrorBoundaryAlert|^ErrorCatcher)$")
# Providers and layouts that are called otherwise, and that put a boundary around their children.
_BRINGING = (
    (re.compile(r"@edx/frontend-platform(?:/react)?$"), frozenset({"AppProvider"})),
    (re.compile(r"@openedx/frontend-base$"), frozenset({"AppProvider", "SiteProvider"})),
    (re.compile(r"react-admin$"), frozenset({"Admin", "AdminUI", "CoreAdmin", "CoreAdminUI", "Layout"})),
    (re.compile(r"ra-core$"), frozenset({"CoreAdmin", "CoreAdminUI"})),
    (re.compile(r"ra-ui-materialui$"), frozenset({"AdminUI", "Layout"})),
    (re.compile(r"@ant-design/pro-(?:components|layout)$"), frozenset({"ProLayout", "BasicLayout"})),
    (re.compile(r"@scalprum/react-core$"), frozenset({"ScalprumComponent"})),
    (re.compile(r"@medplum/react$"), frozenset({"AppShell"})),
)


def package_catches(module: str, name: str) -> bool:
    """Whether a component of a package, by its name there or `A.B` for a member, is or brings an error boundary."""
    if is_named_boundary(name.rpartition(".")[2]):
        return True
    return any(name in names and package.match(module) for package, names in _BRINGING)


def is_named_boundary(name: str) -> bool:
    """Whether a component is called as error boundaries are."""
    return _NAMED.search(name) is not None
