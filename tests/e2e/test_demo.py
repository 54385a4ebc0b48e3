"""`make demo` keeps what its transcript promises."""

import socket
import subprocess
import sys

import pytest


@pytest.mark.timeout(180)
def test_the_demo_ends_well_on_a_fresh_stack(pytestconfig):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free_port = probe.getsockname()[1]
    ran = subprocess.run(
        [sys.executable, "-m", "local.demo", "--port", str(free_port)],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.rstrip().endswith("Everything did what it says.")
