"""TransactWriteItems copies every table it touches, whole, and puts the copies back when it fails.

So each costs the size of its tables, undoes what others wrote meanwhile, and parts a table from its stream.
https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/__init__.py#L607
Here only the touched items are kept and restored; moto's own rollback puts a table back in its own place.
"""

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.aws.mends.patch import replace
from local.aws.mends.rollback import Key, rolled_back_on_failure

_transact_write_items = DynamoDBBackend.transact_write_items


def install() -> None:
    # This module of moto copies nothing else that is a table: backups are made elsewhere.
    replace(models, "copy", SimpleNamespace(deepcopy=_all_but_tables))
    replace(DynamoDBBackend, "transact_write_items", transact_write_items)


def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    with rolled_back_on_failure(_touched(self, transact_items)):
        _transact_write_items(self, transact_items)


def _all_but_tables(value: Any) -> Any:
    return value if isinstance(value, Table) else copy.deepcopy(value)


def _touched(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> Iterator[tuple[Table, Key]]:
    for item in transact_items:
        for operation, request in item.items():
            table = backend.tables.get(request.get("TableName", ""))
            if table and operation != "ConditionCheck":
                yield table, request.get("Item") or request.get("Key") or {}
