"""Jobs: one pod that succeeds, fails, or runs out of time."""

import pytest


def ended(space, manifests, name="work"):
    def condition():
        found = manifests.conditions(space.get("Job", name))
        return found.get("Complete") or found.get("Failed")

    return space.until(condition)


def pods(space, name="work"):
    return space.list("Pod", label_selector=f"batch.kubernetes.io/job-name={name}")


def main(pod):
    return pod["status"]["containerStatuses"][0]


def test_a_job_that_succeeds(space, manifests):
    space.create(manifests.job("work", "echo", "hello"))
    assert (ended(space, manifests)["type"], ended(space, manifests)["status"]) == ("Complete", "True")
    status = space.get("Job", "work")["status"]
    assert status["succeeded"] == 1
    assert status["startTime"] <= status["completionTime"]
    (pod,) = pods(space)
    assert pod["status"]["phase"] == "Succeeded"
    assert main(pod)["state"]["terminated"]["exitCode"] == 0
    assert main(pod)["state"]["terminated"]["reason"] == "Completed"
    assert space.log(pod["metadata"]["name"]) == "hello\n"


def test_a_job_that_fails_says_how(space, manifests):
    space.create(manifests.job("work", "sh", "-c", "echo broken >&2; exit 3"))
    condition = ended(space, manifests)
    assert (condition["type"], condition["reason"]) == ("Failed", "BackoffLimitExceeded")
    assert space.get("Job", "work")["status"]["failed"] == 1
    (pod,) = pods(space)
    assert pod["status"]["phase"] == "Failed"
    assert main(pod)["state"]["terminated"]["exitCode"] == 3
    assert main(pod)["state"]["terminated"]["reason"] == "Error"
    assert space.log(pod["metadata"]["name"]) == "broken\n"


def test_a_job_is_tried_again_as_often_as_it_says(space, manifests):
    space.create(manifests.job("work", "false", spec={"backoffLimit": 1}))
    assert ended(space, manifests)["reason"] == "BackoffLimitExceeded"
    assert space.get("Job", "work")["status"]["failed"] == 2
    assert len(pods(space)) == 2


def test_a_job_beyond_its_deadline_is_stopped(space, manifests):
    manifest = manifests.job("work", "sleep", "600", spec={"activeDeadlineSeconds": 1})
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.create(manifest)
    condition = ended(space, manifests)
    assert (condition["type"], condition["reason"]) == ("Failed", "DeadlineExceeded")
    space.until(lambda: not [pod for pod in pods(space) if pod["status"]["phase"] == "Running"])


