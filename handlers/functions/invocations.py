"""GET /v1/functions/{name}/invocations: lists its runs, newest first."""

from aws_lambda_powertools.event_handler import Response

from shared.functions import invocations
from shared.functions.invocation_models import InvocationSummary
from shared.http import Caller, Cursor, Limit, api, bare_list

app = api()


@app.get("/v1/functions/<name>/invocations")
def list_invocations(
    name: str, caller: Caller, limit: Limit = 100, cursor: Cursor = None
) -> Response[list[InvocationSummary]]:
    found = invocations.page(name, owner=caller, limit=limit, cursor=cursor)
    return bare_list(app, found, InvocationSummary.of)


handler = app.handler
