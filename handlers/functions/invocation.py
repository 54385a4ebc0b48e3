"""GET /v1/functions/{name}/invocations/{id}: status, exit code, output, error and timings of one run."""

from shared.functions import invocations
from shared.functions.invocation_models import InvocationView
from shared.http import Caller, api

app = api()


@app.get("/v1/functions/<name>/invocations/<id>")
def get(name: str, id: str, caller: Caller) -> InvocationView:
    return invocations.get(name, id, owner=caller)


handler = app.handler
