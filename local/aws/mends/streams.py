"""DynamoDB Streams for a process that runs all day.

moto keeps every record and every iterator for ever, calls every region us-east-1, records writes that changed
nothing, and answers a trimmed or forgotten position with an internal error.
https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/table.py#L205 and
https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodbstreams/models.py#L13
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord, StreamShard
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator, dynamodbstreams_backends

from local.aws.mends.patch import replace

# DynamoDB keeps 24 hours; a load test's would not fit in memory, so their number is bounded instead.
KEPT_RECORDS = 20_000
KEPT_ITERATORS = 1_000
_TRIM_STEP = 1_000

_arrived = threading.Condition()
_backend_init = DynamoDBStreamsBackend.__init__


def install() -> None:
    replace(StreamShard, "add", add)
    replace(StreamShard, "get", get)
    replace(DynamoDBStreamsBackend, "__init__", init_backend)
    replace(DynamoDBStreamsBackend, "get_records", get_records)


class _Recent(OrderedDict[str, ShardIterator]):
    """An iterator may be used again (a client that retries does), but not for ever."""

    def __setitem__(self, name: str, iterator: ShardIterator) -> None:
        super().__setitem__(name, iterator)
        if len(self) > KEPT_ITERATORS:
            self.popitem(last=False)


def init_backend(self: DynamoDBStreamsBackend, *args: Any, **kwargs: Any) -> None:
    _backend_init(self, *args, **kwargs)
    self.shard_iterators = _Recent()


def add(self: StreamShard, old: Item | None, new: Item | None) -> None:
    if old is not None and new is not None and old.attrs == new.attrs:
        return
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    view = (self.table.stream_specification or {})["StreamViewType"]
    number = len(self.items) + self.starting_sequence_number
    record = StreamRecord(self.table, view, name, old, new, number)
    record.record["awsRegion"] = self.table.region_name
    self.items.append(record)
    if len(self.items) >= KEPT_RECORDS + _TRIM_STEP:
        # Numbers are positions counted from here, so the start moves with the trim.
        del self.items[:_TRIM_STEP]
        self.starting_sequence_number += _TRIM_STEP
    with _arrived:
        _arrived.notify_all()


def get(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
    if start < self.starting_sequence_number:
        raise JsonRESTError("TrimmedDataAccessException", "The records at this position have been trimmed")
    first = start - self.starting_sequence_number
    return [record.to_json() for record in self.items[first : first + quantity]]


def get_records(self: DynamoDBStreamsBackend, iterator_arn: str, limit: int) -> dict[str, Any]:
    if iterator_arn not in self.shard_iterators:
        raise JsonRESTError("ExpiredIteratorException", "The iterator is too old: ask for another")
    result: dict[str, Any] = self.shard_iterators[iterator_arn].get(limit)
    return result


def wait_for_records(
    account: str, region: str, iterator_arn: str, seconds: float, gone: Callable[[], bool]
) -> None:
    """Return when GetRecords has something to say, when the time is up, or when nobody is listening."""
    iterator = dynamodbstreams_backends[account][region].shard_iterators.get(iterator_arn)
    if iterator is None:
        return
    shard = iterator.stream_shard

    def has_news() -> bool:
        return iterator.sequence_number < shard.starting_sequence_number + len(shard.items)

    deadline = time.monotonic() + seconds
    with _arrived:
        while not has_news() and not gone() and (left := deadline - time.monotonic()) > 0:
            _arrived.wait(min(left, 1.0))
