"""Reading a request: query parameters, bodies, who asks."""

import json
from dataclasses import dataclass
from typing import Any, cast, get_args

import yaml
from starlette.requests import Request

from local.cluster import errors
from local.cluster.api.reads import ListQuery
from local.cluster.api.targets import Target
from local.cluster.api.watch import LONGEST, WatchQuery
from local.cluster.api.writes import Options
from local.cluster.deletion import Policy, default_policy
from local.cluster.objects import Object
from local.cluster.resources import Kind
from local.cluster.selectors import matcher

_LARGEST = 3 * 1024 * 1024  # as etcd's limit, roughly


def flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true", "t")


def number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax ({name})') from error


async def body(request: Request) -> Any:
    raw = await request.body()
    if len(raw) > _LARGEST:
        raise errors.ApiError(413, "RequestEntityTooLarge", f"limit is {_LARGEST}")
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        if "yaml" not in content_type(request):
            raise errors.bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise errors.bad_request(f"error decoding YAML: {error}") from error


def content_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def options(request: Request, target: Target) -> Options:
    named = request.query_params.get("fieldManager", "")
    dry_run = request.query_params.getlist("dryRun")
    if dry_run not in ([], ["All"]):
        raise errors.bad_request(f'dryRun: Unsupported value: {dry_run}: supported values: "All"')
    agent = request.headers.get("user-agent", "").partition("/")[0][:128] or "unknown"
    return Options(
        manager=named or agent,
        dry_run=bool(dry_run),
        force=flag(request, "force"),
        subresource=target.subresource,
        explicit_manager=bool(named),
        strict=request.query_params.get("fieldValidation") == "Strict",
    )


def list_query(request: Request, target: Target) -> ListQuery:
    labels, fields = _selectors(request, target)
    return ListQuery(
        namespace=target.namespace,
        matches=matcher(target.kind, labels, fields),
        selective=bool(labels or fields),
        limit=number(request, "limit") or 0,
        token=request.query_params.get("continue", ""),
        version=number(request, "resourceVersion") or 0,
    )


def watch_query(request: Request, target: Target) -> WatchQuery:
    number(request, "resourceVersion")  # refuses what is not a number
    timeout = number(request, "timeoutSeconds")
    return WatchQuery(
        kind=target.kind,
        namespace=target.namespace,
        matches=matcher(target.kind, *_selectors(request, target)),
        version=request.query_params.get("resourceVersion", ""),
        bookmarks=flag(request, "allowWatchBookmarks"),
        initial_events=flag(request, "sendInitialEvents"),
        timeout=float(timeout) if timeout else LONGEST,
    )


def _selectors(request: Request, target: Target) -> tuple[str, str]:
    fields = request.query_params.get("fieldSelector", "")
    if target.name:
        fields = ",".join(filter(None, (fields, f"metadata.name={target.name}")))
    return request.query_params.get("labelSelector", ""), fields


@dataclass(frozen=True)
class DeleteOptions:
    policy: Policy
    grace: int | None
    dry_run: bool
    uid: str = ""
    version: str = ""


async def delete_options(request: Request, kind: Kind) -> DeleteOptions:
    given: Object = await body(request) or {}
    params = request.query_params
    policy = given.get("propagationPolicy") or params.get("propagationPolicy")
    orphan = given.get("orphanDependents", params.get("orphanDependents"))
    if policy is None and orphan is not None:
        policy = "Orphan" if orphan in (True, "true") else "Background"
    if policy is not None and policy not in get_args(Policy):
        raise errors.bad_request(f'invalid propagationPolicy "{policy}"')
    grace = given.get("gracePeriodSeconds")
    conditions = given.get("preconditions") or {}
    return DeleteOptions(
        policy=cast(Policy, policy or default_policy(kind)),
        grace=number(request, "gracePeriodSeconds") if grace is None else int(grace),
        dry_run="All" in (*(given.get("dryRun") or ()), *params.getlist("dryRun")),
        uid=conditions.get("uid") or "",
        version=conditions.get("resourceVersion") or "",
    )
