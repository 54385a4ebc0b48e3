"""GET /v1/functions: lists the caller's functions, newest first, as a bare array; paging goes in headers."""

from aws_lambda_powertools.event_handler import Response

from shared.functions import service
from shared.functions.models import FunctionView
from shared.http import LIST_LIMIT, Caller, Cursor, Limit, PageNumber, api, bare_list

app = api()


@app.get("/v1/functions")
def list_functions(
    caller: Caller, page: PageNumber = None, limit: Limit = LIST_LIMIT, cursor: Cursor = None
) -> Response[list[FunctionView]]:
    return bare_list(
        app, service.page(owner=caller, number=page, limit=limit, cursor=cursor), FunctionView.of
    )


handler = app.handler
