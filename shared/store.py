"""The way to DynamoDB for every room's `store.py`: transactions, cursors, and one translation of errors.

A transaction gathers what belongs together (the changed row and its event), each with the error to raise if
its condition does not hold. See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import base64
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from shared import aws
from shared.config import settings
from shared.errors import AppError, Conflict, FieldError, Invalid, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 7
_PAUSE = 0.02
_LONGEST_KEY = 1024
"""Bytes of a sort key. What is longer, or empty, DynamoDB refuses to look for."""

Refusal = AppError | Callable[[], AppError]


class Table:
    """A row's `Meta.table_name`, looked up on first use: importing a room must not need the settings."""

    def __init__(self, setting: str) -> None:
        self._setting = setting

    def __get__(self, instance: object, owner: type) -> str:
        name: str = getattr(settings(), self._setting)
        return name


class Row(Model):
    """Base of every room's rows. All tables share one client: making another costs 60 ms of a cold start."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        if table.connection is not connection():
            with suppress(ValueError):  # rows of several rooms may share a table, and so its keys
                connection().add_meta_table(table.get_meta_table())
            table.connection = connection()
        return table


@dataclass
class _Operation:
    apply: Callable[[TransactWrite], None]
    otherwise: Refusal | None


@dataclass
class Transaction:
    """All or nothing, at most 100 items. Made by `transaction()`, committed when its block ends."""

    # DynamoDB answers with one reason an item in the order sent, and PynamoDB sends the kinds in this order.
    _checks: list[_Operation] = field(default_factory=list)
    _deletes: list[_Operation] = field(default_factory=list)
    _puts: list[_Operation] = field(default_factory=list)
    _updates: list[_Operation] = field(default_factory=list)

    def put(
        self, row: Model, condition: Condition | None = None, *, otherwise: Refusal | None = None
    ) -> None:
        self._puts.append(_Operation(lambda write: write.save(row, condition=condition), otherwise))

    def update(
        self,
        row: Model,
        actions: list[Action],
        condition: Condition | None = None,
        *,
        otherwise: Refusal | None = None,
    ) -> None:
        def apply(write: TransactWrite) -> None:
            write.update(row, actions=actions, condition=condition)

        self._updates.append(_Operation(apply, otherwise))

    def delete(
        self, row: Model, condition: Condition | None = None, *, otherwise: Refusal | None = None
    ) -> None:
        self._deletes.append(_Operation(lambda write: write.delete(row, condition=condition), otherwise))

    def check(
        self,
        model: type[Model],
        hash_key: str,
        range_key: str | None,
        condition: Condition,
        *,
        otherwise: Refusal | None = None,
    ) -> None:
        def apply(write: TransactWrite) -> None:
            write.condition_check(model, hash_key, range_key, condition=condition)

        self._checks.append(_Operation(apply, otherwise))

    def commit(self) -> None:
        operations = [*self._checks, *self._deletes, *self._puts, *self._updates]
        if not operations:
            return
        for attempt in range(_ATTEMPTS):
            try:
                with translated(), TransactWrite(connection=connection()) as write:
                    for operation in operations:
                        operation.apply(write)
                return
            except _Contended:
                # Full jitter: those that collided would otherwise collide again.
                time.sleep(random.uniform(0, _PAUSE * 2**attempt))  # noqa: S311  # no secret depends on it
            except _Refused as refused:
                raise _refusal(operations, refused.codes) from refused
        raise Unavailable("too many writes to the same record at this moment; try again", retry_after=1)


@contextmanager
def transaction() -> Iterator[Transaction]:
    gathered = Transaction()
    yield gathered
    gathered.commit()


class _Refused(Exception):
    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class _Contended(Exception):
    pass


class ConditionFailed(Conflict):
    """A single write's condition did not hold: somebody was faster."""


def _refusal(operations: list[_Operation], codes: list[str]) -> AppError:
    for operation, code in zip(operations, codes, strict=False):
        if code == "ConditionalCheckFailed":
            otherwise = operation.otherwise
            if otherwise is None:
                return ConditionFailed(
                    "somebody changed it at the same moment; read it again, then try again"
                )
            return otherwise() if callable(otherwise) else otherwise
    return Unavailable(f"the database refused the write ({', '.join(sorted(set(codes)))}); try again")


class _Connection(Connection):
    @property
    def session(self) -> botocore.session.Session:
        return aws.session()


@cache
def connection() -> Connection:
    """Fails within the request's 30 s, not after it."""
    return _Connection(connect_timeout_seconds=2, read_timeout_seconds=5, max_retry_attempts=2)


def client() -> "DynamoDBClient":
    """The same client without PynamoDB around it, for what its expressions cannot say."""
    bare: Any = connection().client
    shared_client: DynamoDBClient = bare
    return shared_client


@contextmanager
def translated() -> Iterator[None]:
    """PynamoDB's and botocore's errors in our words. The only place that knows their codes."""
    try:
        yield
    except DoesNotExist:
        raise
    except TransactWriteError as error:
        codes = [reason.code if reason else "None" for reason in error.cancellation_reasons]
        if "ConditionalCheckFailed" in codes:
            raise _Refused(codes) from error
        if (codes and set(codes) <= _CONTENTION) or error.cause_response_code in _BUSY:
            raise _Contended from error
        raise _unavailable(error) from error
    except PynamoDBException as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise ConditionFailed(
                "somebody changed it at the same moment; read it again, then try again"
            ) from error
        raise _unavailable(error) from error
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the database does not answer; try again", retry_after=1) from error


_CONTENTION = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_BUSY = {
    "TransactionInProgressException",
    "TransactionConflictException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}


def _unavailable(error: PynamoDBException) -> AppError:
    code = error.cause_response_code or type(error.cause).__name__
    return Unavailable(f"the database does not take this now ({code}); try again", retry_after=1)


def versioned(version: int | None) -> dict[str, Any]:
    """A row's version as PynamoDB wants it: absent, not None, for a row that does not exist yet."""
    return {} if version is None else {"version": version}


def cursor_of(key: dict[str, Any] | None) -> str | None:
    """An opaque cursor of DynamoDB's LastEvaluatedKey; not secret: it holds keys the caller has seen."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def key_of(cursor: str | None, *, within: dict[str, str], names: set[str]) -> dict[str, Any] | None:
    """The key behind a cursor, if it lies in the list that the caller may read.

    `within` are the attributes that all keys of the list share, `names` those in which they differ.
    """
    if cursor is None:
        return None
    try:
        key: dict[str, dict[str, str]] = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
        values = {name: part["S"] for name, part in key.items() if part.keys() == {"S"}}
        if (
            values.keys() == key.keys() == within.keys() | names
            and within.items() <= values.items()
            and all(0 < len(value.encode()) <= _LONGEST_KEY for value in values.values())
        ):
            return dict(key)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        pass
    message = "cursor: not one of this list; leave it out to start from the beginning"
    raise Invalid(message, fields=[FieldError("cursor", message)])
