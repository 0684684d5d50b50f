"""The graph of an Alembic history, built of the revisions of a scan: order, branches, and what does not hang together.

Nothing here walks by recursion, and all of it takes a time that grows with the number of revisions and references.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import takewhile

from chunklint.records import record
from chunklint.semantics.migrations.revisions import Reference, Revision

# An id that more folders share than this comes from a template; which of them is meant cannot be told.
_MOST_FOLDERS = 16

_Index = Mapping[str, Mapping[str, Revision]]


@record(slots=False)
class History:
    """The revisions of one history, by path, and how they follow each other.

    Revisions are of one history when they share a folder, or when one names another across folders. All mappings are
    by the path of a revision.

    Attributes:
        parents: The revisions that `down_revision` names.
        needs: The revisions that `depends_on` names.
        missing: The references of `down_revision` that no revision of the scan answers to.
        dangling: The references of `depends_on` that no revision of the scan answers to.
    """

    revisions: tuple[Revision, ...]
    parents: Mapping[str, tuple[Revision, ...]]
    needs: Mapping[str, tuple[Revision, ...]]
    missing: tuple[tuple[Revision, Reference], ...]
    dangling: tuple[tuple[Revision, Reference], ...]

    def before(self, revision: Revision) -> tuple[Revision, ...]:
        """What must have run right before a revision: its parents, then its dependencies."""
        return (*self.parents[revision.path], *self.needs[revision.path])

    @property
    def bases(self) -> tuple[Revision, ...]:
        """The revisions that follow no other, by path."""
        return tuple(one for one in self.revisions if one.certain and not one.parents)

    @property
    def is_readable(self) -> bool:
        """Whether every id and every reference is spelled out."""
        return all(one.id and one.certain for one in self.revisions)

    @cached_property
    def heads(self) -> tuple[Revision, ...]:
        """The revisions that no other follows or depends on, one for an id, by path."""
        referenced = {reference.name for one in self.revisions for reference in (*one.parents, *one.depends_on)}
        referenced |= {target.id for one in self.revisions for target in self.before(one)}
        by_id: dict[str, Revision] = {}
        for one in self.revisions:
            if one.id not in referenced:
                by_id.setdefault(one.id, one)
        return tuple(by_id.values())


def histories(revisions: Iterable[Revision]) -> tuple[History, ...]:
    """The histories that the revisions of a scan form, by the path of their first revision."""
    listed = sorted(revisions, key=lambda one: one.path)
    index = _names(listed)
    leader = _joined_folders(listed, index)
    grouped: dict[str, list[Revision]] = {}
    for one in listed:
        grouped.setdefault(leader[one.folder], []).append(one)
    return tuple(_history(group, index) for group in grouped.values())


def _names(revisions: Sequence[Revision]) -> _Index:
    """What answers to a name, by folder: ids first, then branch labels and the ids of what was squashed."""
    index: dict[str, dict[str, Revision]] = {}
    for one in revisions:
        if one.id:
            index.setdefault(one.id, {}).setdefault(one.folder, one)
    for one in revisions:
        for name in (*one.labels, *one.replaces):
            index.setdefault(name, {}).setdefault(one.folder, one)
    return index


def _find(name: str, folder: str, index: _Index) -> Revision | None:
    """The revision that a name means in a folder: one of that folder, or the one of the nearest other folder."""
    found = index.get(name, {})
    if folder in found or len(found) > _MOST_FOLDERS:
        return found.get(folder)
    near = sorted((-_nearness(folder, other), other) for other in found)
    if not near or (len(near) > 1 and near[0][0] == near[1][0]):
        return None
    return found[near[0][1]]


def _nearness(one: str, other: str) -> int:
    """How many folders two paths share, from the top."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _joined_folders(revisions: Sequence[Revision], index: _Index) -> dict[str, str]:
    """For every folder the first folder of its history."""
    leader = {one.folder: one.folder for one in revisions}

    def lead(folder: str) -> str:
        while leader[folder] != folder:
            leader[folder] = leader[leader[folder]]
            folder = leader[folder]
        return folder

    for one in revisions:
        for reference in (*one.parents, *one.depends_on):
            target = _find(reference.name, one.folder, index)
            if target is not None:
                first, second = sorted((lead(one.folder), lead(target.folder)))
                leader[second] = first
    return {folder: lead(folder) for folder in leader}


def _history(revisions: Sequence[Revision], index: _Index) -> History:
    parents, missing = _links(((one, one.parents) for one in revisions), index)
    needs, dangling = _links(((one, one.depends_on) for one in revisions), index)
    return History(tuple(revisions), parents, needs, missing, dangling)


