"""Cold start of every handler against a bare botocore one, and what a warm request costs."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from local.stack import PROJECT, Stack
from tests.bench.report import heading, table

BUDGET = 1.6
"""Times a bare botocore handler: the design's limit for handlers that do not talk to the cluster."""

ROUNDS = 7
WARM = 40
CLUSTER = {"functions/logs", "health/readyz", "workers/reconcile"}
WORKERS = {"workers/reconcile", "workers/project"}


def run(stack: Stack) -> bool:
    heading(f"Cold start: CPU of import and first answer, n={ROUNDS - 1} processes each; warm: n={WARM}")
    with tempfile.TemporaryDirectory() as folder:
        events = _events(stack, Path(folder))
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in events}
        for round_number in range(ROUNDS):
            for name, path in events.items():
                warm = WARM if round_number == 0 and _repeatable(name) else 0
                found[name].append(_probe(stack, name, path, warm, folder))
    bare = _median(found.pop("bare"), "cold_cpu_ms")
    rows = [("handler", "cold ms", "vs bare", "status", "warm ms", "vs its AWS calls", "AWS calls")]
    rows.append(("bare botocore GetItem", f"{bare:.0f}", "1.00", "", "", "", "GetItem"))
    over = []
    for name, runs in found.items():
        ratio = _median(runs, "cold_cpu_ms") / bare
        if ratio > BUDGET and name not in CLUSTER:
            over.append(f"{name} {ratio:.2f}")
        rows.append((name, f"{_median(runs, 'cold_cpu_ms'):.0f}", f"{ratio:.2f}", *_warm(runs[0])))
    table(rows)
    verdict = f"over: {', '.join(over)}" if over else "held"
    print(f"budget {BUDGET} (not for those with the cluster's client): {verdict}")
    return not over


def _warm(first: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if "warm_ms" not in first:
        return str(first["status"]), "", "", ""
    calls = ", ".join(
        f"{count} {name}" if count > 1 else name for name, count in Counter(first["calls"]).items()
    )
    return str(first["status"]), f"{first['warm_ms']:.1f}", f"{first['ratio']:.2f}", calls


def _repeatable(name: str) -> bool:
    return name not in WORKERS | {"functions/delete", "bare"}


def _events(stack: Stack, folder: Path) -> dict[str, Path]:
    """The sample events, made real: a valid token, a function and an invocation."""
    with httpx.Client(base_url=stack.url, timeout=30) as client:
        token = client.post("/auth/token", json={"user_id": "bench"}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        wanted = {"name": "bench", "image": "nginx:alpine"}
        client.post("/v1/functions", json=wanted).raise_for_status()
        invocation = client.post("/v1/functions/bench:invoke").json()["invocation_id"]
    paths = {"bare": folder / "bare.json"}
    paths["bare"].write_text("{}")
    for source in sorted((PROJECT / "events").glob("*/*.json")):
        name = f"{source.parent.name}/{source.stem}"
        event = json.loads(source.read_text())
        if "rawPath" not in event or name in WORKERS:
            continue
        event["headers"]["authorization"] = f"Bearer {token}"
        parameters = event.get("pathParameters", {})
        if "id" in parameters:
            parameters["id"] = invocation
        if "name" in parameters:
            parameters["name"] = "bench:invoke" if name == "functions/invoke" else "bench"
        path = event["routeKey"].partition(" ")[2] if event["routeKey"] != "$default" else event["rawPath"]
        for key, value in parameters.items():
            path = path.replace(f"{{{key}}}", value)
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        target = folder / f"{source.parent.name}.{source.stem}.json"
        target.write_text(json.dumps(event))
        paths[name] = target
    paths["functions/delete"] = paths.pop("functions/delete")  # last: what it deletes, the others read
    return paths


def _probe(stack: Stack, name: str, event: Path, warm: int, folder: str) -> dict[str, Any]:
    module = "bare" if name == "bare" else "handlers." + name.replace("/", ".")
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        **stack.environment,
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "PYTHONPYCACHEPREFIX": f"{folder}/pycache",  # the layers ship byte code; round one makes it
    }
    command = [sys.executable, "-m", "tests.bench.probe", module, str(event), str(warm)]
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _median(runs: list[dict[str, Any]], key: str) -> float:
    return statistics.median(run[key] for run in runs[1:])
