"""The names that a rule file may import: everything public, and nothing else is.

Each is imported when it is first asked for, so that a scan pays for no more than its rules need. A new name goes into
three places: the imports, which type checkers read, `_HOMES` and `__all__`; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node

    from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants, enclosing
    from chunklint.languages.ecmascript import EcmascriptFile
    from chunklint.languages.python import PythonFile
    from chunklint.languages.sql import SqlFile
    from chunklint.model import Draft, Edit, Finding, Fix, Location, Refusal, Rule, Severity, Span
    from chunklint.records import record
    from chunklint.rewriting.ecmascript_answers import asked_first
    from chunklint.rewriting.ecmascript_boundaries import told
    from chunklint.rewriting.ecmascript_effects import cleaned_up
    from chunklint.rewriting.ecmascript_held import held_in_ref
    from chunklint.rewriting.ecmascript_hooks import made_effect
    from chunklint.rewriting.ecmascript_misfits import (
        asked_after_wait,
        asked_whose,
        closed_for_good,
        fitted,
        read_in_cleanup,
    )
    from chunklint.rewriting.ecmascript_promises import kept_from_react
    from chunklint.rewriting.ecmascript_timeouts import limited_request, limited_request_again
    from chunklint.rewriting.limits import Limit
    from chunklint.rewriting.python_binds import bound_values
    from chunklint.rewriting.python_bounds import bounded
    from chunklint.rewriting.python_locks import held_by_with
    from chunklint.rewriting.python_sections import guarded
    from chunklint.rewriting.python_timeouts import limited, limited_again
    from chunklint.semantics.concurrency.crowded_locks import Crowd as CrowdedLock
    from chunklint.semantics.concurrency.crowded_locks import awaits_under_thread_locks, crowded, patience
    from chunklint.semantics.concurrency.ecmascript_policy import naked_changes_of_classes
    from chunklint.semantics.concurrency.ecmascript_races import suspicions_of_classes
    from chunklint.semantics.concurrency.elsewhere import Borrowed, Coroutine, told_of_classes
    from chunklint.semantics.concurrency.held import Held, locks_held_at
    from chunklint.semantics.concurrency.lock_maps import forgotten_locks
    from chunklint.semantics.concurrency.lock_orders import Nesting, inversions, reentries, unordered_items
    from chunklint.semantics.concurrency.lock_types import Form, LockKind
    from chunklint.semantics.concurrency.locks import Lock, lock_of
    from chunklint.semantics.concurrency.policy import Naked, naked_changes
    from chunklint.semantics.concurrency.releases import Stuck, stays_locked
    from chunklint.semantics.concurrency.releases import Way as StuckWay
    from chunklint.semantics.concurrency.shared_races import Harm
    from chunklint.semantics.concurrency.sharing import Evidence, Instance
    from chunklint.semantics.concurrency.suspicions import Suspicion, convincing, suspicions
    from chunklint.semantics.concurrency.threads import Fact as ThreadFact
    from chunklint.semantics.concurrency.threads import thread_facts, torn
    from chunklint.semantics.ecmascript.async_effects import Given, Promise, Promised, is_only_left, promises
    from chunklint.semantics.ecmascript.boundaries import Boundary, Catcher, WayOut, boundaries
    from chunklint.semantics.ecmascript.doors import Door, door_of, is_at, leads_to_login
    from chunklint.semantics.ecmascript.each_render import Rendered, rendered
    from chunklint.semantics.ecmascript.effect_wording import (
        added_message,
        adds_up,
        asker,
        blind_message,
        called_text,
        endless_message,
        head_of,
        late_message,
        leak_message,
        leak_severity,
        left_on_message,
        left_open_message,
        mismatch_message,
        mismatch_severity,
        opened_message,
        opened_severity,
        overtaken_message,
        reconnect_message,
        reset_message,
        retry_message,
        said_of_lasting,
        seen_at,
        stale_message,
        started_message,
        way_to,
        worst_of,
    )
    from chunklint.semantics.ecmascript.external_stores import endless_subscriptions
    from chunklint.semantics.ecmascript.fed_answers import (
        Fed,
        Queued,
        changing_in,
        fed_answers,
        is_for_all_files,
        is_only_tried,
        keeps_order,
    )
    from chunklint.semantics.ecmascript.feeding import Feeding
    from chunklint.semantics.ecmascript.feeds import Feed, Tried, Uses
    from chunklint.semantics.ecmascript.fronts import front
    from chunklint.semantics.ecmascript.functions import arguments_of, function_of, returned
    from chunklint.semantics.ecmascript.galleries import is_test_or_story
    from chunklint.semantics.ecmascript.gaps import gaps
    from chunklint.semantics.ecmascript.handler_connections import opened_by_handlers
    from chunklint.semantics.ecmascript.handler_streams import opened_streams
    from chunklint.semantics.ecmascript.handler_timers import resets
    from chunklint.semantics.ecmascript.holes import Gap, GapKind, StandIn
    from chunklint.semantics.ecmascript.idle_flags import idle_flags, unset_flags
    from chunklint.semantics.ecmascript.late_work import Late, captured_too_early, late_handles
    from chunklint.semantics.ecmascript.leading import Leading, Nearness
    from chunklint.semantics.ecmascript.leaks import Leak, is_app_root, leaks
    from chunklint.semantics.ecmascript.lendings import Lending, Lent, Loan, lendings, loan_of
    from chunklint.semantics.ecmascript.lifespans import Lifespans
    from chunklint.semantics.ecmascript.misfits import Misfit, Mismatch, mismatches
    from chunklint.semantics.ecmascript.modals import Modals
    from chunklint.semantics.ecmascript.monitors import Monitor, monitor_of, monitors
    from chunklint.semantics.ecmascript.mounts import Front, Mount
    from chunklint.semantics.ecmascript.outside_effects import (
        Opened,
        Started,
        added_by_handlers,
        opened_by_initialisers,
        started_by_handlers,
    )
    from chunklint.semantics.ecmascript.page_boundaries import Frames, frames, layout_that_leads_on, page_boundaries
    from chunklint.semantics.ecmascript.places import Asked, Bound, Placed, bound
    from chunklint.semantics.ecmascript.posers import Poser, posers
    from chunklint.semantics.ecmascript.react import Deps, Effect, component_of, effects, hook_calls
    from chunklint.semantics.ecmascript.reconnections import LateClose, Reconnect, late_closes, reconnects, retries
    from chunklint.semantics.ecmascript.reducers import Reducer, reducers
    from chunklint.semantics.ecmascript.releases import ACQUIRING, NAMING, Kind
    from chunklint.semantics.ecmascript.reopened import Renewal, Reopening, renewals, reopened, reopenings
    from chunklint.semantics.ecmascript.requests import (
        AXIOS_METHODS,
        axios_waits_for_ever,
        download_waits_for_ever,
        sets_axios_default,
        switches_axios_off,
    )
    from chunklint.semantics.ecmascript.reruns import runs_again
    from chunklint.semantics.ecmascript.resolution import Resolution
    from chunklint.semantics.ecmascript.resources import acquisitions
    from chunklint.semantics.ecmascript.routes import is_aside
    from chunklint.semantics.ecmascript.shared_answers import Answer, Keeper, Question, answers, overtaken, questions
    from chunklint.semantics.ecmascript.shared_leaks import Offer, Start, joined, offers, starts
    from chunklint.semantics.ecmascript.shared_receivers import (
        Holders,
        Maker,
        Reader,
        Shares,
        is_over,
        makers,
        shared_origin,
    )
    from chunklint.semantics.ecmascript.shutting import acquires_each_time
    from chunklint.semantics.ecmascript.singletons import Ended, ended
    from chunklint.semantics.ecmascript.stale_answers import stale_answers
    from chunklint.semantics.ecmascript.stale_cleanups import blind_cleanups
    from chunklint.semantics.ecmascript.tidied import Recorder, Tidied, Tidiness, recorder, tidied
    from chunklint.semantics.ecmascript.void_methods import SlotMethod, VoidMethod, asked_method, void_methods
    from chunklint.semantics.ecmascript.ways_in import (
        idle_around,
        idle_owners,
        is_readable,
        named_front,
        never_runs,
        ways_in,
    )
    from chunklint.semantics.ecmascript.ways_on import Ends, ends, lead_nowhere, workspace_of
    from chunklint.semantics.migrations.data_loss import Loss
    from chunklint.semantics.migrations.exposures import Exposure, Reason, exposures
    from chunklint.semantics.migrations.fills import Fills, fills_of
    from chunklint.semantics.migrations.histories import History, competing_heads, cycles, duplicates, histories
    from chunklint.semantics.migrations.operations import Direction, migration_of, sql_migration_of
    from chunklint.semantics.migrations.overlap_messages import loss_message, overlap_message
    from chunklint.semantics.migrations.overlaps import Clash, Overlap, overlaps
    from chunklint.semantics.migrations.partition_facts import (
        PartitionFact,
        TableChange,
        Way,
        partition_facts,
        script_facts,
    )
    from chunklint.semantics.migrations.partition_words import PARTITION_MENTIONS
    from chunklint.semantics.migrations.replay import Failure, Problem
    from chunklint.semantics.migrations.reversal_messages import problem_message
    from chunklint.semantics.migrations.reversals import Residue, Reversal, Trace, breaks_upgrade, reversals
    from chunklint.semantics.migrations.revisions import Reference, Revision, revision_of
    from chunklint.semantics.migrations.row_dependence import Danger, Hazard, RowChanges, dangers, row_changes_of
    from chunklint.semantics.migrations.scripts import script_of
    from chunklint.semantics.migrations.skew import Skew, skews
    from chunklint.semantics.migrations.steps import Body, Script
    from chunklint.semantics.migrations.suspects import Suspect, convicted, exposed, suspect
    from chunklint.semantics.migrations.swallowed import Swallowed, swallowed_errors
    from chunklint.semantics.migrations.wrappers import WrappedDrop, WrapperFact, unprotected_uses, uses, wrappers
    from chunklint.semantics.pins import Pins
    from chunklint.semantics.python.checks import confines, is_confined
    from chunklint.semantics.python.guards import Guard, guards_before, leaves
    from chunklint.semantics.python.known_sources import Source
    from chunklint.semantics.python.modules import Import, Modules, imports
    from chunklint.semantics.python.names import (
        arguments,
        enclosing_function,
        is_imported,
        local_function,
        qualified_name,
    )
    from chunklint.semantics.python.origins import Origin, origin_of, origin_of_hole
    from chunklint.semantics.python.ranges import foreign_count, foreign_number, is_left_in_time
    from chunklint.semantics.python.roles import is_script, is_test, under_main_guard
    from chunklint.semantics.python.strings import Hole, Shape, string_shapes
    from chunklint.semantics.sql.crowding import Crowd
    from chunklint.semantics.sql.holes import Role, Splice, defines_schema, is_sql_statement, splices
    from chunklint.semantics.sql.partitions import Act
    from chunklint.semantics.sql.sinks import Sink, sql_sink
    from chunklint.semantics.sql.sizes import Size, Sized, creates_schema, sizes
    from chunklint.semantics.testing.collection import Collectable, LeftOut, PytestSettings, collectables, left_out
    from chunklint.semantics.testing.evidence import Checker, checkers
    from chunklint.semantics.testing.hollow import hollow_checks
    from chunklint.semantics.testing.jests import js_checkers, js_unchecked
    from chunklint.semantics.testing.reach import Module, Probe, reach_of, untested
    from chunklint.semantics.testing.skips import Skip, js_skips, python_skips
    from chunklint.semantics.testing.sleeps import Sleep, js_sleeps, python_sleeps
    from chunklint.semantics.testing.unchecked import Kind as UncheckedKind
    from chunklint.semantics.testing.unchecked import Unchecked, unchecked, without_check
    from chunklint.semantics.testing.vacuous import Flaw, Vacuous, vacuous_checks
    from chunklint.semantics.timeouts.deadlines import is_async, runs_migrations, waits_for_ever
    from chunklint.semantics.timeouts.io_calls import METHODS as IO_METHODS
    from chunklint.semantics.timeouts.libraries import MENTIONS as IO_MENTIONS
    from chunklint.semantics.timeouts.misuses import cancels_what_goes_on, limited_listener
    from chunklint.semantics.timeouts.switch_words import SWITCH_MENTIONS, SWITCH_METHODS
    from chunklint.semantics.timeouts.switches import hard_coded, switched_off
    from chunklint.semantics.timeouts.waiters import (
        AXIOS,
        CELERY,
        LIMITED_BY_CALL,
        REQUESTS,
        SOCKETS,
        Wait,
        Waiter,
        assumed_version,
    )
    from chunklint.semantics.timeouts.wording import awaited_text, callee_text, gravity, stops_the_loop
    from chunklint.semantics.web.database import Act as DbAct
    from chunklint.semantics.web.handlers import Conduct, Verdict, conducts, counted, place_of
    from chunklint.semantics.web.layers import Breach, Trait, breaches, trait
    from chunklint.semantics.web.logic import Fabrication, Load
    from chunklint.semantics.web.vocabulary import FRAMEWORKS as WEB_FRAMEWORKS
    from chunklint.semantics.web.vocabulary import LAYER_MENTIONS, Budget, Layers
    from chunklint.semantics.wording import capitalised, in_series

_HOMES = {
    "tree_sitter": "Node",
    "chunklint.languages.base": "SourceFile, ancestors, begins_within, descendants, enclosing",
    "chunklint.languages.ecmascript": "EcmascriptFile",
    "chunklint.languages.python": "PythonFile",
    "chunklint.languages.sql": "SqlFile",
    "chunklint.model": "Draft, Edit, Finding, Fix, Location, Refusal, Rule, Severity, Span",
    "chunklint.records": "record",
    "chunklint.rewriting.ecmascript_effects": "cleaned_up",
    "chunklint.rewriting.ecmascript_answers": "asked_first",
    "chunklint.rewriting.ecmascript_held": "held_in_ref",
    "chunklint.rewriting.ecmascript_hooks": "made_effect",
    "chunklint.rewriting.ecmascript_misfits": "asked_after_wait, asked_whose, closed_for_good, fitted, read_in_cleanup",
    "chunklint.rewriting.ecmascript_promises": "kept_from_react",
    "chunklint.rewriting.ecmascript_boundaries": "told",
    "chunklint.rewriting.python_binds": "bound_values",
    "chunklint.rewriting.python_bounds": "bounded",
    "chunklint.rewriting.python_locks": "held_by_with",
    "chunklint.rewriting.python_sections": "guarded",
    "chunklint.rewriting.ecmascript_timeouts": "limited_request, limited_request_again",
    "chunklint.rewriting.limits": "Limit",
    "chunklint.rewriting.python_timeouts": "limited, limited_again",
    "chunklint.semantics.concurrency.crowded_locks": (
        "Crowd as CrowdedLock, awaits_under_thread_locks, crowded, patience"
    ),
    "chunklint.semantics.concurrency.ecmascript_races": "suspicions_of_classes",
    "chunklint.semantics.concurrency.held": "Held, locks_held_at",
    "chunklint.semantics.concurrency.lock_orders": "Nesting, inversions, reentries, unordered_items",
    "chunklint.semantics.concurrency.ecmascript_policy": "naked_changes_of_classes",
    "chunklint.semantics.concurrency.lock_maps": "forgotten_locks",
    "chunklint.semantics.concurrency.lock_types": "Form, LockKind",
    "chunklint.semantics.concurrency.locks": "Lock, lock_of",
    "chunklint.semantics.concurrency.policy": "Naked, naked_changes",
    "chunklint.semantics.concurrency.releases": "Stuck, stays_locked, Way as StuckWay",
    "chunklint.semantics.concurrency.elsewhere": "Borrowed, Coroutine, told_of_classes",
    "chunklint.semantics.concurrency.shared_races": "Harm",
    "chunklint.semantics.concurrency.sharing": "Evidence, Instance",
    "chunklint.semantics.concurrency.suspicions": "Suspicion, convincing, suspicions",
    "chunklint.semantics.concurrency.threads": "Fact as ThreadFact, thread_facts, torn",
    "chunklint.semantics.ecmascript.async_effects": "Given, Promise, Promised, is_only_left, promises",
    "chunklint.semantics.ecmascript.boundaries": "Boundary, Catcher, WayOut, boundaries",
    "chunklint.semantics.ecmascript.doors": "Door, door_of, is_at, leads_to_login",
    "chunklint.semantics.ecmascript.galleries": "is_test_or_story",
    "chunklint.semantics.ecmascript.gaps": "gaps",
    "chunklint.semantics.ecmascript.each_render": "Rendered, rendered",
    "chunklint.semantics.ecmascript.effect_wording": (
        "added_message, adds_up, asker, blind_message, called_text, endless_message, head_of, late_message, "
        "leak_message, leak_severity, left_on_message, left_open_message, mismatch_message, mismatch_severity, "
        "opened_message, opened_severity, overtaken_message, reconnect_message, reset_message, retry_message, "
        "said_of_lasting, seen_at, stale_message, started_message, way_to, worst_of"
    ),
    "chunklint.semantics.ecmascript.external_stores": "endless_subscriptions",
    "chunklint.semantics.ecmascript.fed_answers": (
        "Fed, Queued, changing_in, fed_answers, is_for_all_files, is_only_tried, keeps_order"
    ),
    "chunklint.semantics.ecmascript.feeding": "Feeding",
    "chunklint.semantics.ecmascript.feeds": "Feed, Tried, Uses",
    "chunklint.semantics.ecmascript.leading": "Leading, Nearness",
    "chunklint.semantics.ecmascript.modals": "Modals",
    "chunklint.semantics.ecmascript.functions": "arguments_of, function_of, returned",
    "chunklint.semantics.ecmascript.handler_connections": "opened_by_handlers",
    "chunklint.semantics.ecmascript.handler_streams": "opened_streams",
    "chunklint.semantics.ecmascript.handler_timers": "resets",
    "chunklint.semantics.ecmascript.holes": "Gap, GapKind, StandIn",
    "chunklint.semantics.ecmascript.idle_flags": "idle_flags, unset_flags",
    "chunklint.semantics.ecmascript.lendings": "Lending, Lent, Loan, lendings, loan_of",
    "chunklint.semantics.ecmascript.lifespans": "Lifespans",
    "chunklint.semantics.ecmascript.places": "Asked, Bound, Placed, bound",
    "chunklint.semantics.ecmascript.late_work": "Late, captured_too_early, late_handles",
    "chunklint.semantics.ecmascript.leaks": "Leak, is_app_root, leaks",
    "chunklint.semantics.ecmascript.misfits": "Misfit, Mismatch, mismatches",
    "chunklint.semantics.ecmascript.fronts": "front",
    "chunklint.semantics.ecmascript.mounts": "Front, Mount",
    "chunklint.semantics.ecmascript.outside_effects": (
        "Opened, Started, added_by_handlers, opened_by_initialisers, started_by_handlers"
    ),
    "chunklint.semantics.ecmascript.monitors": "Monitor, monitor_of, monitors",
    "chunklint.semantics.ecmascript.page_boundaries": "Frames, frames, layout_that_leads_on, page_boundaries",
    "chunklint.semantics.ecmascript.posers": "Poser, posers",
    "chunklint.semantics.ecmascript.react": "Deps, Effect, component_of, effects, hook_calls",
    "chunklint.semantics.ecmascript.resolution": "Resolution",
    "chunklint.semantics.ecmascript.reconnections": "LateClose, Reconnect, late_closes, reconnects, retries",
    "chunklint.semantics.ecmascript.releases": "ACQUIRING, NAMING, Kind",
    "chunklint.semantics.ecmascript.reducers": "Reducer, reducers",
    "chunklint.semantics.ecmascript.reopened": "Renewal, Reopening, renewals, reopened, reopenings",
    "chunklint.semantics.ecmascript.reruns": "runs_again",
    "chunklint.semantics.ecmascript.requests": (
        "AXIOS_METHODS, axios_waits_for_ever, download_waits_for_ever, sets_axios_default, switches_axios_off"
    ),
    "chunklint.semantics.ecmascript.resources": "acquisitions",
    "chunklint.semantics.ecmascript.routes": "is_aside",
    "chunklint.semantics.ecmascript.shared_answers": "Answer, Keeper, Question, answers, overtaken, questions",
    "chunklint.semantics.ecmascript.shared_leaks": "Offer, Start, joined, offers, starts",
    "chunklint.semantics.ecmascript.shared_receivers": "Holders, Maker, Reader, Shares, is_over, makers, shared_origin",
    "chunklint.semantics.ecmascript.tidied": "Recorder, Tidied, Tidiness, recorder, tidied",
    "chunklint.semantics.ecmascript.void_methods": "SlotMethod, VoidMethod, asked_method, void_methods",
    "chunklint.semantics.ecmascript.ways_in": "idle_around, idle_owners, is_readable, named_front, never_runs, ways_in",
    "chunklint.semantics.ecmascript.shutting": "acquires_each_time",
    "chunklint.semantics.ecmascript.singletons": "Ended, ended",
    "chunklint.semantics.ecmascript.stale_answers": "stale_answers",
    "chunklint.semantics.ecmascript.stale_cleanups": "blind_cleanups",
    "chunklint.semantics.ecmascript.ways_on": "Ends, ends, lead_nowhere, workspace_of",
    "chunklint.semantics.migrations.data_loss": "Loss",
    "chunklint.semantics.migrations.exposures": "Exposure, Reason, exposures",
    "chunklint.semantics.migrations.fills": "Fills, fills_of",
    "chunklint.semantics.migrations.histories": "History, competing_heads, cycles, duplicates, histories",
    "chunklint.semantics.migrations.operations": "Direction, migration_of, sql_migration_of",
    "chunklint.semantics.migrations.overlap_messages": "loss_message, overlap_message",
    "chunklint.semantics.migrations.overlaps": "Clash, Overlap, overlaps",
    "chunklint.semantics.migrations.partition_facts": "PartitionFact, TableChange, Way, partition_facts, script_facts",
    "chunklint.semantics.migrations.partition_words": "PARTITION_MENTIONS",
    "chunklint.semantics.migrations.replay": "Failure, Problem",
    "chunklint.semantics.migrations.reversal_messages": "problem_message",
    "chunklint.semantics.migrations.reversals": "Residue, Reversal, Trace, breaks_upgrade, reversals",
    "chunklint.semantics.migrations.revisions": "Reference, Revision, revision_of",
    "chunklint.semantics.migrations.row_dependence": "Danger, Hazard, RowChanges, dangers, row_changes_of",
    "chunklint.semantics.migrations.scripts": "script_of",
    "chunklint.semantics.migrations.skew": "Skew, skews",
    "chunklint.semantics.migrations.steps": "Body, Script",
    "chunklint.semantics.migrations.swallowed": "Swallowed, swallowed_errors",
    "chunklint.semantics.migrations.suspects": "Suspect, convicted, exposed, suspect",
    "chunklint.semantics.migrations.wrappers": "WrappedDrop, WrapperFact, unprotected_uses, uses, wrappers",
    "chunklint.semantics.pins": "Pins",
    "chunklint.semantics.python.checks": "confines, is_confined",
    "chunklint.semantics.python.guards": "Guard, guards_before, leaves",
    "chunklint.semantics.python.known_sources": "Source",
    "chunklint.semantics.python.modules": "Import, Modules, imports",
    "chunklint.semantics.python.names": "arguments, enclosing_function, is_imported, local_function, qualified_name",
    "chunklint.semantics.python.origins": "Origin, origin_of, origin_of_hole",
    "chunklint.semantics.python.ranges": "foreign_count, foreign_number, is_left_in_time",
    "chunklint.semantics.python.roles": "is_script, is_test, under_main_guard",
    "chunklint.semantics.python.strings": "Hole, Shape, string_shapes",
    "chunklint.semantics.sql.crowding": "Crowd",
    "chunklint.semantics.sql.holes": "Role, Splice, defines_schema, is_sql_statement, splices",
    "chunklint.semantics.sql.partitions": "Act",
    "chunklint.semantics.sql.sinks": "Sink, sql_sink",
    "chunklint.semantics.sql.sizes": "Size, Sized, creates_schema, sizes",
    "chunklint.semantics.testing.collection": "Collectable, LeftOut, PytestSettings, collectables, left_out",
    "chunklint.semantics.testing.evidence": "Checker, checkers",
    "chunklint.semantics.testing.hollow": "hollow_checks",
    "chunklint.semantics.testing.jests": "js_checkers, js_unchecked",
    "chunklint.semantics.testing.reach": "Module, Probe, reach_of, untested",
    "chunklint.semantics.testing.skips": "Skip, js_skips, python_skips",
    "chunklint.semantics.testing.sleeps": "Sleep, js_sleeps, python_sleeps",
    "chunklint.semantics.testing.unchecked": "Kind as UncheckedKind, Unchecked, unchecked, without_check",
    "chunklint.semantics.testing.vacuous": "Flaw, Vacuous, vacuous_checks",
    "chunklint.semantics.timeouts.deadlines": "is_async, runs_migrations, waits_for_ever",
    "chunklint.semantics.timeouts.io_calls": "METHODS as IO_METHODS",
    "chunklint.semantics.timeouts.libraries": "MENTIONS as IO_MENTIONS",
    "chunklint.semantics.timeouts.misuses": "cancels_what_goes_on, limited_listener",
    "chunklint.semantics.timeouts.switch_words": "SWITCH_MENTIONS, SWITCH_METHODS",
    "chunklint.semantics.timeouts.switches": "hard_coded, switched_off",
    "chunklint.semantics.timeouts.waiters": (
        "AXIOS, CELERY, LIMITED_BY_CALL, REQUESTS, SOCKETS, Wait, Waiter, assumed_version"
    ),
    "chunklint.semantics.timeouts.wording": "awaited_text, callee_text, gravity, stops_the_loop",
    "chunklint.semantics.web.database": "Act as DbAct",
    "chunklint.semantics.web.handlers": "Conduct, Verdict, conducts, counted, place_of",
    "chunklint.semantics.web.layers": "Breach, Trait, breaches, trait",
    "chunklint.semantics.web.logic": "Fabrication, Load",
    "chunklint.semantics.web.vocabulary": "Budget, FRAMEWORKS as WEB_FRAMEWORKS, LAYER_MENTIONS, Layers",
    "chunklint.semantics.wording": "capitalised, in_series",
}


def _places() -> Iterator[tuple[str, tuple[str, str]]]:
    for module, names in _HOMES.items():
        for name in names.split(", "):
            own, _, alias = name.partition(" as ")
            yield alias or own, (module, own)


_PLACES = dict(_places())


class _Later:
    """A public name that a rule imports and does not use yet; its module is not imported before it does.

    `member` is what is wanted of it: a rule's tables name members of enums.
    """

    __slots__ = ("_member", "_name")

    def __init__(self, name: str, member: str = "") -> None:
        self._name = name
        self._member = member

    def __getattr__(self, attribute: str) -> Any:
        return _Later(self._name, attribute) if _deferring else getattr(_kept(self), attribute)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return _kept(self)(*arguments, **named)

    def __or__(self, other: Any) -> Any:
        # The alias of a union, which annotations alone use.
        return self

    def __ror__(self, other: Any) -> Any:
        return self


_deferring = False


@contextmanager
def deferred() -> Iterator[None]:
    """Within the block names are promised, not imported; `settle` keeps the promise before a rule runs."""
    global _deferring  # noqa: PLW0603 - imports have no arguments
    before, _deferring = _deferring, True
    try:
        yield
    finally:
        _deferring = before


def settle(namespace: dict[str, Any]) -> None:
    """Import what the names in a module's namespace promise, in its tables too."""
    for name, value in namespace.items():
        if isinstance(value, (_Later, MappingProxyType, frozenset)):
            namespace[name] = _kept(value)


