"""GET /metrics: the page that Prometheus reads (seeds 000 and 004)."""

from aws_lambda_powertools.event_handler import Response

from shared.http import api, text
from shared.metrics import service

app = api(public=True)


@app.get("/metrics")
def metrics() -> Response[str]:
    return text(service.page(), content_type="text/plain; version=0.0.4; charset=utf-8")


handler = app.handler