def _links(
    wanted: Iterable[tuple[Revision, tuple[Reference, ...]]], index: _Index
) -> tuple[dict[str, tuple[Revision, ...]], tuple[tuple[Revision, Reference], ...]]:
    """What the references of each revision lead to, by path, and the references that lead nowhere."""
    links: dict[str, tuple[Revision, ...]] = {}
    nowhere: list[tuple[Revision, Reference]] = []
    for one, references in wanted:
        targets = (_find(reference.name, one.folder, index) for reference in references)
        links[one.path] = tuple({target.path: target for target in targets if target is not None}.values())
        nowhere.extend((one, reference) for reference in references if reference.name not in index)
    return links, tuple(nowhere)


def order(history: History) -> tuple[Revision, ...]:
    """The revisions in an order in which they can run; where the graph leaves a choice, the older one first.

    Revisions in a cycle, and those that follow one, are left out.
    """
    waits = {one.path: len({before.path for before in history.before(one)}) for one in history.revisions}
    after = _after(history)
    ready = [_age(one) for one in history.revisions if not waits[one.path]]
    by_path = {one.path: one for one in history.revisions}
    heapify(ready)
    ordered: list[Revision] = []
    while ready:
        one = by_path[heappop(ready)[1]]
        ordered.append(one)
        for child in after.get(one.path, ()):
            waits[child.path] -= 1
            if not waits[child.path]:
                heappush(ready, _age(child))
    return tuple(ordered)


def _age(revision: Revision) -> tuple[str, str]:
    return revision.created, revision.path


def _after(history: History) -> dict[str, list[Revision]]:
    """The revisions that wait for each revision, by its path; a revision once, even where it names another twice."""
    after: dict[str, list[Revision]] = {}
    for one in history.revisions:
        for path in dict.fromkeys(before.path for before in history.before(one)):
            after.setdefault(path, []).append(one)
    return after


def ancestors_of(history: History, revision: Revision) -> frozenset[str]:
    """The paths of all that must have run before a revision, without its own."""
    seen: set[str] = set()
    pending = list(history.before(revision))
    while pending:
        one = pending.pop()
        if one.path not in seen:
            seen.add(one.path)
            pending.extend(history.before(one))
    return frozenset(seen - {revision.path})


def path_between(history: History, start: Revision | None, end: Revision) -> tuple[Revision, ...]:
    """What an upgrade from a revision (None: an empty database) to another one runs, in order."""
    done = ancestors_of(history, start) | {start.path} if start is not None else frozenset()
    wanted = (ancestors_of(history, end) | {end.path}) - done
    return tuple(one for one in order(history) if one.path in wanted)


def competing_heads(history: History) -> tuple[tuple[Revision, ...], ...]:
    """Groups of two or more heads that nothing keeps apart, the youngest last.

    Branches that bear different labels are kept apart on purpose, and so are those that end in different folders.
    """
    if len(history.heads) < 2:
        return ()
    labels = _labels_by_path(history)
    groups: dict[tuple[str, frozenset[str]], list[Revision]] = {}
    for head in sorted(history.heads, key=_age):
        groups.setdefault((head.folder, labels.get(head.path, frozenset())), []).append(head)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _labels_by_path(history: History) -> dict[str, frozenset[str]]:
    """The labels that each revision bears itself or has from its ancestors."""
    labels: dict[str, frozenset[str]] = {}
    for one in order(history):
        inherited = [labels[parent.path] for parent in history.parents[one.path]]
        labels[one.path] = frozenset(one.labels).union(*inherited)
    return labels


def duplicates(history: History) -> tuple[tuple[Revision, ...], ...]:
    """The revisions that share their id with others of the same folder, the oldest first."""
    groups: dict[tuple[str, str], list[Revision]] = {}
    for one in sorted(history.revisions, key=_age):
        if one.id:
            groups.setdefault((one.folder, one.id), []).append(one)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def cycles(history: History) -> tuple[tuple[Revision, ...], ...]:
    """Revisions that wait for each other, each before the one it waits for; a revision alone when it names itself.

    Of cycles that hang together, one is given.
    """
    ordered = {one.path for one in order(history)}
    stuck = [one for one in history.revisions if one.path not in ordered]
    seen: set[str] = set()
    return tuple(found for one in stuck if (found := tuple(_cycle_from(one, history, ordered, seen))))


def _cycle_from(start: Revision, history: History, ordered: set[str], seen: set[str]) -> Iterator[Revision]:
    """The cycle that a walk from a stuck revision runs into, when no walk came there before."""
    walked: dict[str, Revision] = {}
    one = start
    while one.path not in seen:
        seen.add(one.path)
        walked[one.path] = one
        one = next(before for before in history.before(one) if before.path not in ordered)
    if one.path in walked:
        paths = list(walked)
        yield from (walked[path] for path in paths[paths.index(one.path) :])
