"""The words of partitions; apart from what reads them, since every scan loads this."""

from __future__ import annotations

PARTITION_MENTIONS = (
    *("partition", "Partition", "PARTITION", "down_revision"),
    *("TABLE ", "FUNCTION ", "drop table ", "create table ", "alter table ", "drop function ", "replace function "),
)
