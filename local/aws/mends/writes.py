"""One place that hears of every item written, so that indexes can be kept instead of computed.

moto computes every order and every index anew for each request:
https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/table.py#L994
"""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.aws.mends.patch import replace

Listener = Callable[[Table, DynamoType, DynamoType | None, Item | None], None]

listeners: list[Listener] = []

_put_item = Table.put_item
_delete_item = Table.delete_item
_update_item = DynamoDBBackend.update_item


def install() -> None:
    listeners.clear()
    replace(Table, "put_item", put_item)
    replace(Table, "delete_item", delete_item)
    replace(DynamoDBBackend, "update_item", update_item)


def current(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    """The stored item itself. A missing key leaves no empty partition behind, as moto's get_item does."""
    found: Any = table.items.get(hash_key)
    item: Item | None = found if found is None or range_key is None else found.get(range_key)
    return item


def written(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
    item = current(table, hash_key, range_key)
    for listener in listeners:
        listener(table, hash_key, range_key, item)


def put_item(self: Table, *args: Any, **kwargs: Any) -> Item:
    item = _put_item(self, *args, **kwargs)
    written(self, item.hash_key, item.range_key)
    return item


def delete_item(self: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    item = _delete_item(self, hash_key, range_key)
    written(self, hash_key, range_key)
    return item


def update_item(self: DynamoDBBackend, table_name: str, *args: Any, **kwargs: Any) -> Item:
    item = _update_item(self, table_name, *args, **kwargs)
    written(self.get_table(table_name), item.hash_key, item.range_key)
    return item
