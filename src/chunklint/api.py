"""The names that a rule file may import: everything public, and nothing else is."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, enclosing
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.languages.python import PythonFile
from chunklint.languages.sql import SqlFile
from chunklint.model import Draft, Location, Rule, Severity, Span
from chunklint.semantics.ecmascript.functions import arguments_of, function_of, returned
from chunklint.semantics.ecmascript.leaks import Leak, is_app_root, is_test_or_story, leaks
from chunklint.semantics.ecmascript.react import Deps, component_of, effects, hook_calls
from chunklint.semantics.ecmascript.requests import AXIOS_METHODS, axios_waits_for_ever, sets_axios_default
from chunklint.semantics.ecmascript.resources import ACQUIRING, Kind, acquisitions
from chunklint.semantics.ecmascript.shared_leaks import Offer, Start, joined, offers, starts
from chunklint.semantics.migrations.data_loss import Loss
from chunklint.semantics.migrations.exposures import Exposure, Reason, exposures
from chunklint.semantics.migrations.histories import History, competing_heads, cycles, duplicates, histories
from chunklint.semantics.migrations.operations import Direction, migration_of, sql_migration_of
from chunklint.semantics.migrations.overlaps import Clash, Overlap, overlaps
from chunklint.semantics.migrations.partition_facts import (
    PARTITION_MENTIONS,
    PartitionFact,
    TableChange,
    Way,
    partition_facts,
    script_facts,
)
from chunklint.semantics.migrations.replay import Failure, Problem
from chunklint.semantics.migrations.reversals import Residue, Reversal, Trace, breaks_upgrade, reversals
from chunklint.semantics.migrations.revisions import Reference, Revision, revision_of
from chunklint.semantics.migrations.row_dependence import Danger, Hazard, RowChanges, dangers, row_changes_of
from chunklint.semantics.migrations.scripts import script_of
from chunklint.semantics.migrations.skew import Skew, skews
from chunklint.semantics.migrations.steps import Body, Script
from chunklint.semantics.migrations.suspects import Suspect, convicted, exposed, suspect
from chunklint.semantics.migrations.wrappers import WrappedDrop, WrapperFact, unprotected_uses, uses, wrappers
from chunklint.semantics.python.checks import confines, is_confined
from chunklint.semantics.python.guards import Guard, guards_before, leaves
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import arguments, enclosing_function, local_function, qualified_name
from chunklint.semantics.python.origins import Origin, origin_of, origin_of_hole
from chunklint.semantics.python.places import is_test_file
from chunklint.semantics.python.ranges import foreign_count, foreign_number, is_left_in_time
from chunklint.semantics.python.roles import is_script, is_test, under_main_guard
from chunklint.semantics.python.strings import Hole, Shape, string_shapes
from chunklint.semantics.sql.crowding import Crowd
from chunklint.semantics.sql.holes import Role, Splice, defines_schema, is_sql_statement, splices
from chunklint.semantics.sql.partitions import Act
from chunklint.semantics.sql.sinks import Sink, sql_sink
from chunklint.semantics.sql.sizes import Size, Sized, creates_schema, sizes
from chunklint.semantics.timeouts.deadlines import is_async, waits_for_ever
from chunklint.semantics.timeouts.io_calls import AXIOS, LIMITED_BY_CALL, REQUESTS, SOCKETS, Waiter
from chunklint.semantics.timeouts.io_calls import MENTIONS as IO_MENTIONS
from chunklint.semantics.timeouts.io_calls import METHODS as IO_METHODS

python, ecmascript, sql = "python", "ecmascript", "sql"

__all__ = [
    "ACQUIRING",
    "AXIOS",
    "AXIOS_METHODS",
    "IO_MENTIONS",
    "IO_METHODS",
    "LIMITED_BY_CALL",
    "PARTITION_MENTIONS",
    "REQUESTS",
    "SOCKETS",
    "Act",
    "Body",
    "Clash",
    "Crowd",
    "Danger",
    "Deps",
    "Direction",
    "Draft",
    "EcmascriptFile",
    "Exposure",
    "Failure",
    "Guard",
    "Hazard",
    "History",
    "Hole",
    "Kind",
    "Leak",
    "Location",
    "Loss",
    "Node",
    "Offer",
    "Origin",
    "Overlap",
    "PartitionFact",
    "Problem",
    "PythonFile",
    "Reason",
    "Reference",
    "Residue",
    "Reversal",
    "Revision",
    "Role",
    "RowChanges",
    "Rule",
    "Script",
    "Severity",
    "Shape",
    "Sink",
    "Size",
    "Sized",
    "Skew",
    "Source",
    "SourceFile",
    "Span",
    "Splice",
    "SqlFile",
    "Start",
    "Suspect",
    "TableChange",
    "Trace",
    "Waiter",
    "Way",
    "WrappedDrop",
    "WrapperFact",
    "acquisitions",
    "ancestors",
    "arguments",
    "arguments_of",
    "axios_waits_for_ever",
    "breaks_upgrade",
    "competing_heads",
    "component_of",
    "confines",
    "convicted",
    "creates_schema",
    "cycles",
    "dangers",
    "defines_schema",
    "descendants",
    "duplicates",
    "ecmascript",
    "effects",
    "enclosing",
    "enclosing_function",
    "exposed",
    "exposures",
    "foreign_count",
    "foreign_number",
    "function_of",
    "guards_before",
    "histories",
    "hook_calls",
    "is_app_root",
    "is_async",
    "is_confined",
    "is_left_in_time",
    "is_script",
    "is_sql_statement",
    "is_test",
    "is_test_file",
    "is_test_or_story",
    "joined",
    "leaks",
    "leaves",
    "local_function",
    "migration_of",
    "offers",
    "origin_of",
    "origin_of_hole",
    "overlaps",
    "partition_facts",
    "python",
    "qualified_name",
    "returned",
    "reversals",
    "revision_of",
    "row_changes_of",
    "script_facts",
    "script_of",
    "sets_axios_default",
    "sizes",
    "skews",
    "splices",
    "sql",
    "sql_migration_of",
    "sql_sink",
    "starts",
    "string_shapes",
    "suspect",
    "under_main_guard",
    "unprotected_uses",
    "uses",
    "waits_for_ever",
    "wrappers",
]
