"""DELETE /v1/functions/{name}: deletes it, at once for the caller; the reconciler clears the cluster."""

from aws_lambda_powertools.event_handler import Response

from shared.functions import service
from shared.http import Caller, api, no_content

app = api()


@app.delete("/v1/functions/<name>", status_code=204)
def delete(name: str, caller: Caller) -> Response[None]:
    service.delete(name, owner=caller, now=app.now)
    return no_content()


handler = app.handler
