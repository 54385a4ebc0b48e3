"""Every source of a template at once."""

import asyncio
from pathlib import Path

from local.sources.aws import Aws
from local.sources.checkpoints import Checkpoints
from local.sources.loops import Invoke
from local.sources.queue import QueuePoller
from local.sources.shard import Subscription
from local.sources.stream import StreamPoller
from local.sources.timer import Timer
from local.template import Template


async def run_sources(
    template: Template, endpoint: str, invoke: Invoke, *, checkpoints: Path | None = None
) -> None:
    """Until cancelled. `checkpoints`: the file in which stream positions outlive this process."""
    kept = Checkpoints(checkpoints)
    async with Aws(endpoint, template.region) as aws, asyncio.TaskGroup() as sources:
        for function in template.functions.values():
            for queue in function.queues:
                sources.create_task(QueuePoller(aws, template, endpoint, function, queue, invoke).run())
            for stream in function.streams:
                subscription = Subscription(aws, template, endpoint, function, stream, invoke, kept)
                sources.create_task(StreamPoller(subscription).run())
            for schedule in function.schedules:
                sources.create_task(Timer(template, function, schedule, invoke).run())
