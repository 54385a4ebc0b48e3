"""Objects: made, read, changed under optimistic locking, refused when they are wrong."""

import pytest


def test_an_object_has_an_identity_and_can_be_read_back(space, manifests):
    made = space.create(manifests.config_map(a="1"))
    assert made["metadata"]["namespace"] == space.namespace
    assert made["metadata"]["uid"]
    assert made["metadata"]["creationTimestamp"].endswith("Z")
    assert space.get("ConfigMap", "settings") == made


def test_a_missing_object_is_named_in_the_refusal(space, refused):
    with refused(404, "NotFound", 'deployments.apps "absent" not found') as status:
        space.get("Deployment", "absent")
    assert status["details"] == {"name": "absent", "group": "apps", "kind": "deployments"}


def test_a_name_is_taken_once(space, manifests, refused):
    space.create(manifests.config_map())
    with refused(409, "AlreadyExists", 'configmaps "settings" already exists'):
        space.create(manifests.config_map())


def test_a_generated_name_is_new_each_time(space):
    prefix = {"kind": "ConfigMap", "metadata": {"generateName": "part-"}}
    names = {space.create(prefix)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("part-") for name in names)


def test_resource_versions_only_grow(space, manifests):
    first = space.create(manifests.config_map("first"))
    second = space.create(manifests.config_map("second"))
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


def test_of_two_writers_that_saw_the_same_version_the_second_is_refused(space, manifests, refused):
    seen = space.create(manifests.config_map(a="1"))
    space.replace({**seen, "data": {"a": "2"}})
    with refused(409, "Conflict", "the object has been modified"):
        space.replace({**seen, "data": {"a": "3"}})
    assert space.get("ConfigMap", "settings")["data"] == {"a": "2"}


def test_a_write_that_changes_nothing_makes_no_version(space, manifests):
    made = space.create(manifests.config_map(a="1"))
    again = space.replace(made)
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_dry_run_answers_but_stores_nothing(space, manifests):
    made = space.create(manifests.config_map(), query_params=[("dryRun", "All")])
    assert made["metadata"]["name"] == "settings"
    assert space.find("ConfigMap", "settings") is None


def test_a_namespace_must_exist(space, manifests, refused):
    with refused(404, "NotFound", 'namespaces "nowhere-at-all" not found'):
        space.kind("ConfigMap").create(body=manifests.config_map(), namespace="nowhere-at-all")


def test_the_namespace_of_the_body_must_be_that_of_the_path(space, manifests, refused):
    body = manifests.config_map()
    body["metadata"]["namespace"] = "another"
    with refused(400, "BadRequest", "does not match the namespace"):
        space.client.request("post", space.path("ConfigMap"), body={"apiVersion": "v1", **body})


@pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", "a" * 254], ids=lambda name: name[:12])
def test_names_are_those_of_rfc_1123(space, manifests, refused, name):
    with refused(422, "Invalid", "metadata.name") as status:
        space.create(manifests.config_map(name))
    assert status["details"]["causes"][0]["field"] == "metadata.name"


def test_a_merge_patch_changes_and_removes_single_fields(space, manifests):
    space.create(manifests.config_map(kept="1", changed="1", removed="1"))
    patched = space.patch("ConfigMap", "settings", {"data": {"changed": "2", "removed": None}})
    assert patched["data"] == {"kept": "1", "changed": "2"}


def test_a_json_patch_tests_before_it_writes(space, manifests, refused):
    space.create(manifests.config_map(a="1"))
    swap = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "2"},
    ]
    assert space.patch("ConfigMap", "settings", swap, "json-patch")["data"] == {"a": "2"}
    with refused(422, "Invalid"):
        space.patch("ConfigMap", "settings", swap, "json-patch")


