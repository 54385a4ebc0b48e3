"""What a handler loads is what its cold start pays for. Each is imported by a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

NEVER = {
    "aws_xray_sdk",
    "boto3",
    "fastapi",
    "httpx",
    "jsonschema",
    "moto",
    "numpy",
    "pytest",
    "requests",
    "starlette",
    "local",
}
# The Kubernetes client costs a third of a second, and brings requests along.
CLUSTER = {"handlers.functions.logs", "handlers.health.readyz", "handlers.workers.reconcile"}
WORKERS = ["handlers.workers.project", "handlers.workers.reconcile"]


def loaded(module: str, root: Path) -> set[str]:
    script = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def held_to_the_list(module: str, root: Path) -> None:
    packages = {name.partition(".")[0] for name in loaded(module, root)}
    assert ("kubernetes" in packages) is (module in CLUSTER)
    brought_along = {"requests"} if module in CLUSTER else set()
    assert packages & NEVER == brought_along


def test_it_loads_nothing_that_it_does_not_need(handler: ModuleType, root: Path) -> None:
    held_to_the_list(handler.__name__, root)


@pytest.mark.parametrize("worker", WORKERS)
def test_workers_do_not_either(worker: str, root: Path) -> None:
    held_to_the_list(worker, root)


def test_importing_needs_no_setting_and_no_network(root: Path) -> None:
    """The environment above is empty; a client that were made on import would ask for a region."""
    assert "shared.config" in loaded("handlers.functions.create", root)
