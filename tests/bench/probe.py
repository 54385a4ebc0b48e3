"""Runs in a fresh process: one handler from import to first answer, then warm, with its calls counted.

    python -m tests.bench.probe handlers.functions.get EVENT.json     (or `bare`, the yardstick)

Prints one JSON object. CPU time is the figure to compare: neighbours disturb it least.
"""

import sys
import time

STARTED_CPU, STARTED = time.process_time(), time.perf_counter()

# The deployed layer has no cryptography: HS256 does not need it. Here moto brings it, and PyJWT imports it.
sys.modules["cryptography"] = None  # type: ignore[assignment]


def bare() -> object:
    """The yardstick: botocore, one GetItem, nothing else."""
    import os

    import botocore.session

    client = botocore.session.get_session().create_client("dynamodb")

    def handler(event: dict, context: object) -> dict:
        client.get_item(TableName=os.environ["CONTROL_TABLE"], Key={"key": {"S": "nothing"}})
        return {"statusCode": 200}

    return handler


def main() -> None:
    import importlib
    import json
    import statistics
    from pathlib import Path

    name, path, warm_calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
    handler = bare() if name == "bare" else importlib.import_module(name).handler
    imported = time.process_time()
    event = json.loads(Path(path).read_text())
    answer = handler(event, None)
    first_cpu, first = time.process_time(), time.perf_counter()
    found = {
        "status": answer.get("statusCode", 200),
        "import_cpu_ms": (imported - STARTED_CPU) * 1000,
        "cold_cpu_ms": (first_cpu - STARTED_CPU) * 1000,
        "cold_ms": (first - STARTED) * 1000,
    }
    if warm_calls and name != "bare":
        calls = Calls()
        totals, inside = [], []
        for _ in range(warm_calls):
            calls.reset()
            begin = time.perf_counter()
            handler(event, None)
            totals.append(time.perf_counter() - begin)
            inside.append(calls.seconds)
        found |= {
            "warm_ms": statistics.median(totals) * 1000,
            "ratio": statistics.median(
                total / max(spent, 1e-9) for total, spent in zip(totals, inside, strict=True)
            ),
            "calls": calls.names,
        }
    print(json.dumps(found))


class Calls:
    """AWS calls of one request, and the time spent in them."""

    def __init__(self) -> None:
        from shared import aws

        self.reset()
        events = aws.session().get_component("event_emitter")
        events.register("before-send.*.*", self._count)
        events.register("before-call.*.*", self._begin)
        events.register("after-call.*.*", self._end)
        # A client copies the session's emitter when it is made: forget that of the first call.
        from shared import store

        store.connection()._client = None
        send = aws._send

        def timed(*arguments: object) -> object:
            begin = time.perf_counter()
            try:
                return send(*arguments)
            finally:
                self.seconds += time.perf_counter() - begin

        aws._send = timed

    def reset(self) -> None:
        self.names: list[str] = []
        self.seconds = 0.0
        self._began = 0.0

    def _count(self, event_name: str, **_: object) -> None:
        self.names.append(event_name.rpartition(".")[2])

    def _begin(self, **_: object) -> None:
        self._began = time.perf_counter()

    def _end(self, **_: object) -> None:
        self.seconds += time.perf_counter() - self._began


if __name__ == "__main__":
    main()
