"""Deployments: as many pods as wanted, of the wanted template, and a status that says how far it is."""


def ready(space, name="web", replicas=1):
    def status():
        item = space.get("Deployment", name)
        seen = item.get("status") or {}
        current = seen.get("observedGeneration") == item["metadata"]["generation"]
        counts = [
            seen.get(each, 0)
            for each in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        ]
        return item if current and counts == [replicas] * 4 else None

    return space.until(status)


def pods(space, name="web"):
    found = space.list("Pod", label_selector=f"app={name}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def test_a_deployment_becomes_available(space, manifests):
    space.create(manifests.deployment("web", replicas=2))
    item = ready(space, replicas=2)
    conditions = manifests.conditions(item)
    assert (conditions["Available"]["status"], conditions["Available"]["reason"]) == (
        "True",
        "MinimumReplicasAvailable",
    )
    assert (conditions["Progressing"]["status"], conditions["Progressing"]["reason"]) == (
        "True",
        "NewReplicaSetAvailable",
    )
    assert "unavailableReplicas" not in item["status"]


def test_its_pods_are_owned_through_a_replica_set(space, manifests):
    deployment = space.create(manifests.deployment("web"))
    ready(space)
    (replica_set,) = space.list("ReplicaSet", label_selector="app=web")
    (pod,) = pods(space)
    assert replica_set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"]
    assert pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]
    assert pod["metadata"]["labels"]["pod-template-hash"] in replica_set["metadata"]["name"]
    assert (pod["status"]["phase"], manifests.conditions(pod)["Ready"]["status"]) == ("Running", "True")


def test_it_is_scaled_up_and_down(space, manifests):
    space.create(manifests.deployment("web"))
    ready(space)
    for replicas in (3, 1, 0):
        space.patch("Deployment", "web", {"spec": {"replicas": replicas}})
        ready(space, replicas=replicas)
        space.until(lambda wanted=replicas: len(pods(space)) == wanted)


def test_a_pod_that_is_deleted_is_replaced(space, manifests):
    space.create(manifests.deployment("web"))
    ready(space)
    (first,) = pods(space)
    space.delete("Pod", first["metadata"]["name"])
    space.until(lambda: [pod for pod in pods(space) if pod["metadata"]["uid"] != first["metadata"]["uid"]])
    ready(space)


def test_a_new_template_replaces_all_pods_and_keeps_enough_of_them(space, manifests):
    rolling = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    space.create(manifests.deployment("web", replicas=2, spec=rolling))
    before = {pod["metadata"]["uid"] for pod in pods(space)} if ready(space, replicas=2) else set()
    made = space.get("Deployment", "web")["metadata"]["resourceVersion"]
    space.apply(
        manifests.deployment("web", replicas=2, spec=rolling, env=[{"name": "A", "value": "2"}]), force=True
    )
    ready(space, replicas=2)
    assert before.isdisjoint(pod["metadata"]["uid"] for pod in pods(space))
    events = space.watch("Deployment", resourceVersion=made, timeoutSeconds=1)
    available = [(event["object"].get("status") or {}).get("availableReplicas", 0) for event in events]
    assert min(available) >= 2


def test_going_back_takes_the_old_replica_set_up_again(space, manifests):
    space.create(manifests.deployment("web"))
    ready(space)
    (first,) = space.list("ReplicaSet", label_selector="app=web")
    space.apply(manifests.deployment("web", env=[{"name": "A", "value": "2"}]), force=True)
    ready(space)
    space.apply(manifests.deployment("web", env=[]), force=True)
    ready(space)
    again = space.get("ReplicaSet", first["metadata"]["name"])
    assert again["spec"]["replicas"] == 1
    assert again["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


def test_recreate_stops_the_old_before_it_starts_the_new(space, manifests):
    recreate = {"strategy": {"type": "Recreate"}}
    space.create(manifests.deployment("web", spec=recreate))
    ready(space)
    version = space.page("Pod")["metadata"]["resourceVersion"]
    (old,) = pods(space)
    space.apply(manifests.deployment("web", spec=recreate, env=[{"name": "A", "value": "2"}]), force=True)
    ready(space)
    events = [
        (event["type"], event["object"]["metadata"]["uid"] == old["metadata"]["uid"])
        for event in space.watch("Pod", resourceVersion=version, timeoutSeconds=1)
    ]
    assert events.index(("DELETED", True)) < events.index(("ADDED", False))


def test_an_image_that_cannot_be_pulled_is_told_by_the_pod_and_in_time_by_the_deployment(space, manifests):
    manifest = manifests.deployment(
        "web", image="registry.invalid/none:1", spec={"progressDeadlineSeconds": 2}
    )
    space.create(manifest)

    def reasons():
        states = [
            each["state"] for pod in pods(space) for each in pod["status"].get("containerStatuses") or []
        ]
        return [state["waiting"]["reason"] for state in states if "waiting" in state]

    space.until(lambda: "ImagePullBackOff" in reasons())
    late = space.until(
        lambda: [
            each
            for each in [manifests.conditions(space.get("Deployment", "web"))]
            if each["Progressing"]["reason"] == "ProgressDeadlineExceeded"
        ]
    )[0]
    assert late["Progressing"]["status"] == "False"
    assert (late["Available"]["status"], late["Available"]["reason"]) == (
        "False",
        "MinimumReplicasUnavailable",
    )
    assert space.get("Deployment", "web")["status"]["unavailableReplicas"] == 1


def test_a_failed_rollout_heals_with_a_good_image(space, manifests):
    space.create(
        manifests.deployment("web", image="registry.invalid/none:1", spec={"progressDeadlineSeconds": 2})
    )
    space.until(lambda: pods(space))
    space.patch("Deployment", "web", manifests.deployment("web", spec={"progressDeadlineSeconds": 60}))
    ready(space)
    progress = manifests.conditions(space.get("Deployment", "web"))["Progressing"]
    assert (progress["status"], progress["reason"]) == ("True", "NewReplicaSetAvailable")


def test_a_program_that_keeps_ending_is_restarted_with_growing_pauses(space, manifests):
    space.create(manifests.deployment("web", "sh", "-c", "echo once; exit 7"))

    def looping():
        for pod in pods(space):
            for status in pod["status"].get("containerStatuses") or []:
                if (
                    status["restartCount"]
                    and status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
                ):
                    return pod, status
        return None

    pod, status = space.until(looping)
    assert status["lastState"]["terminated"]["exitCode"] == 7
    assert status["ready"] is False
    assert pod["status"]["phase"] == "Running"
    assert manifests.conditions(pod)["Ready"]["status"] == "False"
    assert space.log(pod["metadata"]["name"], previous="true") == "once\n"


def test_a_deleted_deployment_takes_its_replica_sets_and_pods_along(space, manifests):
    space.create(manifests.deployment("web", replicas=2))
    ready(space, replicas=2)
    space.delete("Deployment", "web", propagationPolicy="Background")
    space.until(lambda: not space.list("ReplicaSet"))
    space.until(lambda: not space.list("Pod"))
