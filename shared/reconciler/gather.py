"""Reading what the cluster holds for one key: by asking it, or from what a watch has told."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shared.cluster import labels
from shared.cluster.labels import FunctionKey, Platform, RunKey
from shared.cluster.port import Cluster, Manifest, Ref, Selection
from shared.functions.models import Function
from shared.reconciler import manifests, observe_runs
from shared.reconciler.objects import Objects
from shared.reconciler.world import World
from shared.runs.models import Run, RunState

Clock = Callable[[], datetime]


class View(Protocol):
    def of_function(self, key: FunctionKey, function: Function | None) -> Objects:
        """`function`: any that has or had the name; it says where to look."""
        ...

    def of_run(self, key: RunKey, run: Run | None) -> Objects: ...

    def saw(self, manifest: Manifest) -> None: ...

    def lost(self, ref: Ref) -> None: ...


class Asking:
    """For a wake-up, which concerns one key."""

    def __init__(self, cluster: Cluster, platform: Platform, clock: Clock) -> None:
        self._cluster = cluster
        self._platform = platform
        self._clock = clock

    def of_function(self, key: FunctionKey, function: Function | None) -> Objects:
        # What was never there is applied blindly: asking first costs round trips, applying twice is harmless.
        if function is None or (function.deleted_at is None and function.observed_generation == 0):
            return Objects()
        refs = [
            manifests.function_ref(kind, key.name, function.namespace) for kind in ("Deployment", "Service")
        ]
        there = [found for found in map(self._cluster.get, refs) if found is not None]
        if not there:
            return Objects()
        wanted = labels.ours(self._platform) | labels.of_function(key.owner, key.name)
        found = self._cluster.list("Pod", Selection(function.namespace, wanted)).items
        return Objects.of(*there, *(pod for pod in found if labels.key_of(pod) == key))

    def of_run(self, key: RunKey, run: Run | None) -> Objects:
        # A queued run's Job is made blindly: asking first costs a round trip, making it twice is harmless.
        if run is None or run.state is RunState.QUEUED:
            return Objects()
        job = self._cluster.get(manifests.job_ref(run))
        if job is None or labels.key_of(job) != key:
            return Objects()
        return around(run, job, self._cluster, self._platform, self._clock())

    def saw(self, manifest: Manifest) -> None:
        """Nothing is remembered."""

    def lost(self, ref: Ref) -> None:
        """Nothing is remembered."""


class Watching:
    """For whoever watches: no calls, but for what the watch cannot tell."""

    def __init__(self, world: World, cluster: Cluster, platform: Platform, clock: Clock) -> None:
        self._world = world
        self._cluster = cluster
        self._platform = platform
        self._clock = clock
        self._asking = Asking(cluster, platform, clock)

    def of_function(self, key: FunctionKey, function: Function | None) -> Objects:
        if not self._world.complete:
            return self._asking.of_function(key, function)
        return self._world.of(key)

    def of_run(self, key: RunKey, run: Run | None) -> Objects:
        objects = self._world.of(key)
        if run is None:
            return objects
        # The watch may be behind: only the cluster itself can say that a Job is not there any more.
        job = objects.get(manifests.job_ref(run))
        if job is None:
            return self._asking.of_run(key, run)
        # Each kind has a watch of its own: word of a Job's end may come before word of its container's.
        if not run.state.final and observe_runs.outruns_its_pod(job, objects):
            return around(run, job, self._cluster, self._platform, self._clock())
        return _with_details(run, objects, self._cluster, self._clock())

    def saw(self, manifest: Manifest) -> None:
        self._world.put_unless_older(manifest)

    def lost(self, ref: Ref) -> None:
        self._world.remove(ref)


def around(run: Run, job: Manifest, cluster: Cluster, platform: Platform, now: datetime) -> Objects:
    """A Job, its pods, and what else speaks of it."""
    wanted = Selection(run.namespace, labels.ours(platform) | labels.of_run(run.id))
    pods = cluster.list("Pod", wanted).items
    return _with_details(run, Objects.of(job, *pods), cluster, now)


def _with_details(run: Run, objects: Objects, cluster: Cluster, now: datetime) -> Objects:
    """What is read only for the few runs that need it: why there is no pod, and the file of a large input."""
    starting = run.state in {RunState.QUEUED, RunState.SCHEDULED}
    if starting and observe_runs.needs_events(run, objects, now):
        about = Selection(
            run.namespace, fields={"involvedObject.kind": "Job", "involvedObject.name": run.job_name}
        )
        for event in cluster.list("Event", about).items:
            objects = objects.having(event)
    if starting and manifests.has_input_file(run):
        file = cluster.get(manifests.input_ref(run))
        objects = objects.having(file) if file is not None else objects
    return objects
