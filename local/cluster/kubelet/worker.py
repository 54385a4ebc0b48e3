"""One pod's life: its containers are started, restarted, stopped, and its status says so."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from local.cluster import clock
from local.cluster.kubelet.environment import Missing
from local.cluster.kubelet.images import CannotPull, Decision, NoProgram, Run, Simulate
from local.cluster.kubelet.logs import ContainerLog
from local.cluster.kubelet.runtime import CannotStart, Exit, Launch, Process, Runtime, Usage
from local.cluster.kubelet.states import ContainerState, Running, Terminated, Waiting
from local.cluster.objects import Object, dig

# A real kubelet waits 10 s before the first restart and at most 5 min. Here it is 1 s and 30 s, so that a
# developer sees the repaired program sooner.
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
STEADY = 60.0  # seconds of running after which earlier crashes are forgotten; a real kubelet: 10 min


class Host(Protocol):
    """What a worker asks of the kubelet."""

    runtime: Runtime

    def decide(self, pod: Object, container: Object) -> Decision | Awaitable[Decision]: ...

    def prepare(self, pod: Object, container: Object, run: Run, ip: str) -> Launch:
        """Lay out the container's folders; raises Missing."""
        ...

    def log_path(self, pod: Object, container: str, restart: int) -> Path: ...

    def publish(self, worker: "PodWorker") -> None:
        """Write the pod's status."""
        ...

    def say(self, pod: Object, kind: str, reason: str, message: str) -> None:
        """Record an event of the pod."""
        ...