def _kept(value: Any) -> Any:
    """What is promised, or the table with every promise in it kept."""
    match value:
        case _Later():
            name, member = (object.__getattribute__(value, slot) for slot in ("_name", "_member"))
            return getattr(_real(name), member) if member else _real(name)
        case MappingProxyType() if any(isinstance(one, _Later) for pair in value.items() for one in pair):
            return MappingProxyType({_kept(key): _kept(one) for key, one in value.items()})
        case frozenset() if any(isinstance(one, _Later) for one in value):
            return frozenset(map(_kept, value))
    return value


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _Later(name) if _deferring and name not in _HEADS else _real(name)


# What the heads of rules are made of: it is needed when they are loaded, and its modules import next to nothing.
_HEADS = frozenset(
    {"ACQUIRING", "Budget", "IO_MENTIONS", "IO_METHODS", "LAYER_MENTIONS", "Layers", "NAMING", "Rule"}
    | {"PARTITION_MENTIONS", "SWITCH_MENTIONS", "SWITCH_METHODS", "Severity", "WEB_FRAMEWORKS", "record"}
)


def _real(name: str) -> Any:
    module, own = _PLACES[name]
    return getattr(import_module(module), own)


python, ecmascript, sql = "python", "ecmascript", "sql"

__all__ = [
    "ACQUIRING",
    "AXIOS",
    "AXIOS_METHODS",
    "CELERY",
    "IO_MENTIONS",
    "IO_METHODS",
    "LAYER_MENTIONS",
    "LIMITED_BY_CALL",
    "NAMING",
    "PARTITION_MENTIONS",
    "REQUESTS",
    "SOCKETS",
    "SWITCH_MENTIONS",
    "SWITCH_METHODS",
    "WEB_FRAMEWORKS",
    "Act",
    "Answer",
    "Asked",
    "Body",
    "Borrowed",
    "Bound",
    "Boundary",
    "Breach",
    "Budget",
    "Catcher",
    "Checker",
    "Clash",
    "Collectable",
    "Conduct",
    "Coroutine",
    "Crowd",
    "CrowdedLock",
    "Danger",
    "DbAct",
    "Deps",
    "Direction",
    "Door",
    "Draft",
    "EcmascriptFile",
    "Edit",
    "Effect",
    "Ended",
    "Ends",
    "Evidence",
    "Exposure",
    "Fabrication",
    "Failure",
    "Fed",
    "Feed",
    "Feeding",
    "Fills",
    "Finding",
    "Fix",
    "Flaw",
    "Form",
    "Frames",
    "Front",
    "Gap",
    "GapKind",
    "Given",
    "Guard",
    "Harm",
    "Hazard",
    "Held",
    "History",
    "Holders",
    "Hole",
    "Import",
    "Instance",
    "Keeper",
    "Kind",
    "Late",
    "LateClose",
    "Layers",
    "Leading",
    "Leak",
    "LeftOut",
    "Lending",
    "Lent",
    "Lifespans",
    "Limit",
    "Load",
    "Loan",
    "Location",
    "Lock",
    "LockKind",
    "Loss",
    "Maker",
    "Misfit",
    "Mismatch",
    "Modals",
    "Module",
    "Modules",
    "Monitor",
    "Mount",
    "Naked",
    "Nearness",
    "Nesting",
    "Node",
    "Offer",
    "Opened",
    "Origin",
    "Overlap",
    "PartitionFact",
    "Pins",
    "Placed",
    "Poser",
    "Probe",
    "Problem",
    "Promise",
    "Promised",
    "PytestSettings",
    "PythonFile",
    "Question",
    "Queued",
    "Reader",
    "Reason",
    "Reconnect",
    "Recorder",
    "Reducer",
    "Reference",
    "Refusal",
    "Rendered",
    "Renewal",
    "Reopening",
    "Residue",
    "Resolution",
    "Reversal",
    "Revision",
    "Role",
    "RowChanges",
    "Rule",
    "Script",
    "Severity",
    "Shape",
    "Shares",
    "Sink",
    "Size",
    "Sized",
    "Skew",
    "Skip",
    "Sleep",
    "SlotMethod",
    "Source",
    "SourceFile",
    "Span",
    "Splice",
    "SqlFile",
    "StandIn",
    "Start",
    "Started",
    "Stuck",
    "StuckWay",
    "Suspect",
    "Suspicion",
    "Swallowed",
    "TableChange",
    "ThreadFact",
    "Tidied",
    "Tidiness",
    "Trace",
    "Trait",
    "Tried",
    "Unchecked",
    "UncheckedKind",
    "Uses",
    "Vacuous",
    "Verdict",
    "VoidMethod",
    "Wait",
    "Waiter",
    "Way",
    "WayOut",
    "WrappedDrop",
    "WrapperFact",
    "acquires_each_time",
    "acquisitions",
    "added_by_handlers",
    "added_message",
    "adds_up",
    "ancestors",
    "answers",
    "arguments",
    "arguments_of",
    "asked_after_wait",
    "asked_first",
    "asked_method",
    "asked_whose",
    "asker",
    "assumed_version",
    "awaited_text",
    "awaits_under_thread_locks",
    "axios_waits_for_ever",
    "begins_within",
    "blind_cleanups",
    "blind_message",
    "bound",
    "bound_values",
    "boundaries",
    "bounded",
    "breaches",
    "breaks_upgrade",
    "called_text",
    "callee_text",
    "cancels_what_goes_on",
    "capitalised",
    "captured_too_early",
    "changing_in",
    "checkers",
    "cleaned_up",
    "closed_for_good",
    "collectables",
    "competing_heads",
    "component_of",
    "conducts",
    "confines",
    "convicted",
    "convincing",
    "counted",
    "creates_schema",
    "crowded",
    "cycles",
    "dangers",
    "defines_schema",
    "descendants",
    "door_of",
    "download_waits_for_ever",
    "duplicates",
    "ecmascript",
    "effects",
    "enclosing",
    "enclosing_function",
    "ended",
    "endless_message",
    "endless_subscriptions",
    "ends",
    "exposed",
    "exposures",
    "fed_answers",
    "fills_of",
    "fitted",
    "foreign_count",
    "foreign_number",
    "forgotten_locks",
    "frames",
    "front",
    "function_of",
    "gaps",
    "gravity",
    "guarded",
    "guards_before",
    "hard_coded",
    "head_of",
    "held_by_with",
    "held_in_ref",
    "histories",
    "hollow_checks",
    "hook_calls",
    "idle_around",
    "idle_flags",
    "idle_owners",
    "imports",
    "in_series",
    "inversions",
    "is_app_root",
    "is_aside",
    "is_async",
    "is_at",
    "is_confined",
    "is_for_all_files",
    "is_imported",
    "is_left_in_time",
    "is_only_left",
    "is_only_tried",
    "is_over",
    "is_readable",
    "is_script",
    "is_sql_statement",
    "is_test",
    "is_test_or_story",
    "joined",
    "js_checkers",
    "js_skips",
    "js_sleeps",
    "js_unchecked",
    "keeps_order",
    "kept_from_react",
    "late_closes",
    "late_handles",
    "late_message",
    "layout_that_leads_on",
    "lead_nowhere",
    "leads_to_login",
    "leak_message",
    "leak_severity",
    "leaks",
    "leaves",
    "left_on_message",
    "left_open_message",
    "left_out",
    "lendings",
    "limited",
    "limited_again",
    "limited_listener",
    "limited_request",
    "limited_request_again",
    "loan_of",
    "local_function",
    "lock_of",
    "locks_held_at",
    "loss_message",
    "made_effect",
    "makers",
    "migration_of",
    "mismatch_message",
    "mismatch_severity",
    "mismatches",
    "monitor_of",
    "monitors",
    "naked_changes",
    "naked_changes_of_classes",
    "named_front",
    "never_runs",
    "offers",
    "opened_by_handlers",
    "opened_by_initialisers",
    "opened_message",
    "opened_severity",
    "opened_streams",
    "origin_of",
    "origin_of_hole",
    "overlap_message",
    "overlaps",
    "overtaken",
    "overtaken_message",
    "page_boundaries",
    "partition_facts",
    "patience",
    "place_of",
    "posers",
    "problem_message",
    "promises",
    "python",
    "python_skips",
    "python_sleeps",
    "qualified_name",
    "questions",
    "reach_of",
    "read_in_cleanup",
    "reconnect_message",
    "reconnects",
    "record",
    "recorder",
    "reducers",
    "reentries",
    "rendered",
    "renewals",
    "reopened",
    "reopenings",
    "reset_message",
    "resets",
    "retries",
    "retry_message",
    "returned",
    "reversals",
    "revision_of",
    "row_changes_of",
    "runs_again",
    "runs_migrations",
    "said_of_lasting",
    "script_facts",
    "script_of",
    "seen_at",
    "sets_axios_default",
    "shared_origin",
    "sizes",
    "skews",
    "splices",
    "sql",
    "sql_migration_of",
    "sql_sink",
    "stale_answers",
    "stale_message",
    "started_by_handlers",
    "started_message",
    "starts",
    "stays_locked",
    "stops_the_loop",
    "string_shapes",
    "suspect",
    "suspicions",
    "suspicions_of_classes",
    "swallowed_errors",
    "switched_off",
    "switches_axios_off",
    "thread_facts",
    "tidied",
    "told",
    "told_of_classes",
    "torn",
    "trait",
    "unchecked",
    "under_main_guard",
    "unordered_items",
    "unprotected_uses",
    "unset_flags",
    "untested",
    "uses",
    "vacuous_checks",
    "void_methods",
    "waits_for_ever",
    "way_to",
    "ways_in",
    "without_check",
    "workspace_of",
    "worst_of",
    "wrappers",
]
