"""The reference page: Swagger UI, from the copy that Powertools ships, with our description inside."""

import json
from functools import cache
from importlib import resources

from aws_lambda_powertools.event_handler.openapi.swagger_ui.html import generate_swagger_html

from shared.http.catch_all import description


@cache
def page() -> str:
    assets = resources.files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    html = generate_swagger_html(
        spec=json.dumps(description()).replace("</", "<\\/"),
        swagger_js=assets.joinpath("swagger-ui-bundle.min.js").read_text(encoding="utf-8"),
        swagger_css=assets.joinpath("swagger-ui.min.css").read_text(encoding="utf-8"),
        swagger_base_url="",
        oauth2_config=None,
        persist_authorization=True,
    )
    # Powertools' page would link to itself for the description; ours has a place of its own.
    html = html.replace('currentUrl.pathname + "?format=json"', '"/openapi.json"')
    return html.replace("<title>Swagger UI</title>", "<title>EventFlow API</title>")
