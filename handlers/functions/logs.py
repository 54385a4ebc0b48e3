"""GET /v1/functions/{name}/logs: its pods' lines; follow=true goes on, as text or as server-sent events."""

from aws_lambda_powertools.event_handler import Response

from shared.functions import logs
from shared.functions.log_models import LogRequest
from shared.http import Accept, Caller, LastEventId, LogFollow, LogTail, LogTimestamps, api, text_stream

app = api()


@app.get("/v1/functions/<name>/logs")
def read(
    name: str,
    caller: Caller,
    tail: LogTail = 100,
    follow: LogFollow = False,
    timestamps: LogTimestamps = False,
    accept: Accept = None,
    after: LastEventId = None,
) -> Response[str]:
    request = LogRequest(tail=tail, follow=follow, timestamps=timestamps, after=after or "")
    lines = logs.lines(name, request, owner=caller, seconds=app.stream_seconds)
    shown = ((line.time, line.shown(timestamps=timestamps)) if line else None for line in lines)
    return text_stream(app, shown, accept=accept)


handler = app.handler
stream = app.stream
