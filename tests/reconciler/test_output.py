"""What is kept of what a run printed."""

import json

import pytest

from shared.cluster.port import Ref
from shared.reconciler import output
from shared.reconciler.objects import Objects
from shared.runs.models import OUTPUT_LIMIT

POD = Ref("Pod", "p", "tenant-alice")
ITEM_LIMIT = 400 * 1024


@pytest.fixture
def collected(scene):
    def collected(printed):
        scene.cluster.printed[POD] = printed
        pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "tenant-alice"}}
        return output.collected(Objects.of(pod), scene.cluster)

    return collected


def test_all_of_it_where_it_is_short(collected):
    kept = collected("grüezi\n".encode())
    assert (kept.stdout, kept.stderr, kept.truncated, kept.bytes) == ("grüezi\n", "", False, 8)


def test_the_beginning_where_it_is_long(collected):
    kept = collected(b"x" * (OUTPUT_LIMIT + 1))
    assert (len(kept.stdout), kept.truncated, kept.bytes) == (OUTPUT_LIMIT, True, OUTPUT_LIMIT + 1)


@pytest.mark.parametrize("byte", [b"\0", b"\n", b"\xff", b'"'])
def test_what_grows_when_it_is_written_as_text_still_fits_into_an_item(collected, byte):
    kept = collected(byte * OUTPUT_LIMIT)
    assert len(json.dumps(kept.model_dump(), ensure_ascii=False).encode()) < ITEM_LIMIT
    assert kept.truncated
    assert kept.stdout


def test_nothing_where_there_is_no_pod(scene):
    assert output.collected(Objects(), scene.cluster) is None
