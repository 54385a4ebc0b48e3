"""Shapes of the probes."""

from shared.models import View


class HealthView(View):
    status: str


class ReadyView(View):
    status: str
    checks: dict[str, str]
    """Dependency → `ok`."""
