"""The emulator's pure rules: quantities, patches, fields, selectors, environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cluster import fields, patches, quantities
from local.cluster.apply import Writer, apply
from local.cluster.errors import ApiError
from local.cluster.kubelet.environment import expanded, relocated
from local.cluster.selectors import selector_test


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("500m", 0.5),
        ("0.1", 0.1),
        ("1Ki", 1024),
        ("1.5Gi", 1610612736),
        ("2k", 2000),
        ("1e3", 1000),
        (4, 4),
    ],
)
def test_quantities(text, number):
    assert quantities.valid(text)
    assert float(quantities.parse(text)) == number


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1GiB", "one", "1.2.3", True])
def test_what_is_no_quantity(text):
    assert not quantities.valid(text)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        (2, "2"),
        ("0.5Gi", "512Mi"),
        ("0", "0"),
        ("100Mi", "100Mi"),
        ("1000", "1k"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_quantity_is_kept_in_its_shortest_form(given, kept):
    assert quantities.canonical(given) == kept


@given(st.integers(1, 10**15), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_the_shortest_form_is_the_same_number(number, suffix):
    text = f"{number}{suffix}"
    assert quantities.parse(quantities.canonical(text)) == quantities.parse(text)


NAMES = st.sampled_from(["a", "b", "c"])
OBJECTS = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"labels": st.dictionaries(NAMES, NAMES), "finalizers": st.lists(NAMES, unique=True)}
        ),
        "spec": st.fixed_dictionaries(
            {
                "containers": st.lists(
                    st.fixed_dictionaries(
                        {"name": NAMES, "image": NAMES, "args": st.lists(NAMES)},
                    ),
                    unique_by=lambda container: container["name"],
                ),
                "selector": st.dictionaries(NAMES, NAMES, min_size=1),
            }
        ),
    }
)


@given(OBJECTS)
def test_managed_fields_can_be_read_back(item):
    owned = frozenset(fields.leaves(item))
    assert fields.from_v1(fields.to_v1(owned)) == owned


@given(OBJECTS, OBJECTS)
def test_an_applier_gets_what_it_applied_and_owns_just_that(live, config):
    merged, wanted, _ = apply(live, config, Writer("me", "Apply", "v1"), force=False)
    leaves = fields.leaves(merged)
    assert all(leaves[path] == value for path, value in fields.leaves(config).items() if path in leaves)
    assert wanted == frozenset(fields.leaves(config))


@given(OBJECTS)
def test_applying_what_is_there_changes_nothing(item):
    merged, _, _ = apply(item, item, Writer("me", "Apply", "v1"), force=False)
    assert fields.leaves(merged) == fields.leaves(item)


def test_an_item_that_another_still_owns_keeps_its_key():
    shared = {"containers": [{"name": "main", "image": "x"}]}
    claims = [
        {"manager": "me", "operation": "Apply", "apiVersion": "v1", "time": "t", "fieldsType": "FieldsV1",
         "fieldsV1": fields.to_v1(fields.leaves({"spec": shared}))},
        {"manager": "they", "operation": "Update", "apiVersion": "v1", "time": "t", "fieldsType": "FieldsV1",
         "fieldsV1": {"f:spec": {"f:containers": {'k:{"name":"main"}': {"f:image": {}}}}}},
    ]  # fmt: skip
    live = {"metadata": {"managedFields": claims}, "spec": shared}
    merged, _, _ = apply(live, {"spec": {"replicas": 1}}, Writer("me", "Apply", "v1"), force=False)
    assert merged["spec"] == {"containers": [{"name": "main", "image": "x"}], "replicas": 1}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", "f:replicas"), ".spec.replicas"),
        (("f:spec", "f:containers", 'k:{"name":"web"}', "f:image"), '.spec.containers[name="web"].image'),
        (("f:metadata", "f:finalizers", 'v:"x"'), '.metadata.finalizers[="x"]'),
    ],
)
def test_fields_as_messages_name_them(path, text):
    assert fields.shown(path) == text


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="add"),
        pytest.param({"a": {"b": 1, "c": 1}}, {"a": {"b": None}}, {"a": {"c": 1}}, id="remove"),
        pytest.param({"a": [1]}, {"a": [2]}, {"a": [2]}, id="lists are replaced"),
        pytest.param({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}, id="no null is kept"),
    ],
)
def test_merge_patch(target, patch, result):
    assert patches.merge(target, patch) == result


CONTAINERS = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        pytest.param([{"name": "b", "$patch": "delete"}], ["a"], id="delete an item"),
        pytest.param([{"name": "c"}, {"$patch": "replace"}], ["c"], id="replace the list"),
        pytest.param([{"name": "c"}], ["a", "b", "c"], id="add an item"),
    ],
)
def test_directives_of_a_strategic_patch(patch, names):
    # A replacing directive stands beside the items that stay.
    result = patches.strategic(CONTAINERS, {"containers": patch, "$setElementOrder/containers": []})
    assert [item["name"] for item in result["containers"]] == names


def test_a_strategic_patch_without_the_key_is_refused():
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        patches.strategic(CONTAINERS, {"containers": [{"image": "2"}]})


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/l/1", "value": 9}], {"l": [1, 9, 2], "m": {}}),
        ([{"op": "add", "path": "/l/-", "value": 9}], {"l": [1, 2, 9], "m": {}}),
        ([{"op": "remove", "path": "/l/0"}], {"l": [2], "m": {}}),
        ([{"op": "add", "path": "/m/a~1b", "value": 1}], {"l": [1, 2], "m": {"a/b": 1}}),
        ([{"op": "move", "from": "/l/0", "path": "/m/x"}], {"l": [2], "m": {"x": 1}}),
        ([{"op": "copy", "from": "/l", "path": "/m/x"}], {"l": [1, 2], "m": {"x": [1, 2]}}),
        ([{"op": "replace", "path": "", "value": {}}], {}),
    ],
)
def test_json_patch(operations, result):
    target = {"l": [1, 2], "m": {}}
    assert patches.json_patch(target, operations) == result
    assert target == {"l": [1, 2], "m": {}}


@pytest.mark.parametrize(
    "operation", [{"op": "remove", "path": "/x"}, {"op": "odd", "path": "/l"}, {"path": "/l"}]
)
def test_a_json_patch_that_does_not_fit_is_refused(operation):
    with pytest.raises(ApiError):
        patches.json_patch({"l": []}, [operation])


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"operator": "In", "values": ["1", "2"]}, True),
        ({"operator": "NotIn", "values": ["1"]}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
    ],
)
def test_selectors_of_specs(expression, matches):
    assert selector_test({"matchExpressions": [{"key": "a", **expression}]})({"a": "1"}) is matches


@pytest.mark.parametrize(
    ("text", "result"),
    [("$(A)", "1"), ("x$(A)y$(A)", "x1y1"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A", "$A"), ("$$", "$")],
)
def test_references_to_variables(text, result):
    assert expanded(text, {"A": "1"}) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("/var/run/x", "/real/x"),
        ("/var/run/x/input.json", "/real/x/input.json"),
        ("/var/run/xy", "/var/run/xy"),
        ("/var/run/x/deep/file", "/real/deep/file"),
        ("see /var/run/x", "see /var/run/x"),
    ],
)
def test_paths_below_a_mount_become_real_ones(text, result):
    assert relocated(text, {"/var/run/x": "/real/x", "/var/run/x/deep": "/real/deep"}) == result