class PodWorker:
    def __init__(self, host: Host, pod: Object, ip: str) -> None:
        self._host = host
        self.pod = pod
        self.ip = ip
        self.init = [_fresh(each) for each in pod["spec"].get("initContainers") or ()]
        self.containers = [_fresh(each) for each in pod["spec"]["containers"]]
        self.logs: dict[str, list[ContainerLog]] = {}
        self.usage: dict[str, Usage] = {}
        self.notes: dict[
            str, str
        ] = {}  # annotations that tell the user what a real cluster would do otherwise
        self.failed: tuple[str, str] | None = None  # reason and message of the whole pod's failure
        self.reconsider = asyncio.Event()  # a ConfigMap or Secret of the namespace has changed
        self._processes: dict[str, Process] = {}
        self._stop = asyncio.Event()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    async def run(self) -> None:
        """Until every container has ended for good, or the pod is stopped."""
        deadline = self.pod["spec"].get("activeDeadlineSeconds")
        try:
            async with asyncio.timeout(deadline):
                for position, spec in enumerate(self.pod["spec"].get("initContainers") or ()):
                    if not await self._container(spec, self.init, position, again_if_done=False):
                        return
                await asyncio.gather(
                    *(
                        self._container(spec, self.containers, position, again_if_done=True)
                        for position, spec in enumerate(self.pod["spec"]["containers"])
                    )
                )
        except TimeoutError:
            self.failed = (
                "DeadlineExceeded",
                "Pod was active on the node longer than the specified deadline",
            )
            self.stop(self.pod["spec"].get("terminationGracePeriodSeconds", 30))
            await asyncio.gather(*(process.wait() for process in self._processes.values()))
            self._host.publish(self)

    def stop(self, grace: float) -> None:
        """SIGTERM now, SIGKILL after the grace period."""
        self._stop.set()
        self.reconsider.set()
        for process in self._processes.values():
            process.terminate() if grace > 0 else process.kill()
        if grace > 0 and self._processes:
            asyncio.get_running_loop().call_later(grace, self._kill)

    def log_of(self, container: str, *, previous: bool) -> ContainerLog | None:
        logs = self.logs.get(container)
        if not logs:
            return None
        state = next(each.state for each in (*self.init, *self.containers) if each.name == container)
        # While a container waits to be restarted, the one that just ended is the current and the previous.
        if not previous or (isinstance(state, Waiting) and state.reason == "CrashLoopBackOff"):
            return logs[-1]
        return logs[-2] if len(logs) > 1 else None

    def _kill(self) -> None:
        for process in self._processes.values():
            process.kill()

    async def _container(
        self, spec: Object, states: list[ContainerState], position: int, *, again_if_done: bool
    ) -> bool:
        """Run one container until it needs no restart; says whether it succeeded."""
        policy = self.pod["spec"]["restartPolicy"]
        delay = FIRST_DELAY
        while not self.stopping:
            began = clock.now()
            ended = await self._once(spec, states, position)
            if ended is None:
                return False
            done = ended.exit.code == 0 and not (again_if_done and policy == "Always")
            if done or self.stopping or policy == "Never":
                self._show(states, position, state=ended)
                return ended.exit.code == 0
            if (clock.now() - began).total_seconds() > STEADY:
                delay = FIRST_DELAY
            self._show(states, position, state=ended)
            pod = self.pod["metadata"]["name"]
            message = f"back-off {delay:g}s restarting failed container={spec['name']} pod={pod}"
            self._show(states, position, state=Waiting("CrashLoopBackOff", message), last=ended)
            self._host.say(
                self.pod, "Warning", "BackOff", f"Back-off restarting failed container {spec['name']}"
            )
            await self._pause(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            states[position] = replace(states[position], restarts=states[position].restarts + 1)
        return False

    async def _once(self, spec: Object, states: list[ContainerState], position: int) -> Terminated | None:
        """Start the container and wait for its end; None when the pod stops before it could start."""
        run = await self._pulled(spec, states, position)
        if run is None:
            return None
        if isinstance(run, Simulate):
            await self._simulated(spec, run, states, position)
            return None
        started = clock.now()
        if isinstance(run, NoProgram):
            return _never_started(started, run.message)
        launch = await self._prepared(spec, run, states, position)
        if launch is None:
            return None
        if run.note:
            self._note(run.note)
        log = ContainerLog(self._host.log_path(self.pod, spec["name"], states[position].restarts))
        self.logs.setdefault(spec["name"], []).append(log)
        del self.logs[spec["name"]][:-2]
        try:
            process = await self._host.runtime.start(launch, log.write)
        except CannotStart as error:
            log.close()
            return _never_started(started, str(error))
        return await self._until_end(spec, states, position, process, log)

    async def _until_end(
        self, spec: Object, states: list[ContainerState], position: int, process: Process, log: ContainerLog
    ) -> Terminated:
        started = clock.now()
        self._processes[spec["name"]] = process
        if self.stopping:
            process.kill()
        self._show(states, position, state=Running(started), container_id=process.id)
        self._host.say(self.pod, "Normal", "Started", f"Started container {spec['name']}")
        try:
            end = await process.wait()
        finally:
            del self._processes[spec["name"]]
            log.close()
        self.usage[spec["name"]] = end.usage
        return Terminated(end, started, clock.now(), process.id)

    async def _pulled(
        self, spec: Object, states: list[ContainerState], position: int
    ) -> Run | Simulate | NoProgram | None:
        delay = FIRST_DELAY
        while not self.stopping:
            decision = self._host.decide(self.pod, spec)
            if isinstance(decision, Awaitable):
                self._creating(states, position)
                decision = await decision
            if not isinstance(decision, CannotPull):
                return decision
            self._host.say(self.pod, "Warning", "Failed", decision.message)
            self._show(states, position, state=Waiting(decision.reason, decision.message))
            if decision.reason == "ErrImagePull":
                await self._pause(delay / 10)
                message = f'Back-off pulling image "{spec["image"]}": {decision.message}'
                self._show(states, position, state=Waiting("ImagePullBackOff", message))
            await self._pause(delay)
            delay = min(delay * 2, LONGEST_DELAY)
        return None

    async def _prepared(
        self, spec: Object, run: Run, states: list[ContainerState], position: int
    ) -> Launch | None:
        while not self.stopping:
            self.reconsider.clear()
            try:
                return self._host.prepare(self.pod, spec, run, self.ip)
            except Missing as missing:
                self._show(states, position, state=Waiting("CreateContainerConfigError", str(missing)))
                self._host.say(self.pod, "Warning", "Failed", f"Error: {missing}")
            await self.reconsider.wait()
        return None

    async def _simulated(
        self, spec: Object, simulate: Simulate, states: list[ContainerState], position: int
    ) -> None:
        log = ContainerLog(self._host.log_path(self.pod, spec["name"], 0))
        log.note(f"simulated: {simulate.why}")
        self.logs[spec["name"]] = [log]
        self.notes["simulated"] = simulate.why
        identity = f"simulated://{self.pod['metadata']['uid']}/{spec['name']}"
        self._show(states, position, state=Running(clock.now()), container_id=identity)
        await self._stop.wait()
        log.close()
        end = Terminated(Exit(143, signal=15), clock.now(), clock.now(), identity)
        self._show(states, position, state=end)

    def _note(self, text: str) -> None:
        self.notes["note"] = text
        self._host.say(self.pod, "Normal", "Emulated", text)

    def _creating(self, states: list[ContainerState], position: int) -> None:
        """Say that the container waits, unless it is already known."""
        if dig(self.pod, "status", "containerStatuses") is None:
            self._show(states, position, state=Waiting())

    def _show(self, states: list[ContainerState], position: int, **changes: object) -> None:
        states[position] = replace(states[position], **changes)  # type: ignore[arg-type]  # names of its fields
        self._host.publish(self)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return


def _fresh(spec: Object) -> ContainerState:
    return ContainerState(spec["name"], spec["image"])


def _never_started(moment: datetime, why: str) -> Terminated:
    message = f"failed to create containerd task: OCI runtime create failed: {why}: unknown"
    return Terminated(Exit(128, message=message), moment, clock.now(), "", reason="StartError")
