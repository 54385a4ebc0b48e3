"""Makes the cluster look as the tables say: at each wake-up, and by watching once a minute."""

from typing import Any

from shared import workers
from shared.reconciler import run


def handler(event: dict[str, Any], context: Any) -> Any:
    if "Records" in event:
        return workers.process(event, context, lambda message: run.wake(message.body))
    return run.watch(seconds=context.get_remaining_time_in_millis() / 1000)
