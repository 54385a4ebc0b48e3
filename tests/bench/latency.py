"""How long a person waits: from create to Running, and from invoke to result, on this machine's emulator."""

import time

import httpx

from local.stack import Stack
from tests.bench.report import heading, spread

ROUNDS = 20


def run(stack: Stack) -> bool:
    heading("Latency through HTTP on the emulator")
    with httpx.Client(base_url=stack.url, timeout=40) as client:
        token = client.post("/auth/token", json={"user_id": "bench"}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        print(f"create → Running (simulated image)  {spread(_starts(client))}")
        results, phases = _invocations(client)
    print(f"invoke → result (`print(1)`)        {spread(results)}")
    for name, values in phases.items():
        print(f"    of which {name:<27}{spread(values)}")
    return True


def _starts(client: httpx.Client) -> list[float]:
    taken = []
    for number in range(ROUNDS):
        begin = time.perf_counter()
        client.post(
            "/v1/functions", json={"name": f"bench-{number}", "image": "nginx:alpine"}
        ).raise_for_status()
        while client.get(f"/v1/functions/bench-{number}").json()["status"] != "Running":
            time.sleep(0.01)
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def _invocations(client: httpx.Client) -> tuple[list[float], dict[str, list[float]]]:
    wanted = {"name": "print", "image": "python:3.11", "command": ["python", "-c", "print(1)"]}
    client.post("/v1/functions", json=wanted).raise_for_status()
    taken: list[float] = []
    phases: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        answer = client.post("/v1/functions/print:invoke", headers={"Prefer": "wait=25"}).json()
        if answer["status"] != "completed":
            raise RuntimeError(f"an invocation did not complete: {answer}")
        taken.append((time.perf_counter() - begin) * 1000)
        for name, milliseconds in answer["invocation"]["timings_ms"].items():
            phases.setdefault(name, []).append(milliseconds)
    return taken, phases
