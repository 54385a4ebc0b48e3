"""`make demo` keeps what its transcript promises."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest


@pytest.mark.timeout(150)
def test_the_demo_ends_well(stack, pytestconfig):
    ran = subprocess.run(
        [sys.executable, "-m", "local.demo", "--port", str(urlsplit(stack.url).port)],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        timeout=140,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.rstrip().endswith("Everything did what it says.")
