"""UpdateItem: a failure half way leaves the item half changed, and a new item appears twice in the stream.

https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/__init__.py#L496
moto puts the bare key (one INSERT), changes the item in place, then reports it again (a second INSERT).
"""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamShard

from local.aws.mends.patch import replace
from local.aws.mends.rollback import rolled_back_on_failure

_update_item = DynamoDBBackend.update_item


def install() -> None:
    global _update_item
    _update_item = DynamoDBBackend.update_item
    replace(DynamoDBBackend, "update_item", update_item)


def update_item(
    self: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any
) -> Item:
    table = self.get_table(table_name)
    shard = table.stream_shard
    end = shard.starting_sequence_number + len(shard.items) if shard else 0
    with rolled_back_on_failure([(table, key)]):
        item = _update_item(self, table_name, key, *args, **kwargs)
    if shard:
        _drop_bare_insert(shard, end)
    return item


def _drop_bare_insert(shard: StreamShard, end: int) -> None:
    first = end - shard.starting_sequence_number
    if len(shard.items) - first == 2:
        shard.items[-1].record["dynamodb"]["SequenceNumber"] = str(end)
        del shard.items[first]
