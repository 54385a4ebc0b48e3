"""docs/functions.md: its commands work in the order of the page, and answers have the fields it shows."""

import json
import os
import re
import subprocess

import pytest

BLOCK = re.compile(r"^```(bash|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BETWEEN = "\x1e"


@pytest.fixture
def blocks(pytestconfig):
    """What the page shows, in order: (language, text)."""
    return BLOCK.findall((pytestconfig.rootpath / "docs" / "functions.md").read_text())


@pytest.fixture
def answers(blocks, stack, tool, tmp_path):
    """What each command printed. A refusal ends them all: curl's settings file makes it a failure."""
    tool("curl")
    (tmp_path / ".curlrc").write_text("fail-with-body\n")
    commands = [text for language, text in blocks if language == "bash"]
    script = f"\nprintf '{BETWEEN}'\n".join(commands).replace("http://localhost:8080", stack.url)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ran.returncode == 0, ran.stdout.rpartition(BETWEEN)[2]
    return ran.stdout.split(BETWEEN)


def test_its_commands_work_and_answers_look_as_shown(blocks, answers):
    numbered = iter(answers)
    printed, compared = "", 0
    for language, text in blocks:
        if language == "bash":
            printed = next(numbered)
        elif printed.startswith("{"):
            assert _outline(json.loads(printed)) == _outline(json.loads(text)), printed
            printed, compared = "", compared + 1
    assert compared == 2


def _outline(value):
    """The fields of a document, without their values."""
    if isinstance(value, dict):
        return {name: _outline(inner) for name, inner in value.items()}
    return type(value).__name__
