"""GET /readyz: every dependency answers; else 503 with the one that does not (seed 000)."""

from shared.health import service
from shared.health.models import ReadyView
from shared.http import api

app = api(public=True)


@app.get("/readyz")
def readyz() -> ReadyView:
    return service.ready()


handler = app.handler
