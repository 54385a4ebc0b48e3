"""All that is on the cluster against the records, in batches: drift, orphans, and what a killed process left.

It costs one list a kind and one read a hundred records, however little there is to do.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from shared.cluster import labels
from shared.cluster.labels import FunctionKey, Key, RunKey
from shared.cluster.port import Ref, Selection
from shared.reconciler.apply import Hands
from shared.reconciler.objects import Objects
from shared.reconciler.plan import Case, FunctionCase, RunCase, is_owned, plan
from shared.reconciler.records import Records
from shared.reconciler.settle import Reconciler
from shared.reconciler.world import World


def resync(reconciler: Reconciler, world: World, clock: Callable[[], datetime]) -> Iterator[Key]:
    """Yields the keys that are to be settled by themselves; mends what belongs to no key on the way."""
    hands = reconciler.hands
    for key, case in _cases(hands.records, world.everything()):
        if any(plan(case, now=clock(), platform=hands.platform, resync=reconciler.resync)):
            yield key
    hands.tenants.heal(hands.cluster, hands.platform)
    yield from _unowned_inputs(hands)


def _unowned_inputs(hands: Hands) -> Iterator[Key]:
    """Files of inputs whose making was cut short: their run goes on, or nobody will ever read them."""
    files = hands.cluster.list("ConfigMap", Selection(labels=labels.ours(hands.platform))).items
    unowned = {key: file for file in files if not is_owned(file) and (key := labels.key_of(file))}
    for key, case in _cases(hands.records, {key: Objects.of(file) for key, file in unowned.items()}):
        run = case.run if isinstance(case, RunCase) else None
        if run is not None and not run.state.final:
            yield key
        else:
            hands.cluster.delete(Ref.of(unowned[key]), uid=unowned[key]["metadata"]["uid"])


def _cases(records: Records, held: dict[Key, Objects]) -> Iterator[tuple[Key, Case]]:
    functions = records.functions(key for key in held if isinstance(key, FunctionKey))
    runs = records.runs(key.id for key in held if isinstance(key, RunKey))
    for key, objects in held.items():
        match key:
            case FunctionKey():
                yield key, FunctionCase(functions.get(key), objects=objects)
            case RunKey(id):
                yield key, RunCase(runs.get(id), objects=objects)
