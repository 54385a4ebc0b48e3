"""A mended Query says exactly what moto's own says, and reads only what the page needs."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.aws.mends import queries

INDEXES = [
    ("by_group", ["group", "key"], {"ProjectionType": "ALL"}),
    ("by_rank", ["group", "rank"], {"ProjectionType": "KEYS_ONLY"}),
    ("by_group_only", ["group"], {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["rank"]}),
]
RANGE = {None: "key", "by_group": "key", "by_rank": "rank", "by_group_only": None}
COMPARISONS = ["=", "<", "<=", ">", ">=", "BETWEEN", "BEGINS_WITH"]

owners, groups = st.sampled_from("ab"), st.sampled_from("xy")
names = st.sampled_from(["a", "ab", "abc", "abd", "b", "ba", "c"])
ranks = st.integers(-9, 9)
writes = st.one_of(
    st.tuples(st.just("put"), owners, names, st.none() | groups, st.none() | ranks),
    st.tuples(st.just("delete"), owners, names),
    st.tuples(st.just("move"), owners, names, groups),
)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    index = draw(st.sampled_from(list(RANGE)))
    return {
        "index": index,
        "hash": draw(groups if index else owners),
        "comparison": draw(st.none() | st.sampled_from(COMPARISONS)),
        "values": draw(st.tuples(names, names)),
        "numbers": draw(st.tuples(ranks, ranks)),
        "limit": draw(st.none() | st.integers(1, 3)),
        "forward": draw(st.booleans()),
    }


def schema(names: list[str]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def make_table(backend: DynamoDBBackend) -> Table:
    return backend.create_table(
        "items",
        schema=schema(["owner", "key"]),
        throughput=None,
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("owner", "key", "group")],
        global_indexes=[
            {"IndexName": name, "KeySchema": schema(keys), "Projection": projection}
            for name, keys, projection in INDEXES
        ],
        indexes=[],
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def write(backend: DynamoDBBackend, operation: str, owner: str, key: str, *more: Any) -> None:
    primary = {"owner": {"S": owner}, "key": {"S": key}}
    if operation == "delete":
        backend.delete_item("items", primary)
    elif operation == "move":
        backend.update_item("items", primary, "SET #g = :g", {"#g": "group"}, {":g": {"S": more[0]}})
    else:
        group, rank = more
        given = {"group": group and {"S": group}, "rank": None if rank is None else {"N": str(rank)}}
        backend.put_item("items", primary | {name: value for name, value in given.items() if value})


def ask(query: Callable[..., Any], table: Table, asked: dict[str, Any], start: Any) -> Any:
    index, comparison, range_attr = asked["index"], asked["comparison"], RANGE[asked["index"]]
    if range_attr is None or (comparison == "BEGINS_WITH" and range_attr == "rank"):
        comparison = None
    values = (
        [{"N": str(n)} for n in asked["numbers"]]
        if range_attr == "rank"
        else [{"S": v} for v in asked["values"]]
    )
    objects = [DynamoType(value) for value in (values if comparison == "BETWEEN" else values[:1])]
    hash_key = DynamoType({"S": asked["hash"]})
    items, scanned, last = query(
        table,
        hash_key,
        comparison,
        objects if comparison else [],
        asked["limit"],
        start,
        asked["forward"],
        None,
        index,
        False,
        None,
        hash_key_conditions=[("group" if index else "owner", hash_key)],
        range_key_conditions=[(range_attr, comparison, objects)] if comparison else [],
    )
    return (
        [item.to_json() for item in items],
        scanned,
        last and {name: value.to_json() for name, value in last.items()},
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(writes, max_size=20), after=st.lists(writes, max_size=20), asked=questions())
def test_every_page_is_the_one_that_moto_gives(
    mended: None, before: list[Any], after: list[Any], asked: dict[str, Any]
) -> None:
    backend = DynamoDBBackend("eu-central-1", "123456789012")
    table = make_table(backend)
    for operation in before:
        write(backend, *operation)
    ask(queries.query, table, asked, None)  # from here on the orders are kept
    for operation in after:
        write(backend, *operation)
    assert pages(queries.query, table, asked) == pages(queries.original, table, asked)


@pytest.mark.parametrize("index", list(RANGE))
@pytest.mark.parametrize("comparison", [None, *COMPARISONS])
def test_every_way_to_ask_gives_the_pages_that_moto_gives(
    backend: DynamoDBBackend, index: str | None, comparison: str | None
) -> None:
    table = make_table(backend)
    stored = ["a", "ab", "abc", "b", "c"]
    for rank, name in enumerate(stored):
        write(backend, "put", "a", name, "x", rank - 2 if name != "ab" else None)
        write(backend, "put", "b", name, "x" if name > "b" else None, rank)
    bounds = ["", "a", "ab", "abd", "c", "d"]
    pairs = [(low, high) for low in bounds for high in (bounds if comparison == "BETWEEN" else [low])]
    for low, high in pairs if comparison else [("", "")]:
        for limit, forward in itertools.product((None, 1, 2, 3), (True, False)):
            question = {"index": index, "hash": "x" if index else "a", "comparison": comparison}
            question |= {"values": (low, high), "numbers": (len(low) - 2, len(high)), "limit": limit}
            question |= {"forward": forward}
            assert pages(queries.query, table, question) == pages(queries.original, table, question), question


def pages(query: Callable[..., Any], table: Table, question: dict[str, Any]) -> list[Any]:
    found = [ask(query, table, question, None)]
    while found[-1][2] is not None:
        assert len(found) < 30, "the pages do not end"
        found.append(ask(query, table, question, found[-1][2]))
    return found


def test_a_start_key_of_another_partition_is_left_to_moto(backend: DynamoDBBackend) -> None:
    table = make_table(backend)
    for owner in ("a", "b"):
        for key in "123":
            write(backend, "put", owner, key, None, None)
    query = {"index": None, "hash": "b", "comparison": None, "values": ("", ""), "limit": 2, "forward": True}
    start = {"owner": {"S": "a"}, "key": {"S": "2"}}
    assert ask(queries.query, table, query, start) == ask(queries.original, table, query, start)


@pytest.mark.parametrize("index", [None, "by_group"])
@pytest.mark.parametrize("forward", [True, False])
def test_a_page_looks_at_no_more_items_in_a_large_table(
    backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch, index: str | None, forward: bool
) -> None:
    table = make_table(backend)
    query = {
        "index": index,
        "hash": "a" if index is None else "x",
        "comparison": ">=",
        "values": ("k0020", ""),
    }
    query |= {"limit": 20, "forward": forward}
    seen = []
    size = Item.size
    monkeypatch.setattr(Item, "size", lambda item: seen.append(item) or size(item))
    looked_at = []
    for count in (100, 2_000):
        for number in range(len(table), count):
            write(backend, "put", "a", f"k{number:04}", "x", None)
        ask(queries.query, table, query, None)
        seen.clear()
        page, _, last = ask(queries.query, table, query, None)
        assert len(page) == 20
        assert last is not None
        looked_at.append(len(seen))
    assert looked_at[0] == looked_at[1]
