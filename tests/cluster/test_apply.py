"""Server-side apply: an applier owns what it applied, and only that."""


def owned_by(item, manager):
    return [entry for entry in item["metadata"].get("managedFields", []) if entry["manager"] == manager]


def test_applying_twice_writes_once(space, manifests):
    first = space.apply(manifests.deployment("web", replicas=0))
    second = space.apply(manifests.deployment("web", replicas=0))
    space.until(lambda: manifests.conditions(space.get("Deployment", "web")).get("Progressing"))
    third = space.apply(manifests.deployment("web", replicas=0))
    assert first["metadata"]["uid"] == second["metadata"]["uid"] == third["metadata"]["uid"]
    assert third["metadata"]["generation"] == 1
    assert space.apply(manifests.deployment("web", replicas=0)) == third


def test_what_an_applier_no_longer_mentions_is_removed(space, manifests):
    space.apply(manifests.config_map(a="1", b="2"))
    assert space.apply(manifests.config_map(b="2"))["data"] == {"b": "2"}


def test_what_others_have_set_stays(space, manifests):
    space.apply(manifests.config_map(a="1"))
    space.patch(
        "ConfigMap", "settings", {"data": {"theirs": "x"}, "metadata": {"annotations": {"note": "y"}}}
    )
    applied = space.apply(manifests.config_map(a="2"))
    assert applied["data"] == {"a": "2", "theirs": "x"}
    assert applied["metadata"]["annotations"] == {"note": "y"}


def test_a_field_of_another_manager_is_a_conflict_that_names_both(space, manifests, refused):
    space.apply(manifests.config_map(a="1"), "first")
    with refused(409, "Conflict", 'conflict with "first"', ".data.a") as status:
        space.apply(manifests.config_map(a="2"), "second")
    (cause,) = status["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".data.a")
    assert space.get("ConfigMap", "settings")["data"] == {"a": "1"}


def test_a_field_changed_by_an_update_is_a_conflict_too(space, manifests, refused):
    space.apply(manifests.config_map(a="1"))
    space.patch("ConfigMap", "settings", {"data": {"a": "2"}}, field_manager="somebody")
    with refused(409, "Conflict", 'conflict with "somebody"'):
        space.apply(manifests.config_map(a="1"))


def test_force_takes_the_field_over(space, manifests):
    space.apply(manifests.config_map(a="1", b="1"), "first")
    forced = space.apply(manifests.config_map(a="2"), "second", force=True)
    assert forced["data"] == {"a": "2", "b": "1"}
    assert "f:a" not in owned_by(forced, "first")[0]["fieldsV1"]["f:data"]
    assert "f:a" in owned_by(forced, "second")[0]["fieldsV1"]["f:data"]


def test_a_field_on_which_two_agree_belongs_to_both(space, manifests):
    space.apply(manifests.config_map(a="1"), "first")
    space.apply(manifests.config_map(a="1"), "second")
    left = space.apply(manifests.config_map(), "first")
    assert left["data"] == {"a": "1"}
    gone = space.apply(manifests.config_map(), "second")
    assert not gone.get("data")


def test_items_of_keyed_lists_are_owned_one_by_one(space, manifests):
    def variables(item):
        return {
            each["name"]: each.get("value")
            for each in item["spec"]["template"]["spec"]["containers"][0]["env"]
        }

    mine = [{"name": "MINE", "value": "1"}, {"name": "OLD", "value": "1"}]
    space.apply(manifests.deployment("web", replicas=0, env=mine))
    theirs = {"containers": [{"name": "main", "env": [{"name": "THEIRS", "value": "2"}]}]}
    space.patch("Deployment", "web", {"spec": {"template": {"spec": theirs}}}, "strategic-merge-patch")
    applied = space.apply(manifests.deployment("web", replicas=0, env=mine[:1]))
    assert variables(applied) == {"MINE": "1", "THEIRS": "2"}


def test_ports_are_told_apart_with_the_default_protocol(space, manifests):
    ports = [
        {"containerPort": 8080, "name": "http"},
        {"containerPort": 8080, "protocol": "UDP", "name": "quic"},
    ]
    first = space.apply(manifests.deployment("web", replicas=0, ports=ports))
    container = first["spec"]["template"]["spec"]["containers"][0]
    assert [(port["name"], port["protocol"]) for port in container["ports"]] == [
        ("http", "TCP"),
        ("quic", "UDP"),
    ]
    second = space.apply(manifests.deployment("web", replicas=0, ports=ports))
    assert second["metadata"]["generation"] == 1


def test_who_owns_what_is_written_in_managed_fields(space, manifests):
    applied = space.apply(manifests.deployment("web", replicas=0), "eventflow")
    (entry,) = owned_by(applied, "eventflow")
    assert (entry["operation"], entry["apiVersion"], entry["fieldsType"]) == ("Apply", "apps/v1", "FieldsV1")
    container = entry["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"main"}']
    assert {".", "f:image", "f:name"} <= container.keys()
    assert "f:strategy" not in entry["fieldsV1"]["f:spec"]


def test_apply_needs_a_name_for_its_manager(space, manifests, refused):
    with refused(422, "Invalid", "fieldManager"):
        space.client.request(
            "patch",
            space.path("ConfigMap", "settings"),
            body={"apiVersion": "v1", **manifests.config_map()},
            content_type="application/apply-patch+yaml",
        )


def test_a_stale_version_in_the_configuration_is_a_conflict(space, manifests, refused):
    seen = space.apply(manifests.config_map(a="1"))
    space.apply(manifests.config_map(a="2"))
    stale = manifests.config_map(a="3")
    stale["metadata"]["resourceVersion"] = seen["metadata"]["resourceVersion"]
    with refused(409, "Conflict", "the object has been modified"):
        space.apply(stale)


def test_a_removed_label_leaves_the_others(space, manifests):
    space.apply(manifests.config_map(labels={"keep": "1", "drop": "1"}))
    applied = space.apply(manifests.config_map(labels={"keep": "1"}))
    assert applied["metadata"]["labels"] == {"keep": "1"}


def test_a_status_in_the_configuration_is_ignored(space, manifests):
    manifest = manifests.deployment("web", replicas=0) | {"status": {"replicas": 9}}
    assert (space.apply(manifest).get("status") or {}).get("replicas") != 9
