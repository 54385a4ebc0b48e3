"""The HTTP side of the emulator: one entry that finds the target of a path and what to do with it."""

import base64
import binascii
import logging
import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.cluster import deletion, errors
from local.cluster.api import discovery, openapi, requests, scale, views
from local.cluster.api.logs import LogReader, log_stream
from local.cluster.api.reads import listing
from local.cluster.api.requests import DeleteOptions
from local.cluster.api.streams import Stream
from local.cluster.api.targets import Target, parse
from local.cluster.api.watch import Watch
from local.cluster.api.writes import APPLY, Writes
from local.cluster.objects import Object, encode
from local.cluster.resources import NAMESPACES, Kind
from local.cluster.store import Store

log = logging.getLogger(__name__)

_HEALTH = ("/healthz", "/livez", "/readyz")


class Api:
    def __init__(self, store: Store, writes: Writes, logs: LogReader, token: str) -> None:
        self._store = store
        self._writes = writes
        self._logs = logs
        self._token = token
        self._verbs: dict[str, Callable[[Request, Target], Awaitable[ASGIApp]]] = {
            "GET": self._get,
            "POST": self._post,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except errors.ApiError as error:
            response = _json(error.status(), error.code)
        except Exception as error:  # the edge: a bug here is told as the real one tells its own
            log.exception("request failed: %s %s", request.method, request.url.path)
            response = _json(
                errors.ApiError(500, "InternalError", f"Internal error occurred: {error!r}").status(), 500
            )
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        if not self._allowed(request.headers.get("authorization", "")):
            raise errors.unauthorized()
        path = request.url.path
        if path.startswith(_HEALTH):
            return PlainTextResponse("ok")
        if (document := discovery.document(path) or openapi.document(path)) is not None:
            return _json(document)
        target = parse(path)
        verb = self._verbs.get(request.method)
        if verb is None or (target.kind.read_only and request.method != "GET"):
            raise errors.method_not_allowed()
        return await verb(request, target)

    def _allowed(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        if scheme.lower() == "basic":
            # kubectl sends no bearer token over plain HTTP, but it does send the user of a URL.
            try:
                given = base64.b64decode(given).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        return secrets.compare_digest(given.encode(), self._token.encode())

    async def _get(self, request: Request, target: Target) -> ASGIApp:
        if requests.flag(request, "watch"):
            watch = Watch(self._store, requests.watch_query(request, target))
            return Stream(watch.chunks(), "application/json")
        if not target.name:
            return _json(listing(self._store, target.kind, requests.list_query(request, target)))
        item = views.shown(target.kind, self._store.need(views.stored(target.kind), target.key))
        if target.subresource == "log":
            return await log_stream(request, item, self._logs)
        return _json(scale.view(item) if target.subresource == "scale" else item)

    async def _post(self, request: Request, target: Target) -> ASGIApp:
        if target.name or (target.kind.namespaced and target.namespace is None):
            raise errors.method_not_allowed()
        content = await requests.body(request)
        made = self._writes.create(
            target.kind, target.namespace or "", content, requests.options(request, target)
        )
        return _json(made, 201)

    async def _put(self, request: Request, target: Target) -> ASGIApp:
        if not target.name or target.subresource == "log":
            raise errors.method_not_allowed()
        content, options = await requests.body(request), requests.options(request, target)
        if target.subresource == "scale":
            live = self._store.need(target.kind, target.key)
            changed = self._writes.replace(target.kind, target.key, scale.applied(live, content), options)
            return _json(scale.view(changed or live))
        if target.subresource == "finalize":
            return _json(self._finalize(target.kind, target, content))
        return _json(self._writes.replace(target.kind, target.key, content, options))

    async def _patch(self, request: Request, target: Target) -> ASGIApp:
        if not target.name or target.subresource in ("log", "finalize"):
            raise errors.method_not_allowed()
        content, options = await requests.body(request), requests.options(request, target)
        kind = requests.content_type(request)
        if target.subresource == "scale":
            content = scale.patch(content)
        if kind == APPLY:
            changed, new = self._writes.apply(target.kind, target.key, content, options)
        else:
            changed, new = self._writes.patch(target.kind, target.key, content, kind, options), False
        if target.subresource == "scale" and changed is not None:
            changed = scale.view(changed)
        return _json(changed, 201 if new else 200)

    async def _delete(self, request: Request, target: Target) -> ASGIApp:
        if target.subresource:
            raise errors.method_not_allowed()
        options = await requests.delete_options(request, target.kind)
        if target.name:
            return _json(self._delete_one(target.kind, self._store.need(target.kind, target.key), options))
        if target.kind is NAMESPACES or target.namespace is None:
            raise errors.method_not_allowed()
        found = listing(self._store, target.kind, requests.list_query(request, target))
        for item in found["items"]:
            live = self._store.get(target.kind, (target.namespace, item["metadata"]["name"]))
            if live is not None:
                self._delete_one(target.kind, live, options)
        return _json(found)

    def _delete_one(self, kind: Kind, item: Object, options: DeleteOptions) -> Object:
        meta = item["metadata"]
        for said, held, what in (
            (options.uid, meta["uid"], "UID"),
            (options.version, meta["resourceVersion"], "ResourceVersion"),
        ):
            if said and said != held:
                why = f"Precondition failed: {what} in precondition: {said}, {what} in object meta: {held}"
                raise errors.conflict(kind, meta["name"], why)
        left = item
        if not options.dry_run:
            remains = deletion.delete(self._store, kind, item, policy=options.policy, grace=options.grace)
            if remains is None:
                return _deleted(kind, item)
            left = remains
        return left

    def _finalize(self, kind: Kind, target: Target, content: Object) -> Object:
        live = self._store.need(kind, target.key)
        spec = {**live["spec"], "finalizers": (content.get("spec") or {}).get("finalizers") or []}
        stored = self._store.put(kind, {**live, "spec": spec})
        return deletion.settle(self._store, kind, stored) or stored


def _deleted(kind: Kind, item: Object) -> Object:
    details = {"name": item["metadata"]["name"], "group": kind.group, "kind": kind.plural}
    details["uid"] = item["metadata"]["uid"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {name: value for name, value in details.items() if value},
    }


def _json(content: Object | None, code: int = 200) -> Response:
    return Response(encode(content), code, media_type="application/json")
