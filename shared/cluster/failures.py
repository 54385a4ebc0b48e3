"""The cluster's answers in our words, translated once. Statuses and causes:
https://kubernetes.io/docs/reference/using-api/api-concepts/ and `metav1.Status`."""

import json
from typing import Any

from shared.cluster.port import Refused
from shared.errors import AppError, Conflict, Gone, NotFound, Unavailable

_PASSING = {408, 425, 429}


def from_status(status: int, body: bytes, *, retry_after: str | None = None) -> AppError:
    said = _status(body)
    message = said.get("message") or f"the cluster answered {status}"
    reason = said.get("reason") or str(status)
    if status >= 500 or status in _PASSING:
        return Unavailable(f"the cluster cannot answer now: {message}", retry_after=_seconds(retry_after))
    if status == 401:
        return Unavailable("the cluster does not accept our credentials: renew the kubeconfig in its secret")
    if _terminating(said):
        return Unavailable(f"the cluster is still deleting the namespace: {message}", retry_after=5)
    words: dict[int, type[AppError]] = {404: NotFound, 409: Conflict, 410: Gone}
    return words[status](message) if status in words else Refused(reason, message)


def from_transport(error: Exception) -> Unavailable:
    return Unavailable(f"the cluster does not answer ({type(error).__name__})", retry_after=2)


def _status(body: bytes) -> dict[str, Any]:
    """Proxies in front of a cluster answer in HTML; such a body only loses us the reason."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _terminating(said: dict[str, Any]) -> bool:
    causes = (said.get("details") or {}).get("causes") or []
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def _seconds(retry_after: str | None) -> int | None:
    return int(retry_after) if retry_after and retry_after.isdecimal() else None
