"""GET /healthz: this process answers (seed 000)."""

from shared.health.models import HealthView
from shared.http import api

app = api(public=True)


@app.get("/healthz")
def healthz() -> HealthView:
    return HealthView(status="healthy")


handler = app.handler
