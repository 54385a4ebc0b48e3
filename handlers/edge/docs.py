"""GET /docs: the API's reference to read and to try out, whole in one page, so that it works offline."""

from aws_lambda_powertools.event_handler import Response

from shared.http import api, text
from shared.http.reference import page

app = api(public=True)


@app.get("/docs")
def docs() -> Response[str]:
    return text(page(), content_type="text/html; charset=utf-8")


handler = app.handler
