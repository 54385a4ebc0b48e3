"""The bodies of errors that no handler gave: a crash, a timeout, a refusal by the gateway itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

RenderError = Callable[[str, int, str, str], dict[str, Any]]
"""(path, status, message, request id) → body"""


def error_renderer(project: Path) -> RenderError:
    """The product's own error families if the project has them, else what API Gateway says."""
    if not (project / "shared" / "http" / "families.py").is_file():
        return _as_aws
    from shared.http.families import render_gateway_error

    return render_gateway_error


def _as_aws(_path: str, _status: int, message: str, _request_id: str) -> dict[str, Any]:
    return {"message": message}
