"""The one way in: every HTTP handler is an `Api`, which adds identity, ids, error bodies and counters.

    app = api()                  # callers need a token
    app = api(public=True)       # anybody

Powertools' resolver routes and validates; this class owns what all endpoints owe their callers.
"""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, get_args

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.compat import ModelField
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.event_handler.request import Request

from shared import clock, context, strictjson
from shared.errors import AppError, Invalid, MethodNotAllowed, NotFound
from shared.http import families, validation
from shared.http.events import HttpEvent
from shared.http.live import LONG_POLL, NATIVE, Streamed, drained
from shared.identity import service as identity
from shared.identity.models import Principal
from shared.logs import log
from shared.metrics import service as metrics

BODY_LIMIT = 512 * 1024
"""Bytes of a request's body. A DynamoDB item holds 400 KB, and no JSON route needs more."""


def api(*, public: bool = False) -> "Api":
    return Api(public=public)


def current_caller(request: Request) -> Principal:
    caller: Principal = request.context["caller"]
    return caller


Caller = Annotated[Principal, Depends(current_caller)]


class Api(APIGatewayHttpResolver):
    """A Lambda behind one route of the HTTP API (payload format 2.0)."""

    def __init__(self, *, public: bool) -> None:
        super().__init__(
            enable_validation=True,
            serializer=_compact,
            json_body_deserializer=_json_body,
            response_validation_error_http_code=500,
        )
        self.public = public
        self.streaming = False
        self._live: Iterator[bytes] | None = None
        self.now: datetime = clock.now()
        self.asked: HttpEvent
        for kind in (
            AppError,
            RequestValidationError,
            RequestUnsupportedContentType,
            NotFoundError,
            Exception,
        ):
            self.exception_handler(kind)(self._refuse)

    def handler(self, event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
        """The Lambda entry. Never raises: what nobody foresaw is a logged 500 in the path's error family."""
        self.streaming = False
        answer = self._counted_answer(event, lambda_context)
        if self._live is not None:
            answer["body"] = drained(self._live).decode()
        return answer

    def stream(self, event: dict[str, Any], lambda_context: Any) -> Streamed:
        """The entry for hosts that can pass a body on while it is being made."""
        self.streaming = True
        answer = self._counted_answer(event, lambda_context)
        whole = (answer.get("body") or "").encode()
        return Streamed(answer["statusCode"], answer["headers"], self._live or iter([whole]))

    def live(self, chunks: Iterator[bytes], *, content_type: str) -> Response[str]:
        """What a streaming route returns: its generator runs once the headers are out."""
        self._live = chunks
        return Response(200, content_type=content_type, body="", headers={"Cache-Control": "no-store"})

    @property
    def stream_seconds(self) -> float:
        return NATIVE if self.streaming else LONG_POLL

    def _counted_answer(self, event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
        started = time.perf_counter()
        self._live = None
        self.asked = request = HttpEvent(event)
        self.now = clock.now()
        trace = request.trace()
        context.enter(trace)
        answer = self._answer(request, lambda_context)
        answer["headers"] = {
            "X-Request-ID": trace.request_id,
            "X-Correlation-ID": trace.correlation_id,
            "X-Content-Type-Options": "nosniff",
            **answer.get("headers", {}),
        }
        seconds = time.perf_counter() - started
        metrics.count_request(
            request.known_method, request.endpoint, answer["statusCode"], seconds, key=trace.request_id
        )
        return answer

    def _answer(self, request: HttpEvent, lambda_context: Any) -> dict[str, Any]:
        try:
            if request.body_bytes > BODY_LIMIT:
                raise Invalid(f"the body has {request.body_bytes} bytes; at most {BODY_LIMIT} are accepted")
            if not self.public:
                self.context.update(
                    caller=identity.authenticate(request.headers, path=request.path, now=self.now)
                )
            event = request.normalised(takes_body=bool(self._body_parameters))
            return self.resolve(event, lambda_context)
        except Exception as error:  # noqa: BLE001  # the outermost frame: beyond it only Lambda's own 500
            self.context.clear()
            response = self._refuse(error)
            return {
                "statusCode": response.status_code,
                "headers": {"Content-Type": response.content_type, **response.headers},
                "body": response.body,
                "isBase64Encoded": False,
            }

    def _refuse(self, error: Exception) -> Response[str]:
        refusal = self._in_our_words(error)
        path = self.asked.path
        family = families.family_of(path)
        request_id = context.current().request_id
        if self.asked.accepts(families.PROBLEM):
            kind = families.PROBLEM
            body = families.problem_of(refusal, family, path=path, request_id=request_id)
        else:
            kind = families.JSON
            body = families.body_of(refusal, family, request_id=request_id, now=self.now)
        status = families.status_of(refusal, family)
        return Response(status, content_type=kind, body=_compact(body), headers=_headers(refusal, status))

    def _in_our_words(self, error: Exception) -> AppError:
        match error:
            case AppError():
                return error
            case RequestValidationError():
                return validation.invalid(error.errors(), known=self._known_fields())
            case RequestUnsupportedContentType():
                return Invalid("the Content-Type is not supported here; send application/json")
            case NotFoundError():
                return NotFound("there is nothing at this path")
            case _:
                errors = error.errors() if isinstance(error, ResponseValidationError) else []
                log.error("request failed", exc_info=error, errors=errors)
                return AppError("something went wrong on our side; it is logged under this request's id")

    @cached_property
    def _body_parameters(self) -> list[ModelField]:
        routes = [*self._static_routes, *self._dynamic_routes]
        return [parameter for route in routes for parameter in route.dependant.body_params]

    def _known_fields(self) -> list[str]:
        """Of the body, which may be optional: `CreateFunction`, or `InvokeRequest | None`."""
        kinds = [kind for each in self._body_parameters for kind in (each.type_, *get_args(each.type_))]
        return [name for kind in kinds for name in getattr(kind, "model_fields", {})]


def _headers(error: AppError, status: int) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allow)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="eventflow"'
    return headers


def routes(app: Api) -> list[tuple[str, str]]:
    """The (method, path) pairs that a handler declares, in the notation of API Gateway."""
    declared = [*app._static_routes, *app._dynamic_routes]
    return [(route.method, route.path.replace("<", "{").replace(">", "}")) for route in declared]


def _json_body(text: str) -> Any:
    body = strictjson.loads(text)
    if isinstance(body, list):
        # Powertools takes the first element for the whole: the resolver is made for forms as well.
        raise Invalid("the body must be a JSON object")
    return body


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
