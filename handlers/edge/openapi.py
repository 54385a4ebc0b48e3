"""GET /openapi.json: the description of the whole API (OpenAPI 3.1), generated from the handlers."""

from typing import Any

from shared.http import api
from shared.http.catch_all import description

app = api(public=True)


@app.get("/openapi.json")
def openapi() -> dict[str, Any]:
    return description()


handler = app.handler
