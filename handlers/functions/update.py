"""PATCH /v1/functions/{name}: changes image, replicas, command or env; pods are replaced without a gap."""

from shared.functions import service
from shared.functions.models import FunctionView, UpdateFunction
from shared.http import Caller, api

app = api()


@app.patch("/v1/functions/<name>")
def update(name: str, changes: UpdateFunction, caller: Caller) -> FunctionView:
    return FunctionView.of(service.update(name, changes, owner=caller, now=app.now))


handler = app.handler
