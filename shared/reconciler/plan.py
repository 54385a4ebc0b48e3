"""The difference between what is wanted and what is there, as actions. Pure.

A plan first changes the cluster; once there is nothing to change, it reports what the cluster shows. A world
that has converged has an empty plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.cluster.labels import Platform
from shared.cluster.port import Manifest, Ref
from shared.functions.models import Function
from shared.reconciler import manifests, observe_functions, observe_runs
from shared.reconciler.actions import (
    Action,
    Apply,
    Create,
    Delete,
    EnsureTenant,
    ReportFunction,
    ReportRun,
    TornDown,
)
from shared.reconciler.drift import differs
from shared.reconciler.objects import Objects
from shared.runs.models import Run, RunState

_OF_FUNCTIONS = {"Deployment", "Service"}
_OF_RUNS = {"Job", "ConfigMap"}


@dataclass(frozen=True)
class FunctionCase:
    """One name of one owner: the function that has it, those that had it and are leaving, their objects."""

    live: Function | None = None
    leaving: tuple[Function, ...] = ()
    objects: Objects = field(default_factory=Objects)


@dataclass(frozen=True)
class RunCase:
    run: Run | None = None
    input: str | None = None
    objects: Objects = field(default_factory=Objects)


Case = FunctionCase | RunCase


def plan(case: Case, *, now: datetime, platform: Platform, resync: timedelta) -> Iterator[Action]:
    match case:
        case FunctionCase():
            return _plan_function(case, now, platform, resync)
        case RunCase():
            return _plan_run(case, now, platform)


def _plan_function(
    case: FunctionCase, now: datetime, platform: Platform, resync: timedelta
) -> Iterator[Action]:
    wanted = (
        {Ref.of(manifest): manifest for manifest in manifests.function(case.live, platform)}
        if case.live
        else {}
    )
    unwanted = [ref for ref in case.objects.items if ref.kind in _OF_FUNCTIONS and ref not in wanted]
    for ref in unwanted:
        yield _delete(ref, case.objects)
    if not unwanted and case.objects.reachable:
        yield from map(TornDown, case.leaving)
    if case.live is None:
        return
    changed = [
        manifest
        for ref, manifest in wanted.items()
        if ref not in case.objects.applied and differs(manifest, case.objects.get(ref))
    ]
    if changed and case.objects.refusal is None and case.objects.reachable:
        yield EnsureTenant(case.live.namespace)
        yield from map(Apply, changed)
        return
    template = manifests.template_hash(next(iter(wanted.values())))
    seen = observe_functions.function(case.live, case.objects, template=template, now=now, resync=resync)
    if observe_functions.news(case.live, seen) or _is_due(case.live.due_at, now):
        yield ReportFunction(case.live, seen)


def _plan_run(case: RunCase, now: datetime, platform: Platform) -> Iterator[Action]:
    run, objects = case.run, case.objects
    if run is None or run.state.final:
        yield from _cleared(run, objects)
        return
    job = objects.get(manifests.job_ref(run))
    if job is None and _may_start(run, objects, now):
        if run.input_bytes and case.input is None:
            yield ReportRun(run, observe_runs.without_input(run, now), printed=False)
            return
        yield EnsureTenant(run.namespace)
        if manifests.has_input_file(run):
            yield Create(manifests.input_map(run, case.input or "null", platform))
        yield Create(manifests.job(run, case.input, platform))
        return
    file = objects.get(manifests.input_ref(run))
    if job is not None and file is not None and not is_owned(file):
        yield Apply(manifests.input_map(run, file["data"]["input.json"], platform, owner=job))
    seen = observe_runs.run(run, objects, now=now)
    if observe_runs.news(run, seen) or _is_due(run.due_at, now):
        yield ReportRun(
            run, seen, printed=seen.state.final and job is not None and seen.started_at is not None
        )


def _cleared(run: Run | None, objects: Objects) -> Iterator[Action]:
    """A finished Job is left to its time to live; one that nobody waits for is ended."""
    for ref, manifest in objects.items.items():
        match ref.kind:
            case "Job" if run is None or not observe_runs.has_ended(manifest, objects):
                yield _delete(ref, objects)
            case "ConfigMap" if not is_owned(manifest):
                yield _delete(ref, objects)


def _may_start(run: Run, objects: Objects, now: datetime) -> bool:
    """Only a run that never had a Job: a second one might do its work twice."""
    waiting = run.state is RunState.QUEUED and now < run.deadline_at
    return waiting and objects.refusal is None and objects.reachable


def is_owned(file: Manifest) -> bool:
    """Whether it goes when its Job goes."""
    return bool(file["metadata"].get("ownerReferences"))


def _is_due(due_at: datetime | None, now: datetime) -> bool:
    return due_at is None or due_at <= now


def _delete(ref: Ref, objects: Objects) -> Delete:
    return Delete(ref, objects.items[ref]["metadata"].get("uid"))