def test_the_pods_of_a_job_can_be_found_and_belong_to_it(space, manifests):
    job = space.create(manifests.job("work", "true"))
    (pod,) = space.until(lambda: pods(space))
    (owner,) = pod["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Job", job["metadata"]["uid"], True)
    assert pod["metadata"]["labels"]["job-name"] == "work"
    assert pod["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] == job["metadata"]["uid"]
    assert (
        job["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] == job["metadata"]["uid"]
    )


def test_a_finished_job_is_removed_after_its_time(space, manifests):
    space.create(manifests.job("work", "true", spec={"ttlSecondsAfterFinished": 1}))
    space.until(lambda: space.find("Job", "work") is None)
    space.until(lambda: not pods(space))


def test_a_suspended_job_has_no_pods_until_it_is_resumed(space, manifests):
    space.create(manifests.job("work", "true", spec={"suspend": True}))
    space.until(lambda: manifests.conditions(space.get("Job", "work")).get("Suspended"))
    assert not pods(space)
    space.patch("Job", "work", {"spec": {"suspend": False}})
    assert ended(space, manifests)["type"] == "Complete"


def test_a_pod_of_a_job_that_is_deleted_by_hand_counts_as_failed(space, manifests):
    manifest = manifests.job("work", "sleep", "600")
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.create(manifest)
    (pod,) = space.until(lambda: [pod for pod in pods(space) if pod["status"]["phase"] == "Running"])
    space.delete("Pod", pod["metadata"]["name"])
    assert ended(space, manifests)["reason"] == "BackoffLimitExceeded"


def test_an_image_that_cannot_be_pulled_leaves_the_pod_waiting(space, manifests):
    space.create(manifests.job("work", "true", image="registry.invalid/none:1"))

    def waiting():
        statuses = [status for pod in pods(space) for status in pod["status"].get("containerStatuses") or []]
        return [status for status in statuses if "waiting" in status["state"]]

    space.until(
        lambda: [each for each in waiting() if each["state"]["waiting"]["reason"] == "ImagePullBackOff"]
    )
    (pod,) = pods(space)
    assert pod["status"]["phase"] == "Pending"
    assert "conditions" not in space.get("Job", "work")["status"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param({"value": "plain"}, "plain", id="a value"),
        pytest.param({"value": "$(FIRST)-$$(FIRST)"}, "one-$(FIRST)", id="a reference"),
        pytest.param(
            {"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}, "from map", id="a map"
        ),
        pytest.param(
            {"valueFrom": {"secretKeyRef": {"name": "keys", "key": "b"}}}, "from secret", id="a secret"
        ),
        pytest.param(
            {"valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['tint']"}}}, "blue", id="a label"
        ),
        pytest.param(
            {"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "none", "optional": True}}},
            "",
            id="nothing, optionally",
        ),
    ],
)
def test_the_environment_of_a_container(space, manifests, variable, value):
    space.create(manifests.config_map(a="from map"))
    space.create({"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"b": "from secret"}})
    env = [{"name": "FIRST", "value": "one"}, {"name": "TOLD", **variable}]
    manifest = manifests.job("work", "sh", "-c", 'printf %s "$TOLD"', env=env)
    manifest["spec"]["template"]["metadata"] = {"labels": {"tint": "blue"}}
    space.create(manifest)
    assert ended(space, manifests)["type"] == "Complete"
    (pod,) = pods(space)
    assert space.log(pod["metadata"]["name"]) == value


def test_a_file_of_a_config_map_is_found_by_a_variable_that_names_it(space, manifests):
    space.create(manifests.config_map(**{"input.json": '{"a": 1}'}))
    manifest = manifests.job(
        "work",
        "sh",
        "-c",
        'cat "$INPUT"',
        env=[{"name": "INPUT", "value": "/var/run/eventflow/input.json"}],
        volumeMounts=[{"name": "input", "mountPath": "/var/run/eventflow"}],
    )
    manifest["spec"]["template"]["spec"]["volumes"] = [{"name": "input", "configMap": {"name": "settings"}}]
    space.create(manifest)
    assert ended(space, manifests)["type"] == "Complete"
    (pod,) = pods(space)
    assert space.log(pod["metadata"]["name"]) == '{"a": 1}'


def test_a_container_waits_for_the_config_map_it_names(space, manifests):
    source = {"configMapKeyRef": {"name": "settings", "key": "a"}}
    space.create(
        manifests.job("work", "sh", "-c", 'printf %s "$A"', env=[{"name": "A", "valueFrom": source}])
    )

    def waits():
        return [
            main(pod)["state"]["waiting"]["reason"]
            for pod in pods(space)
            if pod["status"].get("containerStatuses") and "waiting" in main(pod)["state"]
        ]

    space.until(lambda: "CreateContainerConfigError" in waits())
    space.create(manifests.config_map(a="late"))
    assert ended(space, manifests)["type"] == "Complete"
    assert space.log(pods(space)[0]["metadata"]["name"]) == "late"


def test_init_containers_end_before_the_others_begin(space, manifests):
    manifest = manifests.job("work", "cat", "/shared/note")
    spec = manifest["spec"]["template"]["spec"]
    mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    env = [{"name": "FOLDER", "value": "/shared"}]
    command = ["sh", "-c", 'echo prepared > "$FOLDER/note"']
    spec["volumes"] = [{"name": "shared", "emptyDir": {}}]
    spec["containers"][0] |= mount
    spec["initContainers"] = [
        {"name": "first", "image": "busybox:1.36", "command": command, "env": env, **mount}
    ]
    space.create(manifest)
    assert ended(space, manifests)["type"] == "Complete"
    assert space.log(pods(space)[0]["metadata"]["name"]) == "prepared\n"
