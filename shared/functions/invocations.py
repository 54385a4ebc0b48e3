"""Invoking a function: one run of its image with an input, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from shared import clock, context, work
from shared.config import settings
from shared.errors import MethodNotAllowed, NotFound, Unavailable
from shared.events import store as events
from shared.functions import rules, store
from shared.functions.invocation_models import InvocationView, InvokedView, InvokeRequest
from shared.functions.models import Function
from shared.identity.models import Principal
from shared.limits import idempotency
from shared.limits.idempotency import Claim, Replayed
from shared.models import Page
from shared.runs import rules as run_rules
from shared.runs import service as runs
from shared.runs import store as run_store
from shared.runs.models import FunctionInvoked, Run
from shared.store import transaction

_NAME_ATTEMPTS = 24


@dataclass(frozen=True)
class Accepted:
    """A stored run; `replayed` if an earlier request with the same Idempotency-Key made it."""

    run: Run
    replayed: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an invocation is answered with."""

    view: InvokedView
    status: int
    headers: dict[str, str]


def invoke(
    name_and_verb: str, request: InvokeRequest, *, owner: Principal, key: str | None, now: datetime
) -> Accepted:
    name = invoked_name(name_and_verb)
    function = store.get_or_raise(owner.user_id, name)
    input_json = run_rules.compact(request.value)
    claim = _claim(key, function, request)
    try:
        run = _start(function, input_json, claim=claim, now=now)
    except Replayed:
        assert claim is not None
        return Accepted(_earlier(claim), replayed=True)
    work.wake("run", run.id)
    return Accepted(run)


def wait(accepted: Accepted, *, seconds: int) -> Outcome:
    """At once without a wait; else with the result, or with 202 if it is not there when the time is up."""
    run = accepted.run
    headers = {"Location": f"/v1/functions/{run.source_name}/invocations/{run.id}"}
    if accepted.replayed:
        headers["Idempotent-Replayed"] = "true"
    if seconds == 0:
        return Outcome(InvokedView.of(run, None), 200, headers)
    headers["Preference-Applied"] = f"wait={seconds}"
    run = runs.wait(run, seconds=seconds)
    if not run.state.final:
        return Outcome(InvokedView.of(run, InvocationView.of(run, None)), 202, headers)
    headers["Server-Timing"] = run_rules.server_timing(run)
    return Outcome(InvokedView.of(run, InvocationView.of(run, run_store.output_of(run.id))), 200, headers)


def get(name: str, invocation_id: str, *, owner: Principal) -> InvocationView:
    known = clock.is_id(invocation_id)
    run, output = run_store.with_output(invocation_id) if known else (None, None)
    if run is None or (run.owner, run.source_name) != (owner.user_id, name):
        raise NotFound(f"function '{name[:80]}' has no invocation '{invocation_id[:64]}'")
    return InvocationView.of(run, output)


def page(name: str, *, owner: Principal, limit: int, cursor: str | None) -> Page[Run]:
    """Invocations of a live function, newest first, without what they printed."""
    function = store.get_or_raise(owner.user_id, name)
    return run_store.page(owner.user_id, function.id, limit=limit, cursor=cursor)


def invoked_name(name_and_verb: str) -> str:
    """API Gateway cannot route `{name}:invoke`, so the last part of the path carries both."""
    name, verb = rules.name_and_verb(name_and_verb)
    if not verb:
        raise MethodNotAllowed(
            f"POST is not allowed here; to invoke, POST to /v1/functions/{name}:invoke",
            allow=["DELETE", "GET", "PATCH"],
        )
    if verb != "invoke":
        raise NotFound(f"functions have no verb '{verb[:40]}'; the only one is invoke")
    return name


def _claim(key: str | None, function: Function, request: InvokeRequest) -> Claim | None:
    if key is None:
        return None
    operation = f"invoke/{function.id}"
    return Claim.of(key, owner=function.owner, operation=operation, body=request.value)


def _start(function: Function, input_json: str | None, *, claim: Claim | None, now: datetime) -> Run:
    run = _new_run(function, id=clock.new_id(), input_json=input_json, now=now)
    second = int(now.timestamp())
    for attempt in range(_NAME_ATTEMPTS):
        named = run_rules.named(run, function.name, second + run_rules.bump(attempt, run.id))
        try:
            with transaction() as write:
                run_store.reserve_name(write, named, now=now)
                run_store.add(write, named, input_json=input_json)
                events.append(write, FunctionInvoked.of(named), now=now)
                if claim is not None:
                    idempotency.record(write, claim, result=named.id, now=now)
            return named.model_copy(update={"version": 1})
        except run_store.NameTaken:
            continue
    raise Unavailable("too many invocations of this function at this moment; try again", retry_after=1)


def _new_run(function: Function, *, id: str, input_json: str | None, now: datetime) -> Run:
    trace = context.current()
    return Run(
        id=id,
        kind="invocation",
        owner=function.owner,
        namespace=function.namespace,
        source_id=function.id,
        source_name=function.name,
        job_name="",
        image=function.image,
        command=function.command,
        env=function.env,
        input_bytes=len((input_json or "").encode()),
        timeout_seconds=settings().invocation_timeout_seconds,
        correlation_id=trace.correlation_id,
        traceparent=trace.traceparent,
        created_at=now,
        deadline_at=now + run_rules.QUEUE_DEADLINE,
        due_at=now,
    )


def _earlier(claim: Claim) -> Run:
    run = run_store.get(idempotency.first_result(claim))
    if run is None:
        raise NotFound("the invocation that this Idempotency-Key made is not kept any more")
    return run
