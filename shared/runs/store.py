"""The runs' table. A run is up to three items under one id: `run` (its state, small and often written),
`input` and `output` (large, written once), so that watching a run does not read what it printed."""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from shared import clock
from shared.config import settings
from shared.errors import Conflict
from shared.models import Page
from shared.runs.models import Run, RunOutput
from shared.store import Row, Table, Transaction, cursor_of, key_of, translated, versioned

SHARDS = 4

DUE_PAGE = 200

_RUN, _INPUT, _OUTPUT = "run", "input", "output"


class _Collection(GlobalSecondaryIndex["RunRow"]):
    class Meta:
        index_name = "collection"
        projection = AllProjection()

    collection = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["RunRow"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class RunRow(Row):
    class Meta:
        table_name = Table("runs_table")

    id = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    collection = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    fence = NumberAttribute(default=0)
    document = UnicodeAttribute()
    expires_at = NumberAttribute()
    version = VersionAttribute()
    by_collection = _Collection()
    due = _Due()


class NameRow(Row):
    class Meta:
        table_name = Table("control_table")

    key = UnicodeAttribute(hash_key=True)
    run = UnicodeAttribute()
    expires_at = NumberAttribute()


class NameTaken(Conflict):
    """Another run has this Job name: take another."""


def collection_of(run_owner: str, source_id: str) -> str:
    """Where a run is listed. It names the owner, so that no cursor reaches into another tenant's list."""
    return f"{run_owner}#{source_id}"


def add(write: Transaction, run: Run, *, input_json: str | None) -> None:
    write.put(_row(run), RunRow.id.does_not_exist())
    if input_json is not None:
        write.put(_part(run, _INPUT, input_json), RunRow.id.does_not_exist())


def reserve_name(write: Transaction, run: Run, *, now: datetime) -> None:
    """Two runs of a namespace never share a Job's name. Held for a day, longer than any Job is kept."""
    expires = int((now + timedelta(days=1)).timestamp())
    row = NameRow(f"job#{run.namespace}#{run.job_name}", run=run.id, expires_at=expires)
    write.put(row, NameRow.key.does_not_exist(), otherwise=NameTaken(f"{run.job_name} is taken"))


def replace(write: Transaction, run: Run) -> None:
    """Saves over the version that was read, unless a newer reconciler (a higher fence) has written since."""
    write.put(_row(run), RunRow.fence <= run.fence)


def add_output(write: Transaction, run: Run, output: RunOutput) -> None:
    write.put(_part(run, _OUTPUT, output.model_dump_json()), RunRow.id.does_not_exist())


def get(run_id: str) -> Run | None:
    try:
        with translated():
            return _run(RunRow.get(run_id, _RUN, consistent_read=True))
    except RunRow.DoesNotExist:
        return None


def with_output(run_id: str) -> tuple[Run | None, RunOutput | None]:
    """A run and what it printed, in one read that leaves its input out."""
    with translated():
        found = RunRow.query(run_id, RunRow.part >= _OUTPUT, consistent_read=True)
        rows = {row.part: row for row in found}
    run = _run(rows[_RUN]) if _RUN in rows else None
    output = RunOutput.model_validate_json(rows[_OUTPUT].document) if _OUTPUT in rows else None
    return run, output


def output_of(run_id: str) -> RunOutput | None:
    return with_output(run_id)[1]


def input_of(run_id: str) -> str | None:
    """Compact JSON, or None if the run was started without input."""
    try:
        with translated():
            # Asked for within milliseconds of being written: a replica that is behind would mean "no input".
            return RunRow.get(run_id, _INPUT, consistent_read=True).document
    except RunRow.DoesNotExist:
        return None


def many(ids: Iterable[str]) -> dict[str, Run]:
    with translated():
        runs = [_run(row) for row in RunRow.batch_get([(id, _RUN) for id in ids], consistent_read=True)]
    return {run.id: run for run in runs}


def page(owner: str, source_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
    """Runs of one source, newest first: their ids sort by time."""
    collection = collection_of(owner, source_id)
    start = key_of(cursor, within={"collection": collection}, names={"id", "part"})
    with translated():
        rows = RunRow.by_collection.query(
            collection, scan_index_forward=False, limit=limit, last_evaluated_key=start
        )
        return Page(items=tuple(_run(row) for row in rows), next=cursor_of(rows.last_evaluated_key))


def due(shard: int, now: datetime) -> Iterator[str]:
    """Ids of what the reconciler should look at, longest waiting first; read as they are taken.

    Eventually consistent, so the record is read by its id before anything is done.
    """
    with translated():
        for row in RunRow.due.query(str(shard), RunRow.due_at <= clock.iso(now), page_size=DUE_PAGE):
            yield row.id


def _row(run: Run) -> RunRow:
    return RunRow(
        id=run.id,
        part=_RUN,
        collection=collection_of(run.owner, run.source_id),
        due_shard=str(zlib.crc32(run.owner.encode()) % SHARDS) if run.due_at else None,
        due_at=clock.iso(run.due_at) if run.due_at else None,
        fence=run.fence,
        document=json.dumps(run.model_dump(mode="json", exclude={"version"}), separators=(",", ":")),
        expires_at=_expiry(run),
        **versioned(run.version),
    )


def _part(run: Run, part: str, document: str) -> RunRow:
    return RunRow(id=run.id, part=part, document=document, expires_at=_expiry(run))


def _expiry(run: Run) -> int:
    return int((run.created_at + timedelta(days=settings().run_retention_days)).timestamp())


def _run(row: RunRow) -> Run:
    return Run.model_validate(json.loads(row.document) | {"version": int(row.version)})
