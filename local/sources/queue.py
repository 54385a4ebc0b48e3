"""SQS event source mappings: batches from a queue to a function, and only what succeeded leaves the queue."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from local.sources.aws import Aws, AwsError
from local.sources.loops import Invoke, logger, repeat
from local.sources.rules import failed_items
from local.sources.shapes import queue_event
from local.template import Function, QueueSource, Template

_LONG_POLL = 20
_PER_CALL = 10
# Lambda takes 6 MB; the rest of the event needs room too.
_MOST_BYTES = 5_000_000
_GIVE_BACK_WITHIN = 1.0
# When polling stops, messages may just be travelling here: unread, they would stay hidden.
_ON_ITS_WAY = 0.05

Message = dict[str, Any]


class QueuePoller:
    def __init__(
        self,
        aws: Aws,
        template: Template,
        endpoint: str,
        function: Function,
        source: QueueSource,
        invoke: Invoke,
    ) -> None:
        name = template.resources[source.queue].name
        self._aws = aws
        self._url = f"{endpoint}/{template.account}/{name}"
        self._arn = f"arn:aws:sqs:{template.region}:{template.account}:{name}"
        self._region = template.region
        self._function = function
        self._source = source
        self._invoke = invoke
        self._slots = asyncio.Semaphore(source.concurrency)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as batches:

            async def step() -> bool:
                async with self._slots:
                    messages = await self._collect()
                if messages:
                    # Nothing runs between leaving the slot and taking it again.
                    await self._slots.acquire()
                    batches.create_task(self._handle(messages))
                return True

            await repeat(f"{self._function.id} from {self._source.queue}", step)

    async def _collect(self) -> list[Message]:
        messages = await self._receive(self._source.batch_size, _LONG_POLL)
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._source.window
        while messages and (left := deadline - clock()) > 0:
            room = self._source.batch_size - len(messages)
            if room == 0 or sum(len(message["Body"]) for message in messages) > _MOST_BYTES:
                break
            try:
                messages += await self._receive(room, min(_LONG_POLL, math.ceil(left)))
            except AwsError:  # it will show again at the next receive; these messages need not wait for it
                break
            except asyncio.CancelledError:
                await self._give_back(messages)
                raise
        return messages

    async def _receive(self, count: int, wait: int) -> list[Message]:
        request = {
            "QueueUrl": self._url,
            "MaxNumberOfMessages": min(_PER_CALL, count),
            "WaitTimeSeconds": wait,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        call = asyncio.ensure_future(self._aws.call("sqs", "ReceiveMessage", request, wait=wait))
        try:
            answer = await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait({call}, timeout=_ON_ITS_WAY)
            if call.done() and call.exception() is None:
                await self._give_back(call.result().get("Messages", []))
            call.cancel()
            raise
        received: list[Message] = answer.get("Messages", [])
        return received

    async def _handle(self, messages: list[Message]) -> None:
        try:
            await self._delete(await self._succeeded(messages))
        except AwsError as error:
            logger.warning("%s: messages come again: %s", self._source.queue, error)
        except asyncio.CancelledError:
            await self._give_back(messages)
            raise
        finally:
            self._slots.release()

    async def _succeeded(self, messages: list[Message]) -> list[Message]:
        try:
            response = await self._invoke(self._function.id, queue_event(messages, self._arn, self._region))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the messages stay
            logger.warning("%s failed with %d messages: %s", self._function.id, len(messages), error)
            return []
        if not self._source.partial_failures:
            return messages
        failed = failed_items(response, [message["MessageId"] for message in messages])
        return [message for message in messages if message["MessageId"] not in failed]

    async def _delete(self, messages: Sequence[Message]) -> None:
        await self._in_tens("DeleteMessageBatch", messages)

    async def _give_back(self, messages: Sequence[Message]) -> None:
        """Nobody works on them any more, so they need not wait until their visibility has run out."""
        with suppress(AwsError, TimeoutError):
            async with asyncio.timeout(_GIVE_BACK_WITHIN):
                await self._in_tens("ChangeMessageVisibilityBatch", messages, VisibilityTimeout=0)

    async def _in_tens(self, operation: str, messages: Sequence[Message], **values: Any) -> None:
        for start in range(0, len(messages), _PER_CALL):
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"], **values}
                for index, message in enumerate(messages[start : start + _PER_CALL])
            ]
            await self._aws.call("sqs", operation, {"QueueUrl": self._url, "Entries": entries})
