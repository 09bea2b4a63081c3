"""Every contender by name and database."""

from collections.abc import Mapping

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.duetime_contender import Duetime
from benchmarks.contenders.lean_postgresql import LeanPostgresql
from benchmarks.contenders.lean_sqlite import LeanSqlite
from benchmarks.contenders.limit_postgresql import LimitPostgresql
from benchmarks.contenders.limit_sqlite import LimitSqlite
from benchmarks.databases import DatabaseKind

NAMES = ("duetime", "limit", "lean")

CONTENDERS: Mapping[tuple[str, DatabaseKind], Contender] = {
    ("duetime", "sqlite"): Duetime(),
    ("duetime", "postgresql"): Duetime(),
    ("limit", "sqlite"): LimitSqlite(),
    ("limit", "postgresql"): LimitPostgresql(),
    ("lean", "sqlite"): LeanSqlite(),
    ("lean", "postgresql"): LeanPostgresql(),
}
