"""GET /v1/functions/{name}: one function, with its status and, where it failed, why."""

from shared.functions import service
from shared.functions.models import FunctionView
from shared.http import Caller, api

app = api()


@app.get("/v1/functions/<name>")
def get(name: str, caller: Caller) -> FunctionView:
    return FunctionView.of(service.get(name, owner=caller))


handler = app.handler
