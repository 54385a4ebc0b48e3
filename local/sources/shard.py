"""One shard of a DynamoDB stream: batches in order, and nothing passes a record that failed."""

import asyncio
import json
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any

from local.aws.waiting import LONGEST_WAIT, WAIT_HEADER
from local.sources import rules
from local.sources.aws import Aws, AwsError
from local.sources.checkpoints import Checkpoints
from local.sources.loops import Invoke, logger, repeat
from local.sources.rules import Batch, Verdict
from local.sources.shapes import discarded_batch, stream_event
from local.template import Function, StreamSource, Template

_PER_CALL = 1000
# Where GetRecords does not wait (another emulator), ask as often as Lambda does.
_BETWEEN_EMPTY = 0.25

Record = dict[str, Any]


@dataclass(frozen=True)
class Subscription:
    aws: Aws
    template: Template
    endpoint: str
    function: Function
    source: StreamSource
    invoke: Invoke
    checkpoints: Checkpoints


class ShardReader:
    def __init__(self, subscription: Subscription, stream: str, shard: str, position: str) -> None:
        self._to = subscription
        self._stream = stream
        self._shard = shard
        self._position = position  # where to start without a checkpoint
        self._place = (subscription.function.id, stream, shard)
        self._iterator: str | None = None
        self._todo: deque[Batch] = deque()

    async def run(self) -> None:
        await repeat(f"{self._to.function.id} from {self._to.source.table}", self._step)

    async def _step(self) -> bool:
        if not self._todo and (records := await self._collect()):
            self._todo.append(Batch(tuple(records)))
        # What a failing step leaves here, the next one goes on with.
        while self._todo:
            await self._settle(self._todo[0])
        return self._iterator is not None

    async def _collect(self) -> list[Record]:
        records = await self._read(self._to.source.batch_size, LONGEST_WAIT)
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._to.source.window
        while records and (left := deadline - clock()) > 0 and self._iterator is not None:
            room = self._to.source.batch_size - len(records)
            if room == 0:
                break
            try:
                records += await self._read(room, left)
            except AwsError:  # it will show again at the next read; these records need not wait for it
                break
        return records

    async def _read(self, count: int, wait: float) -> list[Record]:
        asked = time.monotonic()
        try:
            answer = await self._to.aws.call(
                "dynamodbstreams",
                "GetRecords",
                {"ShardIterator": self._iterator or await self._find_place(), "Limit": min(_PER_CALL, count)},
                wait=wait,
                headers={WAIT_HEADER: f"{wait:.3f}"},
            )
        except AwsError as error:
            self._iterator = None
            if error.code == "TrimmedDataAccessException":
                # The checkpoint is older than the stream remembers: go on with what there is.
                self._to.checkpoints.forget(*self._place)
                self._position = "TRIM_HORIZON"
            raise
        self._iterator = answer.get("NextShardIterator")
        records: list[Record] = answer["Records"]
        if not records and time.monotonic() - asked < _BETWEEN_EMPTY:
            await asyncio.sleep(_BETWEEN_EMPTY)
        return records

    async def _find_place(self) -> str:
        request = {"StreamArn": self._stream, "ShardId": self._shard, "ShardIteratorType": self._position}
        if (number := self._to.checkpoints.get(*self._place)) is not None:
            request |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        answer = await self._to.aws.call("dynamodbstreams", "GetShardIterator", request)
        iterator: str = answer["ShardIterator"]
        return iterator

    async def _settle(self, batch: Batch) -> None:
        """Try the first batch, and put what is left of it in its place."""
        failed_at = await self._attempt(batch)
        age = _age(batch.records[failed_at or 0])
        verdict = rules.judge(batch, failed_at, self._to.source, age=age)
        await self._bury(verdict)
        self._todo.popleft()
        self._todo.extendleft(reversed(verdict.todo))
        done = batch.records[: failed_at if verdict.todo else None]
        if done:
            self._to.checkpoints.put(*self._place, _number(done[-1]))
        if verdict.todo and failed_at == 0:
            await asyncio.sleep(rules.delay(verdict.todo[0].failures))

    async def _attempt(self, batch: Batch) -> int | None:
        """The index of the first record that failed."""
        function = self._to.function.id
        try:
            response = await self._to.invoke(function, stream_event(batch.records, self._stream))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the records are tried again
            logger.warning("%s failed with %d records: %s", function, len(batch.records), error)
            return 0
        if not self._to.source.partial_failures:
            return None
        return rules.first_failure(response, [_number(record) for record in batch.records])

    async def _bury(self, verdict: Verdict) -> None:
        """Tell the on-failure destination what was given up."""
        if verdict.discarded is None or verdict.condition is None:
            return
        batch, destination = verdict.discarded, self._to.source.on_failure
        function, template = self._to.function.id, self._to.template
        logger.warning("%s: gave up %d records: %s", function, len(batch.records), verdict.condition)
        if destination is None:
            return
        name = f"{template.stack_name}-{function}"
        message = discarded_batch(
            batch,
            verdict.condition,
            id=str(uuid.uuid4()),
            function_arn=f"arn:aws:lambda:{template.region}:{template.account}:function:{name}",
            stream_arn=self._stream,
            shard=self._shard,
            now=time.time(),
        )
        queue = f"{self._to.endpoint}/{template.account}/{template.resources[destination].name}"
        await self._to.aws.call("sqs", "SendMessage", {"QueueUrl": queue, "MessageBody": json.dumps(message)})


def _number(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _age(record: Record) -> float:
    created: float = record["dynamodb"]["ApproximateCreationDateTime"]
    return time.time() - created
