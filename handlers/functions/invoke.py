"""POST /v1/functions/{name}:invoke: starts a run of the function; Prefer: wait=N answers with its result."""

from aws_lambda_powertools.event_handler import Response

from shared.functions import invocations
from shared.functions.invocation_models import InvokedView, InvokeRequest
from shared.http import Caller, IdempotencyKey, Prefer, api, json_reply, wait_of

app = api()


@app.post("/v1/functions/<name>")
def invoke(
    name: str,
    caller: Caller,
    body: InvokeRequest | None = None,
    key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response[InvokedView]:
    accepted = invocations.invoke(name, body or InvokeRequest(), owner=caller, key=key, now=app.now)
    outcome = invocations.wait(accepted, seconds=wait_of(prefer))
    return json_reply(outcome.view, status=outcome.status, headers=outcome.headers)


handler = app.handler
