"""Get, list and the pages of a list."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass

from local.cluster import errors
from local.cluster.api import views
from local.cluster.objects import Key, Object
from local.cluster.resources import Kind
from local.cluster.store import Store


@dataclass(frozen=True)
class ListQuery:
    namespace: str | None
    matches: Callable[[Object], bool]
    selective: bool = False  # whether a selector is given
    limit: int = 0
    token: str = ""
    version: int = 0


def check_version(store: Store, asked: int) -> None:
    if asked > store.version:
        raise errors.from_the_future(asked, store.version)


def listing(store: Store, kind: Kind, query: ListQuery) -> Object:
    """One page, as of the version of the first page."""
    check_version(store, query.version)
    version, after = _opened(query.token) if query.token else (store.version, None)
    try:
        items = store.at(views.stored(kind), query.namespace, version)
    except errors.ApiError as error:
        raise errors.page_expired() from error
    keys = sorted(key for key in items if (after is None or key > after) and query.matches(items[key]))
    page = keys[: query.limit] if query.limit else keys
    meta: Object = {"resourceVersion": str(version)}
    if len(page) < len(keys):
        meta["continue"] = _sealed(version, page[-1])
        if not query.selective:  # with a selector the real one would have to read all that remains to know
            meta["remainingItemCount"] = len(keys) - len(page)
    return {
        "kind": kind.listed_kind,
        "apiVersion": kind.api_version,
        "metadata": meta,
        "items": [_listed(views.shown(kind, items[key])) for key in page],
    }


def _listed(item: Object) -> Object:
    """Items of a list do not repeat what the list says."""
    return {name: value for name, value in item.items() if name not in ("apiVersion", "kind")}


def _sealed(version: int, last: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, *last]).encode()).decode().rstrip("=")


def _opened(token: str) -> tuple[int, Key]:
    try:
        version, namespace, name = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(version), (namespace, name)
    except (ValueError, TypeError, binascii.Error) as error:
        raise errors.bad_request(f"continue key is not valid: {token}") from error
