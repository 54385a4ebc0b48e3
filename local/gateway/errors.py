"""The bodies of errors that no handler gave: a crash, a timeout, a refusal by the gateway itself."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

RenderError = Callable[[str, int, str, str], dict[str, Any]]
"""(path, status, message, request id) → body"""


def error_renderer(project: Path) -> RenderError:
    """The product's own error families if the project has them, else what API Gateway says."""
    families = project / "shared" / "http" / "families.py"
    if not families.is_file():
        return _as_aws
    # By its path: importing it by its name imports the package around it, and so Powertools, which takes
    # longer than all the rest of the gateway's start.
    spec = importlib.util.spec_from_file_location("product_error_families", families)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    render: RenderError = module.render_gateway_error
    return render


def _as_aws(_path: str, _status: int, message: str, _request_id: str) -> dict[str, Any]:
    return {"message": message}
