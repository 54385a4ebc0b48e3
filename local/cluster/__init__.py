"""The embedded Kubernetes: enough of its API for EventFlow, and a kubelet that runs local processes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START = 20.0


@contextmanager
def running_cluster(data: Path, *options: str) -> Iterator[Path]:
    """An emulator in a process of its own, for as long as the block lasts; gives its kubeconfig.

    Containers are local processes, also where there is a Docker: tests are the same everywhere.
    """
    config = data / "kubeconfig"
    data.mkdir(parents=True, exist_ok=True)
    with (data / "cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "local.cluster"),
                *("--kubeconfig", str(config), "--data", str(data), "--runtime", "process", *options),
            ],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _await(config, process, data)
        yield config
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(config: Path, process: subprocess.Popen[bytes], data: Path) -> None:
    deadline = time.monotonic() + _START
    while not config.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (data / "cluster.log").read_text()[-2000:]
            raise RuntimeError(f"the Kubernetes emulator did not start:\n{said}")
        time.sleep(0.01)
