"""What a plan consists of: one write each, to the cluster or to a record."""

from dataclasses import dataclass

from shared.cluster.port import Manifest, Ref
from shared.functions.models import Function, FunctionObservation
from shared.runs.models import Run, RunObservation


@dataclass(frozen=True)
class EnsureTenant:
    """The namespace and its fence stand before anything is put in."""

    namespace: str


@dataclass(frozen=True)
class Apply:
    manifest: Manifest


@dataclass(frozen=True)
class Create:
    """Only if it is not there: a Job's template cannot change, and it must not run twice."""

    manifest: Manifest


@dataclass(frozen=True)
class Delete:
    """`uid`: this very object, not one that has taken its name since."""

    ref: Ref
    uid: str | None = None


@dataclass(frozen=True)
class ReportFunction:
    function: Function
    seen: FunctionObservation


@dataclass(frozen=True)
class TornDown:
    """Nothing is left of a deleted function."""

    function: Function


@dataclass(frozen=True)
class ReportRun:
    """`printed`: whether there may be output to collect first."""

    run: Run
    seen: RunObservation
    printed: bool = False


Action = EnsureTenant | Apply | Create | Delete | ReportFunction | TornDown | ReportRun
