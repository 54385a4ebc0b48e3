"""`Cluster` by the official client's transport, without its generated models (630 ms of import).

Its dynamic client would add a discovery and wrap each object; we need TLS, credentials and a pool.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client.api_client import ApiClient
from kubernetes.client.exceptions import ApiException

from shared.cluster import failures
from shared.cluster.kinds import KINDS, collection_path, object_path
from shared.cluster.port import EVERYTHING, Change, Listing, LogQuery, Manifest, Ref, Refused, Selection
from shared.errors import AppError, Conflict, Gone, NotFound, Unavailable

FIELD_MANAGER = "eventflow"

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0
_PAGE = 500
_JSON = "application/json"
_APPLY = "application/apply-patch+yaml"

Query = dict[str, Any]


class Kubernetes:
    def __init__(self, client: ApiClient, *, on_unauthorized: Callable[[], None] | None = None) -> None:
        self._client = client
        self._on_unauthorized = on_unauthorized

    def apply(self, manifest: Manifest) -> Manifest:
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return self._json("PATCH", object_path(Ref.of(manifest)), query, manifest, content_type=_APPLY)

    def create(self, manifest: Manifest) -> Manifest:
        ref = Ref.of(manifest)
        path = collection_path(ref.kind, ref.namespace)
        try:
            return self._json("POST", path, {"fieldManager": FIELD_MANAGER}, manifest)
        except Conflict:
            present = self.get(ref)
            if present is None:
                raise Unavailable(f"{ref} is being deleted; try again", retry_after=1) from None
            return present

    def get(self, ref: Ref) -> Manifest | None:
        try:
            return self._json("GET", object_path(ref))
        except NotFound:
            return None

    def list(self, kind: str, selection: Selection = EVERYTHING) -> Listing:
        items: list[Manifest] = []
        query = _selecting(selection) | {"limit": _PAGE}
        while True:
            page = self._json("GET", collection_path(kind, selection.namespace), query)
            items += (_typed(item, kind) for item in page.get("items") or ())
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return Listing(tuple(items), metadata["resourceVersion"])
            query["continue"] = metadata["continue"]

    def watch(
        self, kind: str, selection: Selection = EVERYTHING, *, resource_version: str, seconds: int
    ) -> "Watch":
        query = _selecting(selection) | {
            "watch": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": seconds,
            "allowWatchBookmarks": "true",
        }
        path = collection_path(kind, selection.namespace)
        return Watch(self._send("GET", path, query, read_seconds=seconds + _READ_SECONDS))

    def delete(self, ref: Ref, *, uid: str | None = None) -> None:
        options: Manifest = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        try:
            self._json("DELETE", object_path(ref), {}, options)
        except NotFound:
            return

    def logs(self, pod: Ref, query: LogQuery) -> bytes:
        response = self._log(pod, query, {}, _READ_SECONDS)
        try:
            data: bytes = response.data
        except urllib3.exceptions.HTTPError as error:
            raise failures.from_transport(error) from error
        return data

    def follow(self, pod: Ref, query: LogQuery, *, seconds: float) -> Iterator[str]:
        ends = time.monotonic() + seconds
        response = self._log(pod, query, {"follow": "true"}, seconds)
        try:
            for line in _lines(response):
                yield line.decode(errors="replace")
                if time.monotonic() >= ends:
                    return
        except urllib3.exceptions.ReadTimeoutError:
            return
        except urllib3.exceptions.HTTPError as error:
            raise failures.from_transport(error) from error
        finally:
            response.close()

    def version(self) -> str:
        text: str = self._json("GET", "/version")["gitVersion"]
        return text

    def _log(self, pod: Ref, query: LogQuery, more: Query, read_seconds: float) -> urllib3.BaseHTTPResponse:
        asked: Query = {
            "container": query.container,
            "tailLines": query.tail,
            "limitBytes": query.limit_bytes,
            "timestamps": "true" if query.timestamps else None,
            "sinceTime": query.since and query.since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        given = {name: value for name, value in asked.items() if value is not None}
        try:
            return self._send("GET", f"{object_path(pod)}/log", given | more, read_seconds=read_seconds)
        except Refused as error:
            if error.reason == "BadRequest":  # "container is waiting to start": no log yet, nothing worse
                raise NotFound(error.message) from error
            raise

    def _json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Manifest | None = None,
        *,
        content_type: str = _JSON,
    ) -> Manifest:
        response = self._send(method, path, query or {}, body, content_type)
        try:
            answer: Manifest = json.loads(response.data)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise failures.from_transport(error) from error
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Query,
        body: Manifest | None = None,
        content_type: str = _JSON,
        *,
        read_seconds: float = _READ_SECONDS,
    ) -> urllib3.BaseHTTPResponse:
        url = f"{path}?{urlencode(query)}" if query else path
        headers = {"Accept": _JSON, "Content-Type": content_type}
        request = self._client.param_serialize(
            method, url, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        try:
            answer = self._client.call_api(*request, _request_timeout=(_CONNECT_SECONDS, read_seconds))
            response: urllib3.BaseHTTPResponse = answer.response
            if 200 <= response.status < 300:
                return response
            error = self._refusal(response)
        except (urllib3.exceptions.HTTPError, ApiException) as failure:  # the latter for TLS, with status 0
            raise failures.from_transport(failure) from failure
        raise error

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> AppError:
        if response.status == 401 and self._on_unauthorized is not None:
            self._on_unauthorized()
        retry_after = response.headers.get("Retry-After")
        return failures.from_status(response.status, response.data, retry_after=retry_after)


class Watch:
    """Changes, one a line of the response."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self._closed = False

    def __iter__(self) -> Iterator[Change]:
        try:
            for line in _lines(self._response):
                said = json.loads(line)
                if said["type"] == "ERROR":
                    raise _error(said["object"])
                yield Change(said["type"], said["object"])
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            if not self._closed:
                raise failures.from_transport(error) from error
        finally:
            self._response.close()

    def close(self) -> None:
        self._closed = True
        # Closing the response would wait for the reader's lock; shutting its socket down wakes the reader.
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            return  # it has ended by itself


def _error(status: Manifest) -> AppError:
    code = status.get("code") or 500
    return (
        Gone(status.get("message") or "too old")
        if code == 410
        else failures.from_status(code, json.dumps(status).encode())
    )


def _selecting(selection: Selection) -> Query:
    return {
        name: ",".join(f"{key}={value}" for key, value in chosen.items())
        for name, chosen in (("labelSelector", selection.labels), ("fieldSelector", selection.fields))
        if chosen
    }


def _typed(item: Manifest, kind: str) -> Manifest:
    """Lists leave out what all their items share."""
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, **item}


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Whole lines as they arrive; a last one without its newline counts."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest
