"""The embedded cluster in a process of its own, for tests that talk to its HTTP API."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def emulated(folder: Path) -> Iterator[str]:
    """Its kubeconfig."""
    path = folder / "kubeconfig"
    command = [sys.executable, "-m", "local.cluster", "--port", "0", "--kubeconfig", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:  # it says where it listens once the file is there
                if str(path) in line:
                    break
            yield path.read_text()
        finally:
            process.terminate()
            process.communicate(timeout=10)
