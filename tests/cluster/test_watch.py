"""Watches: nothing is missed between a list and its watch, or between a watch and the next."""

import itertools


def seen(events, count):
    taken = itertools.islice((event for event in events if event["type"] != "BOOKMARK"), count)
    return [(event["type"], event["object"]["metadata"]["name"]) for event in taken]


def version(item):
    return item["metadata"]["resourceVersion"]


def test_a_watch_without_a_version_begins_with_what_is_there(space, manifests):
    space.create(manifests.config_map("there", labels={"mine": "1"}))
    events = space.watch("ConfigMap", labelSelector="mine")
    assert seen(events, 1) == [("ADDED", "there")]
    space.patch("ConfigMap", "there", {"data": {"a": "1"}})
    space.delete("ConfigMap", "there")
    assert seen(events, 2) == [("MODIFIED", "there"), ("DELETED", "there")]
    events.close()


def test_a_watch_resumes_after_the_version_that_was_seen_last(space, manifests):
    first = space.create(manifests.config_map("settings"))
    second = space.patch("ConfigMap", "settings", {"data": {"a": "1"}})
    space.patch("ConfigMap", "settings", {"data": {"a": "2"}})
    events = space.watch("ConfigMap", resourceVersion=version(first))
    assert [event["object"].get("data") for event in itertools.islice(events, 2)] == [{"a": "1"}, {"a": "2"}]
    events.close()
    later = space.watch("ConfigMap", resourceVersion=version(second))
    assert next(later)["object"]["data"] == {"a": "2"}
    later.close()


def test_every_change_has_a_version_of_its_own_and_they_grow(space, manifests):
    made = space.create(manifests.config_map("settings"))
    for number in range(5):
        space.patch("ConfigMap", "settings", {"data": {"n": str(number)}})
    space.delete("ConfigMap", "settings")
    events = list(itertools.islice(space.watch("ConfigMap", resourceVersion=version(made)), 6))
    versions = [int(version(event["object"])) for event in events]
    assert versions == sorted(set(versions))
    assert events[-1]["type"] == "DELETED"


def test_an_object_that_stops_matching_is_deleted_for_the_watch(space, manifests):
    made = space.create(manifests.config_map("settings", labels={"on": "1"}))
    space.patch("ConfigMap", "settings", {"metadata": {"labels": {"on": None}}})
    space.patch("ConfigMap", "settings", {"data": {"unseen": "1"}})
    space.patch("ConfigMap", "settings", {"metadata": {"labels": {"on": "1"}}})
    events = space.watch("ConfigMap", labelSelector="on=1", resourceVersion=version(made))
    assert seen(events, 2) == [("DELETED", "settings"), ("ADDED", "settings")]
    events.close()


def test_a_watch_of_one_name_sees_no_other(space, manifests):
    made = space.create(manifests.config_map("first"))
    space.create(manifests.config_map("second"))
    space.delete("ConfigMap", "first")
    events = space.watch("ConfigMap", fieldSelector="metadata.name=second", resourceVersion=version(made))
    assert seen(events, 1) == [("ADDED", "second")]
    events.close()


def test_a_watch_over_all_namespaces_sees_this_one(space, manifests):
    made = space.create(manifests.config_map("marked", labels={"mark": space.namespace}))
    path = space.kind("ConfigMap").path()
    response = space.stream(
        path, watch="true", timeoutSeconds=10, labelSelector=f"mark={space.namespace}", resourceVersion=0
    )
    assert space.namespace.encode() in next(response.stream(amt=None, decode_content=False))
    response.close()
    assert made


def test_a_version_that_is_too_old_is_told_as_gone(space):
    (event,) = space.watch("ConfigMap", resourceVersion="1", timeoutSeconds=5)
    assert event["type"] == "ERROR"
    assert (event["object"]["kind"], event["object"]["code"]) == ("Status", 410)
    assert event["object"]["reason"] in ("Expired", "Gone")


def test_the_server_ends_a_watch_in_time_with_a_bookmark_to_go_on_from(space, manifests):
    made = space.create(manifests.config_map("settings"))
    events = list(
        space.watch("ConfigMap", resourceVersion=version(made), timeoutSeconds=1, allowWatchBookmarks="true")
    )
    assert all(event["type"] == "BOOKMARK" for event in events)
    for event in events:
        assert int(version(event["object"])) >= int(version(made))


def test_a_list_can_come_as_a_watch(space, manifests):
    space.create(manifests.config_map("there", labels={"mine": "1"}))
    events = space.watch(
        "ConfigMap",
        labelSelector="mine",
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )
    first, second = next(events), next(events)
    events.close()
    assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "there")
    assert second["type"] == "BOOKMARK"
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
