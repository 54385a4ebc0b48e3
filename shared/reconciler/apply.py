"""Doing one action of a plan, and what is known of the case afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.cluster.labels import Key, Platform, key_of
from shared.cluster.port import Cluster, Manifest, Ref, Refused
from shared.errors import Conflict, NotFound, Unavailable
from shared.functions.models import Function
from shared.reconciler import output
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
from shared.reconciler.gather import View, around
from shared.reconciler.plan import Case, FunctionCase, RunCase
from shared.reconciler.records import Records
from shared.reconciler.tenants import Tenants
from shared.runs.models import Run

_LOG_PATIENCE = timedelta(seconds=30)
"""How long a finished run waits for a cluster that does not hand out its log."""

Record = TypeVar("Record", Function, Run)


class Moved(Exception):
    """Somebody else has written: the plan is about a world that is gone."""


@dataclass(frozen=True)
class Hands:
    cluster: Cluster
    records: Records
    view: View
    tenants: Tenants
    platform: Platform
    clock: Callable[[], datetime]

    def perform(self, action: Action, key: Key, case: Case) -> Case:
        """Raises Moved, Refused or Unavailable; the case before it is then still true."""
        match action, case:
            case EnsureTenant(namespace), _:
                self.tenants.ensure(namespace, self.cluster, self.platform)
                return case
            case ((Apply(manifest) | Create(manifest)), _):
                return self._written(action, manifest, key, case)
            case Delete(ref, uid), _:
                return self._deleted(ref, uid, case)
            case TornDown(function), FunctionCase():
                self.records.torn_down(function, now=self.clock())
                return replace(case, leaving=tuple(other for other in case.leaving if other is not function))
            case ReportFunction(function, seen), FunctionCase():
                live = self.records.report_function(function, seen, now=self.clock())
                return replace(case, live=_kept(live))
            case ReportRun(), RunCase():
                return self._reported(action, case)
        raise AssertionError(f"{action} is not one for {case}")

    def _written(self, action: Action, manifest: Manifest, key: Key, case: Case) -> Case:
        try:
            there = (
                self.cluster.create(manifest) if isinstance(action, Create) else self.cluster.apply(manifest)
            )
        except NotFound as error:  # the namespace, deleted by hand since we made it
            self.tenants.forget(manifest["metadata"]["namespace"])
            raise Moved from error
        except Conflict as error:
            raise Moved from error
        if key_of(there) != key:
            raise Refused("AlreadyExists", f"{Ref.of(there)} exists and is another's")
        self.view.saw(there)
        if isinstance(case, RunCase) and case.run is not None and _has_begun(there):
            # Made by somebody who was killed before saying so: it may even have ended since.
            return replace(case, objects=around(case.run, there, self.cluster, self.platform, self.clock()))
        having = case.objects.having if isinstance(action, Create) else case.objects.having_applied
        return replace(case, objects=having(there))

    def _deleted(self, ref: Ref, uid: str | None, case: Case) -> Case:
        try:
            self.cluster.delete(ref, uid=uid)
        except Conflict as error:
            self.view.lost(ref)
            raise Moved from error
        except Refused as error:
            raise Unavailable(f"the cluster refuses to delete {ref}: {error.message}") from error
        self.view.lost(ref)
        return replace(case, objects=case.objects.without(ref))

    def _reported(self, report: ReportRun, case: RunCase) -> RunCase:
        seen, printed = report.seen, None
        if report.printed:
            try:
                printed = output.collected(case.objects, self.cluster)
                lost = "" if printed is not None else "what it printed was gone before it could be read."
            except (Unavailable, Refused) as error:
                if self.clock() < (seen.finished_at or self.clock()) + _LOG_PATIENCE:
                    raise Unavailable(f"the log of {report.run.job_name} cannot be read yet") from error
                lost = f"what it printed could not be read: {error.message}."
            seen = replace(seen, message=f"{seen.message} {lost}".strip())
        run = self.records.report_run(report.run, seen, printed, now=self.clock())
        return replace(case, run=_kept(run))


def _has_begun(manifest: Manifest) -> bool:
    return manifest["kind"] == "Job" and bool(manifest.get("status"))


def _kept(written: Record | None) -> Record:
    if written is None:
        raise Moved
    return written
