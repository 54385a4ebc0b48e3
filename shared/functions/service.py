"""What callers and the reconciler can do with functions: load, decide (rules), save with its event, wake."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared import clock, work
from shared.config import settings
from shared.errors import Conflict
from shared.events import store as events
from shared.functions import rules, store
from shared.functions.models import (
    STATUS_FACTS,
    CreateFunction,
    Function,
    FunctionCreated,
    FunctionDeleted,
    FunctionObservation,
    FunctionUpdated,
    UpdateFunction,
)
from shared.identity.models import Principal
from shared.models import Page
from shared.store import ConditionFailed, Transaction, transaction
from shared.tenants import store as tenants

_ATTEMPTS = 5
"""The reconciler writes the same record: a caller's change is tried again on what it wrote."""


def create(request: CreateFunction, *, owner: Principal, now: datetime) -> Function:
    function = rules.new_function(request, owner=owner, id=clock.new_id(), now=now)
    with transaction() as write:
        store.add(write, function)
        quota = settings().functions_per_tenant
        tenants.add_function(write, function.owner, namespace=function.namespace, quota=quota)
        events.append(write, FunctionCreated.of(function, before=None), now=now)
    work.wake("function", f"{function.owner}/{function.name}")
    return function


def get(name: str, *, owner: Principal) -> Function:
    return store.get_or_raise(owner.user_id, name)


def page(*, owner: Principal, number: int | None, limit: int, cursor: str | None) -> Page[Function]:
    """Newest first, by page number or by cursor, with the length of the whole list."""
    if cursor is not None:
        number = None
    skip = (number - 1) * limit if number else 0
    found = store.page(owner.user_id, limit=limit, cursor=cursor, skip=skip)
    return found.model_copy(update={"number": number, "total": tenants.functions_of(owner.user_id)})


def update(name: str, request: UpdateFunction, *, owner: Principal, now: datetime) -> Function:
    def save(write: Transaction, before: Function) -> Function:
        after = rules.updated(before, request, now=now)
        if after is not before:
            store.replace(write, after)
            events.append(write, FunctionUpdated.of(after, before=before.status), now=now)
        return after

    return _changed(owner.user_id, name, save)


def delete(name: str, *, owner: Principal, now: datetime) -> None:
    def save(write: Transaction, before: Function) -> Function:
        after = rules.deleted(before, now=now)
        store.move_aside(write, after)
        tenants.remove_function(write, after.owner)
        events.append(write, FunctionDeleted.of(after, before=before.status), now=now)
        return after

    _changed(owner.user_id, name, save)


def report(function: Function, seen: FunctionObservation, *, now: datetime, fence: int) -> Function | None:
    """What the cluster shows, written over the version it was compared with. None: it changed meanwhile."""
    after = rules.observed(function, seen, now=now, fence=fence)
    fact = STATUS_FACTS.get(after.status) if after.status is not function.status else None
    try:
        if fact is None:
            store.replace_alone(after)
        else:
            with transaction() as write:
                store.replace(write, after)
                events.append(write, fact.of(after, before=function.status), now=now)
    except ConditionFailed:
        return None
    return after.model_copy(update={"version": (function.version or 0) + 1})


def torn_down(function: Function, *, now: datetime, fence: int) -> None:
    """Nothing of a deleted function is left on the cluster: its record may expire."""
    expires = now + timedelta(days=settings().run_retention_days)
    after = function.model_copy(update={"due_at": None, "fence": fence})
    try:
        with transaction() as write:
            store.replace(write, after, expires=expires)
    except ConditionFailed:
        return


def _changed(owner: str, name: str, save: Callable[[Transaction, Function], Function]) -> Function:
    for _ in range(_ATTEMPTS):
        before = store.get_or_raise(owner, name)
        try:
            with transaction() as write:
                after = save(write, before)
        except ConditionFailed:
            continue
        if after is not before:
            work.wake("function", f"{owner}/{name}")
        return after
    raise Conflict(f"function '{name}' is being changed by others all the time; try again")
