"""POST /v1/functions: registers a function; the reconciler brings it up."""

from shared.functions import service
from shared.functions.models import CreateFunction, FunctionView
from shared.http import Caller, api

app = api()


@app.post("/v1/functions", status_code=201)
def create(function: CreateFunction, caller: Caller) -> FunctionView:
    return FunctionView.of(service.create(function, owner=caller, now=app.now))


handler = app.handler
