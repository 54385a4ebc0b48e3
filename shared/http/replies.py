"""Answers that are more than a JSON object: lists with their paging headers, text, no content."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response

from shared.http.live import SSE_HEARTBEAT, sse, sse_opening
from shared.http.params import LIST_LIMIT
from shared.models import Page, View

if TYPE_CHECKING:
    from shared.http.api import Api

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound=View)


def json_reply(
    view: Shown, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Shown]:
    return Response(status, content_type="application/json", body=view, headers=dict(headers or {}))


def bare_list(app: "Api", page: Page[Item], view: Callable[[Item], Shown]) -> Response[list[Shown]]:
    """A JSON array; Link says how the list goes on (RFC 8288), X-Total-Count how long it is in all."""
    headers: dict[str, str | list[str]] = {}
    links = _links(app, page)
    if links:
        headers["Link"] = ", ".join(links)
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    body = [view(item) for item in page.items]
    return Response(200, content_type="application/json", body=body, headers=headers)


def text(body: str, *, content_type: str = "text/plain; charset=utf-8") -> Response[str]:
    return Response(200, content_type=content_type, body=body)


def text_stream(app: "Api", lines: Iterable[tuple[str, str] | None], *, accept: str | None) -> Response[str]:
    """Lines as they come, each with the id it can be resumed after: text, or events where those are accepted.

    None is silence; an event stream fills it with comments, which keeps proxies from giving up.
    """
    if "text/event-stream" in (accept or ""):
        return app.live(_as_events(lines), content_type="text/event-stream")
    return app.live(_as_text(lines), content_type="text/plain; charset=utf-8")


def _as_text(lines: Iterable[tuple[str, str] | None]) -> Iterator[bytes]:
    for line in lines:
        if line is not None:
            yield f"{line[1]}\n".encode()


def _as_events(lines: Iterable[tuple[str, str] | None]) -> Iterator[bytes]:
    yield sse_opening()
    for line in lines:
        yield sse(line[1], id=line[0]) if line is not None else SSE_HEARTBEAT


def no_content() -> Response[None]:
    return Response(204)


def _links(app: "Api", page: Page[Any]) -> list[str]:
    """In the caller's own way of paging: by number if they gave one, else by cursor."""
    event = app.current_event
    query = dict(event.query_string_parameters or {})
    number = page.number
    links: list[str] = []

    def link(relation: str, **changed: object) -> None:
        links.append(f'<{event.path}?{urlencode({**query, **changed})}>; rel="{relation}"')

    if number is not None and number > 1:
        link("prev", page=number - 1)
    if page.next is not None:
        # A page that was cut for its size goes on where it ends, not where the next number begins.
        whole = len(page.items) == int(query.get("limit") or LIST_LIMIT)
        link("next", **({"page": number + 1} if number is not None and whole else {"cursor": page.next}))
    return links