def test_a_strategic_patch_finds_containers_and_variables_by_name(space, manifests):
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]
    space.create(manifests.deployment("web", replicas=0, env=env))
    change = {
        "containers": [{"name": "main", "env": [{"name": "B", "value": "2"}, {"name": "C", "value": "3"}]}]
    }
    patched = space.patch(
        "Deployment", "web", {"spec": {"template": {"spec": change}}}, "strategic-merge-patch"
    )
    container = patched["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "busybox:1.36"
    assert {each["name"]: each["value"] for each in container["env"]} == {"A": "1", "B": "2", "C": "3"}


def test_only_a_change_of_the_spec_is_a_new_generation(space, manifests):
    made = space.create(manifests.deployment("web", replicas=0))
    assert made["metadata"]["generation"] == 1
    labelled = space.patch("Deployment", "web", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    scaled = space.patch("Deployment", "web", {"spec": {"paused": True}})
    assert scaled["metadata"]["generation"] == 2


def test_status_and_spec_are_written_by_different_doors(space, manifests):
    job = space.create(manifests.job("work", "true", spec={"suspend": True}))
    forged = space.patch("Job", "work", {"status": {"succeeded": 7}})
    assert "succeeded" not in (forged.get("status") or {})
    told = {"status": {"conditions": []}, "spec": {"parallelism": 5}}
    answer = space.client.request(
        "patch", f"{space.path('Job', 'work')}/status", body=told, content_type="application/merge-patch+json"
    ).to_dict()
    assert answer["spec"]["parallelism"] == 1
    assert answer["metadata"]["generation"] == job["metadata"]["generation"]


def test_secrets_take_plain_text_and_give_base64(space):
    made = space.create({"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"a": "päß"}})
    assert "stringData" not in made
    assert made["data"] == {"a": "cMOkw58="}
    assert made["type"] == "Opaque"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"containers": []}, "spec.template.spec.containers", id="no container"),
        pytest.param(
            {"containers": [{"name": "main"}]}, "spec.template.spec.containers[0].image", id="no image"
        ),
        pytest.param(
            {"containers": [{"name": "A B", "image": "x"}]},
            "spec.template.spec.containers[0].name",
            id="bad name",
        ),
        pytest.param(
            {"containers": [{"name": "a", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
            "spec.template.spec.containers[0].volumeMounts[0].name",
            id="mount without volume",
        ),
        pytest.param({"restartPolicy": "Sometimes"}, "spec.template.spec.restartPolicy", id="unknown policy"),
    ],
)
def test_what_cannot_run_is_refused_with_the_field_named(space, manifests, refused, change, field):
    manifest = manifests.job("work", "true")
    manifest["spec"]["template"]["spec"] |= change
    with refused(422, "Invalid", field) as status:
        space.create(manifest)
    assert field in [cause["field"] for cause in status["details"]["causes"]]


def test_a_deployment_must_select_its_own_pods(space, manifests, refused):
    manifest = manifests.deployment("web")
    manifest["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    with refused(422, "Invalid", "`selector` does not match template `labels`"):
        space.create(manifest)


def test_the_selector_of_a_deployment_and_the_template_of_a_job_are_for_ever(space, manifests, refused):
    space.create(manifests.deployment("web", replicas=0))
    change = {
        "selector": {"matchLabels": {"app": "other"}},
        "template": {"metadata": {"labels": {"app": "other"}}},
    }
    with refused(422, "Invalid", "spec.selector", "field is immutable"):
        space.patch("Deployment", "web", {"spec": change})
    space.create(manifests.job("work", "true", spec={"suspend": False}))
    image = {"containers": [{"name": "main", "image": "alpine:3", "command": ["true"]}]}
    with refused(422, "Invalid", "spec.template", "field is immutable"):
        space.patch("Job", "work", {"spec": {"template": {"spec": image}}})


def test_the_scale_of_a_deployment_is_a_view_of_its_replicas(space, manifests):
    space.create(manifests.deployment("web", replicas=0))
    path = f"{space.path('Deployment', 'web')}/scale"
    scale = space.client.request("get", path).to_dict()
    assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 0})
    patch = {"spec": {"replicas": 2}}
    space.client.request("patch", path, body=patch, content_type="application/merge-patch+json")
    assert space.get("Deployment", "web")["spec"]["replicas"] == 2
