import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.runtime import FunctionError, Throttled

MEET = """
    import os, pathlib, time

    def handler(event, context):
        folder = pathlib.Path(event)
        (folder / f"in-{os.getpid()}").touch()
        while not (folder / "out").exists():
            time.sleep(0.01)
        return os.getpid()
"""


def test_two_events_at_once_never_share_a_process(lambda_, all_at_once, eventually, tmp_path):
    lambda_.function("meet", MEET)
    runtime = lambda_.start()

    async def meet_and_part():
        import asyncio

        meeting = asyncio.gather(*(runtime.invoke("meet", str(tmp_path)) for _ in range(3)))
        while len(list(tmp_path.glob("in-*"))) < 3:
            await asyncio.sleep(0.01)
        (tmp_path / "out").touch()
        return await meeting

    assert len(set(lambda_.run(meet_and_part()))) == 3


def test_beyond_the_limit_events_wait_their_turn(lambda_, all_at_once):
    lambda_.function(
        "nap", "import time\ndef handler(event, context):\n    time.sleep(0.02)\n    return event"
    )
    runtime = lambda_.start(limit=2)
    results = lambda_.run(all_at_once(*(runtime.invoke("nap", number) for number in range(20))))
    assert results == list(range(20))


def test_beyond_the_limit_patience_ends(lambda_, all_at_once, tmp_path):
    lambda_.function("meet", MEET)
    runtime = lambda_.start(limit=1, patience=0.2)

    async def crowd():
        import asyncio

        first = asyncio.create_task(runtime.invoke("meet", str(tmp_path)))
        with pytest.raises(Throttled):
            await asyncio.gather(runtime.invoke("meet", str(tmp_path)), first)
        (tmp_path / "out").touch()
        await first

    lambda_.run(crowd())


def test_an_idle_worker_makes_room_for_another_function(lambda_):
    source = "def handler(event, context): return event"
    for name in ("one", "two", "three"):
        lambda_.function(name, source)
    lambda_.start(limit=1)
    assert [lambda_.invoke(name, name) for name in ("one", "two", "three", "one")] == [
        "one",
        "two",
        "three",
        "one",
    ]


def test_a_worker_that_died_while_idle_is_replaced(lambda_, eventually):
    lambda_.function("pid", "import os\ndef handler(event, context): return os.getpid()")
    first = lambda_.invoke("pid")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{first}").exists())

    def answered() -> bool:
        try:
            return lambda_.invoke("pid") != first
        except FunctionError:
            return False

    assert eventually(answered)


def test_random_numbers_and_ids_differ_between_workers(lambda_, all_at_once):
    lambda_.function(
        "dice",
        "import random, time\ndef handler(event, context):\n    time.sleep(0.1)\n    return random.random()",
    )
    runtime = lambda_.start()
    rolled = lambda_.run(all_at_once(*(runtime.invoke("dice", None) for _ in range(4))))
    assert len(set(rolled)) == 4


ORPHANS = """
import asyncio, pathlib, sys
from local.runtime import Runtime
from local.template import Function, Template

folder = pathlib.Path(sys.argv[1])

async def main():
    function = Function("meet", "handlers.meet.handler", 60, 128, {})
    template = Template({"meet": function}, {}, "test", {})
    async with Runtime(template, {}, project=folder, log=folder / "log") as runtime:
        await asyncio.gather(*(runtime.invoke("meet", str(folder)) for _ in range(2)))

asyncio.run(main())
"""


def test_nothing_outlives_a_runtime_that_is_killed(lambda_, eventually):
    lambda_.function("meet", MEET)
    root = Path(__file__).parents[3]
    owner = subprocess.Popen([sys.executable, "-c", ORPHANS, str(lambda_.folder)], cwd=root)
    pids = eventually(lambda: (found := list(lambda_.folder.glob("in-*")))[1:] and found)
    family = {int(path.name[3:]) for path in pids} | _descendants(owner.pid)
    assert len(family) >= 4  # two zygotes, two workers
    owner.kill()
    owner.wait()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))


def _descendants(pid: int) -> set[int]:
    children = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return children.union(*(_descendants(child) for child in children))
