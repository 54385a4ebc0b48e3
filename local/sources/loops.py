"""How every source keeps going: a failed step is told once, and tried again after a growing pause."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from local.sources.rules import delay

Invoke = Callable[[str, Any], Awaitable[Any]]

logger = logging.getLogger("local.sources")


async def repeat(name: str, step: Callable[[], Awaitable[bool]]) -> None:
    """Until a step says False."""
    failures = 0
    going = True
    while going:
        try:
            going = await step()
            failures = 0
        except Exception as error:  # noqa: BLE001 - a source that dies silently is the worst that it can do
            if failures == 0:
                logger.warning("%s: %s: %s; trying again", name, type(error).__name__, error)
            await asyncio.sleep(delay(failures))
            failures += 1
