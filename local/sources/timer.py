"""Schedules. Beats are skipped while two invocations of one schedule still run; AWS would pile them up."""

import asyncio
import time
import uuid

from local.sources.loops import Invoke, logger
from local.sources.rules import next_beat
from local.sources.shapes import scheduled_event
from local.template import Function, Schedule, Template

_AT_ONCE = 2
# A machine that slept wakes up late: look at the clock now and then.
_GLANCE = 5.0


class Timer:
    def __init__(self, template: Template, function: Function, schedule: Schedule, invoke: Invoke) -> None:
        rule = f"rule/{template.stack_name}-{function.id}"
        self._rule = f"arn:aws:events:{template.region}:{template.account}:{rule}"
        self._function = function
        self._schedule = schedule
        self._invoke = invoke
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as invocations:
            beat = time.time()  # once at start-up: nobody wants to wait for the first beat
            while True:
                self._fire(beat, invocations)
                beat = next_beat(self._schedule, time.time())
                while (left := beat - time.time()) > 0:
                    await asyncio.sleep(min(left, _GLANCE))

    def _fire(self, beat: float, invocations: asyncio.TaskGroup) -> None:
        if len(self._running) >= _AT_ONCE:
            logger.warning("%s: %d still run, this beat is skipped", self._function.id, len(self._running))
            return
        task = invocations.create_task(self._call(beat))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _call(self, beat: float) -> None:
        try:
            await self._invoke(self._function.id, scheduled_event(str(uuid.uuid4()), self._rule, beat))
        except Exception as error:  # noqa: BLE001 - the next beat is the retry
            logger.warning("%s failed on schedule: %s", self._function.id, error)
