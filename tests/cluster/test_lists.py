"""Lists: which objects, in which order, in pages that agree with each other."""

import pytest
from kubernetes.dynamic.exceptions import DynamicApiError


def names(items):
    return [item["metadata"]["name"] for item in items]


@pytest.fixture
def shirts(space, manifests):
    for name, labels in {
        "a": {"size": "small", "colour": "red"},
        "b": {"size": "large", "colour": "red"},
        "c": {"size": "large"},
        "d": {"other": "thing"},
    }.items():
        space.create(manifests.config_map(name, labels={"test": "shirts", **labels}))
    return space


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("size=large", ["b", "c"]),
        ("size==small", ["a"]),
        ("size!=large", ["a", "d"]),
        ("size=large,colour=red", ["b"]),
        ("size in (small, large)", ["a", "b", "c"]),
        ("size notin (small)", ["b", "c", "d"]),
        ("colour", ["a", "b"]),
        ("!colour", ["c", "d"]),
        ("size in (large),!colour", ["c"]),
        ("size=", []),
    ],
)
def test_label_selectors(shirts, selector, found):
    assert names(shirts.list("ConfigMap", label_selector=f"test=shirts,{selector}")) == found


@pytest.mark.parametrize("selector", ["a=b=c", "size in", "size in small", "=x"])
def test_a_broken_selector_is_a_bad_request(space, refused, selector):
    with refused(400, "BadRequest"):
        space.list("ConfigMap", label_selector=selector)


def test_field_selectors(shirts, refused):
    assert names(shirts.list("ConfigMap", field_selector="metadata.name=b")) == ["b"]
    assert names(
        shirts.list("ConfigMap", label_selector="test=shirts", field_selector="metadata.name!=b")
    ) == [
        "a",
        "c",
        "d",
    ]
    with refused(400, "BadRequest", "field label not supported"):
        shirts.list("ConfigMap", field_selector="data.x=1")


def test_a_list_over_all_namespaces_finds_the_same_objects(shirts):
    everywhere = shirts.kind("ConfigMap").get(label_selector="test=shirts").to_dict()["items"]
    mine = [item for item in everywhere if item["metadata"]["namespace"] == shirts.namespace]
    assert names(mine) == ["a", "b", "c", "d"]


def test_a_list_can_be_watched_from_its_version(shirts, manifests):
    version = shirts.page("ConfigMap")["metadata"]["resourceVersion"]
    shirts.create(manifests.config_map("e"))
    event = next(shirts.watch("ConfigMap", resourceVersion=version))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "e")


def test_pages_show_the_list_as_it_was_at_the_first(shirts, manifests):
    first = shirts.page("ConfigMap", label_selector="test=shirts", limit=2)
    assert names(first["items"]) == ["a", "b"]
    shirts.delete("ConfigMap", "c")
    shirts.create(manifests.config_map("bb", labels={"test": "shirts"}))
    second = shirts.page(
        "ConfigMap", label_selector="test=shirts", limit=2, _continue=first["metadata"]["continue"]
    )
    assert names(second["items"]) == ["c", "d"]
    assert not second["metadata"].get("continue")
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_pages_without_a_selector_say_how_much_is_left(shirts):
    page = shirts.page("ConfigMap", limit=1)
    rest = shirts.page("ConfigMap", _continue=page["metadata"]["continue"])
    assert page["metadata"]["remainingItemCount"] == len(rest["items"])


def test_a_forged_continue_token_is_refused(space):
    with pytest.raises(DynamicApiError) as refusal:
        space.page("ConfigMap", limit=1, _continue="bm90IGEgdG9rZW4")
    assert refusal.value.status in (400, 410)


def test_deleting_a_collection_takes_what_the_selector_finds(shirts):
    shirts.kind("ConfigMap").delete(namespace=shirts.namespace, label_selector="size=large")
    assert names(shirts.list("ConfigMap", label_selector="test=shirts")) == ["a", "d"]
