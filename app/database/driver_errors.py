"""The driver's failures that services act on, named by what they mean. Nothing above `app.queries` names the driver."""

from __future__ import annotations

import asyncpg

__all__ = ["LOCKED", "PASSING", "AlreadyThereError"]

AlreadyThereError = asyncpg.UniqueViolationError
"""Another transaction has inserted a row with the same unique key."""

LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""Other transactions hold the rows, or wait for each other's."""

PASSING = (
    asyncpg.TransactionRollbackError,  # deadlock and serialization failure
    asyncpg.OperatorInterventionError,  # a statement was cancelled
    asyncpg.LockNotAvailableError,
)
"""The same statement may succeed when it is tried again."""
