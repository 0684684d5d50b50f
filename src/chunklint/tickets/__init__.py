"""Tickets as data: read from a document once, reviewed by people as TOML, asked for whenever findings are counted."""

from __future__ import annotations

from chunklint.tickets.document import DocumentError, read_document
from chunklint.tickets.plan import Flag, Plan, PlanError, Review, Task, read_plan, rendered

__all__ = ["DocumentError", "Flag", "Plan", "PlanError", "Review", "Task", "read_document", "read_plan", "rendered"]
