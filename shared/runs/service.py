"""Starting runs, reporting what became of them, and waiting for them."""

import time
from contextlib import suppress
from datetime import datetime

from shared.errors import Unavailable
from shared.events import store as events
from shared.runs import rules, store
from shared.runs.models import STATE_FACTS, Run, RunObservation, RunOutput
from shared.store import ConditionFailed, transaction

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


def report(
    run: Run, seen: RunObservation, *, output: RunOutput | None, now: datetime, fence: int
) -> Run | None:
    """What the cluster shows, written over the version it was compared with. None: somebody was faster."""
    if not rules.may_follow(run.state, seen.state):
        return None
    after = rules.observed(run, seen, now=now, fence=fence)
    try:
        with transaction() as write:
            store.replace(write, after)
            if output is not None and after.state.final:
                store.add_output(write, after, output)
            if after.state is not run.state:
                events.append(write, STATE_FACTS[after.state].of(after), now=now)
    except ConditionFailed:
        return None
    return after.model_copy(update={"version": (run.version or 0) + 1})


def wait(run: Run, *, seconds: float) -> Run:
    """The run when it is final, or as it is when the time is up. One small read a look, ever more rarely."""
    give_up = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while not run.state.final and (left := give_up - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        with suppress(Unavailable):  # the run is stored: not seeing it for a while is no failure of it
            run = store.get(run.id) or run
    return run
