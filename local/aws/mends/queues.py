"""SQS: every send and receive looks at every message of the queue, and a receive copies them.

https://github.com/getmoto/moto/blob/5.2.5/moto/sqs/models.py#L548
Standard queues get heaps and dictionaries instead, and a long poll whose client left takes nothing.
FIFO queues stay moto's.
"""

import copy
import heapq
import itertools
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from local.aws.connection import client_gone
from local.aws.mends.patch import replace

# How many deleted receipt handles may be deleted again without an error.
_REMEMBERED = 50_000
# How often a waiting receive looks whether its client is still there.
_GLANCE = 1.0
_LONGEST_VISIBILITY = 43_200

_receive_message = SQSBackend.receive_message
_change_message_visibility = SQSBackend.change_message_visibility


def install() -> None:
    replace(models, "Queue", StandardQueue)
    replace(SQSBackend, "receive_message", receive_message)
    replace(SQSBackend, "change_message_visibility", change_message_visibility)


class StandardQueue(Queue):
    dead_letter_queue: Any
    message_retention_period: int

    def __new__(cls, name: str, *args: Any, **kwargs: Any) -> Any:
        if name.endswith(".fifo"):
            return Queue(name, *args, **kwargs)  # type: ignore[abstract] # moto makes them too
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._counter = itertools.count()
        self._messages = []
        self._gone: dict[str | None, None] = {}
        super().__init__(*args, **kwargs)

    @property
    def _messages(self) -> list[Message]:
        return list(self._by_id.values())

    @_messages.setter
    def _messages(self, none: list[Message]) -> None:
        """moto sets it to an empty list: in its constructor, and to purge."""
        self._by_id: dict[str, Message] = {}
        self._by_handle: dict[str | None, Message] = {}
        self._numbers: dict[str, int] = {}
        self._ready: list[tuple[int, Message]] = []
        # When a message can be received next. An entry is a hint: the message says whether it still holds.
        self._later: list[tuple[float, int, Message]] = []
        self._hidden: set[str] = set()
        self._delayed: set[str] = set()

    @property
    def approximate_number_of_messages(self) -> int:
        with self._messages_lock:
            self._promote(unix_time_millis())
            return len(self._by_id) - len(self._hidden)

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        with self._messages_lock:
            self._promote(unix_time_millis())
            return len(self._delayed)

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        with self._messages_lock:
            self._promote(unix_time_millis())
            return len(self._hidden) - len(self._delayed)

    def add_message(self, message: Message) -> None:
        with self._messages_lock:
            self._by_id[message.id] = message
            # A message from another queue (redrive) brings its old handles along.
            message.receipt_handle, message._old_receipt_handles = None, []
            self._numbers[message.id] = next(self._counter)
            self.schedule(message)

    def delete_message(self, receipt_handle: str) -> None:
        with self._messages_lock:
            if receipt_handle not in self._gone:
                self._remove(self.holder(receipt_handle))

    def holder(self, receipt_handle: str) -> Message:
        if receipt_handle not in self._by_handle:
            raise ReceiptHandleIsInvalid
        return self._by_handle[receipt_handle]

    def schedule(self, message: Message) -> None:
        with self._messages_lock:
            when, now = _due(message), unix_time_millis()
            number = self._numbers[message.id]
            if when > now:
                heapq.heappush(self._later, (when, number, message))
                self._hidden.add(message.id)
                if message.delayed_until > now:
                    self._delayed.add(message.id)
            else:
                heapq.heappush(self._ready, (number, message))
                self._hidden.discard(message.id)
            self._messages_lock.notify_all()

    def receive(self, count: int, wait: float, visibility: int) -> list[Message]:
        deadline = unix_time_millis() + wait * 1000
        while True:
            dead: list[Message] = []
            with self._messages_lock:
                now = unix_time_millis()
                self._promote(now)
                taken = [] if client_gone() else self._take(count, visibility, now, dead)
                if not taken and not dead and now < deadline and not client_gone():
                    until = min(deadline, self._later[0][0]) if self._later else deadline
                    self._messages_lock.wait(min(_GLANCE, (until - now) / 1000 + 0.001))
                    continue
            # Outside the lock: the other queue has its own.
            for message in dead:
                self.dead_letter_queue.add_message(message)
            if taken or not dead:
                return taken

    def _promote(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            when, number, message = heapq.heappop(self._later)
            if message.id in self._hidden and _due(message) == when:
                self._hidden.discard(message.id)
                self._delayed.discard(message.id)
                heapq.heappush(self._ready, (number, message))

    def _take(self, count: int, visibility: int, now: float, dead: list[Message]) -> list[Message]:
        taken: list[Message] = []
        most = (self.redrive_policy or {}).get("maxReceiveCount") if self.dead_letter_queue else None
        while self._ready and len(taken) < count:
            _, message = heapq.heappop(self._ready)
            if (
                self._by_id.get(message.id) is not message
                or message.id in self._hidden
                or _due(message) > now
            ):
                continue
            if (message.sent_timestamp or 0) + self.message_retention_period * 1000 <= now:
                self._remove(message)
            elif most is not None and message.approximate_receive_count >= most:
                self._remove(message)
                dead.append(message)
            else:
                message.mark_received(visibility_timeout=visibility)
                self._by_handle[message.receipt_handle] = message
                taken.append(message)
        for message in taken:
            self.schedule(message)
        return taken

    def _remove(self, message: Message) -> None:
        del self._by_id[message.id], self._numbers[message.id]
        self._hidden.discard(message.id)
        self._delayed.discard(message.id)
        for handle in message.all_receipt_handles:
            if self._by_handle.pop(handle, None) is not None:
                self._gone[handle] = None
        while len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]


def receive_message(
    self: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:
    queue = self.get_queue(queue_name)
    if not isinstance(queue, StandardQueue):
        fifo: list[Message] = _receive_message(
            self, queue_name, count, wait_seconds_timeout, visibility_timeout, message_attribute_names
        )
        return fifo
    received = [
        copy.copy(message) for message in queue.receive(count, wait_seconds_timeout, visibility_timeout)
    ]
    for message in received:
        models._filter_message_attributes(message, message_attribute_names or [])
    return received


def change_message_visibility(
    self: SQSBackend, queue_name: str, receipt_handle: str, visibility_timeout: int
) -> None:
    queue = self.get_queue(queue_name)
    if not isinstance(queue, StandardQueue):
        _change_message_visibility(self, queue_name, receipt_handle, visibility_timeout)
        return
    message = queue.holder(receipt_handle)
    if (
        unix_time_millis() + int(visibility_timeout) * 1000 - (message.sent_timestamp or 0)
        > _LONGEST_VISIBILITY * 1000
    ):
        raise InvalidParameterValue(
            f"Value {visibility_timeout} for parameter VisibilityTimeout is invalid. Reason: Total "
            "VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        )
    message.change_visibility(visibility_timeout)
    queue.schedule(message)


def _due(message: Message) -> float:
    due: float = max(message.visible_at, message.delayed_until)
    return due
