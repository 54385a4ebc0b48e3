"""docs/rbac.yaml grants what the cluster adapter uses, and nothing beyond."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.cluster.kinds import KINDS

READ = {"get", "list", "watch"}
WRITE = {"create", "patch"}


@pytest.fixture
def granted(root: Path) -> dict[tuple[str, str], set[str]]:
    """(API group, resource) → verbs."""
    documents = yaml.safe_load_all((root / "docs" / "rbac.yaml").read_text(encoding="utf-8"))
    (role,) = (document for document in documents if document["kind"] == "ClusterRole")
    return {key: verbs for rule in role["rules"] for key, verbs in _grants(rule)}


def _grants(rule: dict[str, Any]) -> Iterator[tuple[tuple[str, str], set[str]]]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            yield (group, resource), set(rule["verbs"])


def test_every_kind_that_we_use_can_be_read(granted: dict[tuple[str, str], set[str]]) -> None:
    for name, kind in KINDS.items():
        group = kind.api_version.rpartition("/")[0]
        assert granted.get((group, kind.plural), set()) >= READ, name


def test_nothing_is_granted_on_other_kinds(granted: dict[tuple[str, str], set[str]]) -> None:
    ours = {(kind.api_version.rpartition("/")[0], kind.plural) for kind in KINDS.values()}
    assert granted.keys() - ours == {("", "pods/log")}


def test_pods_and_events_are_only_read(granted: dict[tuple[str, str], set[str]]) -> None:
    assert granted[("", "pods")] == granted[("", "events")] == READ
    assert granted[("", "pods/log")] == {"get"}


def test_a_namespace_once_made_stays(granted: dict[tuple[str, str], set[str]]) -> None:
    assert granted[("", "namespaces")] == READ | WRITE


def test_the_rest_is_made_changed_and_removed(granted: dict[tuple[str, str], set[str]]) -> None:
    looked_at = {("", "pods"), ("", "events"), ("", "pods/log"), ("", "namespaces")}
    for key in granted.keys() - looked_at:
        assert granted[key] == READ | WRITE | {"delete"}, key
