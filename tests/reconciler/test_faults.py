"""The reconciler is killed, or refused an answer, at every single call of a story: the end is the same."""

import pytest

from shared.errors import Unavailable
from tests.reconciler.fake_cluster import Faults, Killed
from tests.reconciler.kubelet import kubelet


def no_answer():
    return Unavailable("no answer")


def story(scene, a_function, a_run):
    """All that can be under way at once: coming, going, running, with a small input and with a large one."""
    records = scene.records
    hello = records.add(a_function())
    old = records.add(a_function(id="0197-f0", name="old"))
    small = records.add(a_run())
    large = records.add(a_run(id="0197-r2", job_name="hello-invoke-2", input_bytes=40_000))
    records.inputs["0197-r2"] = "[1]"
    for number in range(6):
        if number == 2:
            records.delete(old)
        for key in (old, hello, small, large):
            try:
                scene.settle(key)
            except (Killed, Unavailable):
                break  # the rest of this pass is for the next process
        kubelet(scene)
        scene.clock.pass_(seconds=1)
    return left_in(scene)


def left_in(scene):
    """What is there in the end, without what only the order of events decides."""
    noise = {"uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences"}
    records = scene.records
    objects = {
        ref: item
        | {"metadata": {name: value for name, value in item["metadata"].items() if name not in noise}}
        | {"status": None, "owned": bool(item["metadata"].get("ownerReferences"))}
        for ref, item in scene.cluster.objects.items()
    }
    functions = [(one.status, one.status_reason, one.observed_generation) for one in records.live.values()]
    gone = [one.due_at for one in records.gone.values()]
    runs = [(one.state, one.reason, one.message, one.exit_code) for one in records.by_id.values()]
    return objects, functions, gone, runs, records.outputs


def test_the_story_ends_well(scene, a_function, a_run):
    objects, functions, gone, runs, outputs = story(scene, a_function, a_run)
    assert functions == [("Running", "", 1)]
    assert gone == [None]
    assert runs == [("completed", "", "", 0)] * 2
    assert [output.stdout for output in outputs.values()] == ["done\n"] * 2
    assert {ref.name for ref in objects if ref.kind in {"Deployment", "Service"}} == {"fn-hello"}
    assert [item["owned"] for ref, item in objects.items() if ref.kind == "ConfigMap"] == [True]


@pytest.mark.parametrize("error", [Killed, no_answer])
@pytest.mark.parametrize("place", ["cluster.before", "cluster.after", "records.before"])
def test_the_end_is_the_same_whichever_call_fails(new_scene, a_function, a_run, place, error):
    def told(at):
        scene = new_scene()
        owner, moment = place.split(".")
        faults = Faults(at, error)
        setattr(getattr(scene, owner), moment, faults)
        return story(scene, a_function, a_run), faults.calls

    undisturbed, calls = told(None)
    assert calls > 30
    for number in range(1, calls + 1):
        disturbed, _ = told(number)
        assert disturbed == undisturbed, f"call {number} of {calls} failed"
