"""What goes away together, and what holds it back."""

import pytest


def child(manifests, owner, name="child", **reference):
    item = manifests.config_map(name)
    item["metadata"]["ownerReferences"] = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            **reference,
        }
    ]
    return item


def test_a_deleted_object_is_gone_and_the_answer_says_which(space, manifests, refused):
    made = space.create(manifests.config_map())
    answer = space.delete("ConfigMap", "settings")
    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    assert answer["details"]["uid"] == made["metadata"]["uid"]
    with refused(404, "NotFound"):
        space.delete("ConfigMap", "settings")


@pytest.mark.parametrize("condition", ["uid", "resourceVersion"])
def test_a_delete_can_insist_on_the_object_that_was_seen(space, manifests, refused, condition):
    made = space.create(manifests.config_map())
    with refused(409, "Conflict", "Precondition failed"):
        space.delete("ConfigMap", "settings", preconditions={condition: "12345"})
    space.delete("ConfigMap", "settings", preconditions={condition: made["metadata"][condition]})
    assert space.find("ConfigMap", "settings") is None


def test_a_finalizer_keeps_an_object_until_it_is_taken_off(space, manifests):
    item = manifests.config_map()
    item["metadata"]["finalizers"] = ["example.com/hold"]
    space.create(item)
    space.delete("ConfigMap", "settings")
    held = space.get("ConfigMap", "settings")
    assert held["metadata"]["deletionTimestamp"]
    space.patch("ConfigMap", "settings", {"metadata": {"finalizers": None}})
    assert space.find("ConfigMap", "settings") is None


def test_what_an_object_owns_goes_with_it(space, manifests):
    owner = space.create(manifests.config_map("owner"))
    space.create(child(manifests, owner))
    space.delete("ConfigMap", "owner", propagationPolicy="Background")
    space.until(lambda: space.find("ConfigMap", "child") is None)


def test_orphans_are_left_without_an_owner(space, manifests):
    owner = space.create(manifests.config_map("owner"))
    space.create(child(manifests, owner))
    space.delete("ConfigMap", "owner", propagationPolicy="Orphan")
    space.until(lambda: space.find("ConfigMap", "owner") is None)
    assert not space.get("ConfigMap", "child")["metadata"].get("ownerReferences")


def test_in_the_foreground_the_owner_goes_last(space, manifests):
    owner = space.create(manifests.config_map("owner"))
    held = child(manifests, owner, blockOwnerDeletion=True)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    space.create(held)
    space.delete("ConfigMap", "owner", propagationPolicy="Foreground")
    space.until(lambda: "deletionTimestamp" in space.get("ConfigMap", "child")["metadata"])
    waiting = space.get("ConfigMap", "owner")["metadata"]
    assert waiting["finalizers"] == ["foregroundDeletion"]
    space.patch("ConfigMap", "child", {"metadata": {"finalizers": None}})
    space.until(lambda: space.find("ConfigMap", "owner") is None)


def test_an_object_whose_owner_does_not_exist_is_swept_away(space, manifests):
    owner = space.create(manifests.config_map("owner"))
    space.delete("ConfigMap", "owner")
    space.create(child(manifests, owner))
    space.until(lambda: space.find("ConfigMap", "child") is None)


def test_a_second_owner_keeps_an_object(space, manifests):
    first, second = (space.create(manifests.config_map(name)) for name in ("first", "second"))
    item = child(manifests, first)
    item["metadata"]["ownerReferences"] += child(manifests, second)["metadata"]["ownerReferences"]
    space.create(item)
    space.create(child(manifests, first, "witness"))
    space.delete("ConfigMap", "first", propagationPolicy="Background")
    space.until(lambda: space.find("ConfigMap", "witness") is None)
    assert space.find("ConfigMap", "child") is not None


def test_a_namespace_takes_everything_with_it(space, manifests, refused):
    space.create(manifests.config_map())
    space.create(manifests.deployment("web"))
    space.until(lambda: space.list("Pod"))
    namespaces = space.kind("Namespace")
    answer = namespaces.delete(name=space.namespace).to_dict()
    assert answer["status"]["phase"] == "Terminating"
    space.until(lambda: space.find("ConfigMap", "settings") is None)
    space.until(lambda: space.find("Namespace", space.namespace) is None)
    with refused(404, "NotFound"):
        space.create(manifests.config_map())


def test_nothing_new_is_made_in_a_namespace_that_ends(space, manifests, refused):
    item = manifests.config_map()
    item["metadata"]["finalizers"] = ["example.com/hold"]
    space.create(item)
    space.kind("Namespace").delete(name=space.namespace)
    with refused(403, "Forbidden", "because it is being terminated") as status:
        space.create(manifests.config_map("late"))
    assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    space.patch("ConfigMap", "settings", {"metadata": {"finalizers": None}})
    space.until(lambda: space.find("Namespace", space.namespace) is None)


def test_a_job_that_is_deleted_without_a_policy_leaves_its_pods(space, manifests):
    space.create(manifests.job("work", "sleep", "600"))
    (pod,) = space.until(lambda: space.list("Pod"))
    space.kind("Job").delete(name="work", namespace=space.namespace)
    space.until(lambda: space.find("Job", "work") is None)
    assert not space.get("Pod", pod["metadata"]["name"])["metadata"].get("ownerReferences")


def test_a_job_deleted_in_the_background_stops_its_pods(space, manifests):
    manifest = manifests.job("work", "sleep", "600")
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.create(manifest)
    space.until(lambda: [pod for pod in space.list("Pod") if pod["status"]["phase"] == "Running"])
    space.delete("Job", "work", propagationPolicy="Background")
    space.until(lambda: not space.list("Pod"))
