from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from local.template import Template, load


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Template]:
    """A template from YAML text; keyword arguments override its parameters."""

    def load_text(text: str, **overrides: Any) -> Template:
        path = tmp_path / "template.yaml"
        path.write_text(dedent(text))
        return load(path, overrides, aws_endpoint="http://127.0.0.1:4566")

    return load_text
