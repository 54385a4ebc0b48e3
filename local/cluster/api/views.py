"""Kinds that show the objects of another: events.k8s.io is the newer form of v1's events. Read only."""

from local.cluster.objects import Object
from local.cluster.resources import EVENTS, EVENTS_VIEW, Kind

_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "reportingComponent": "reportingController",
}


def stored(kind: Kind) -> Kind:
    """The kind whose objects this one shows: itself, mostly."""
    return EVENTS if kind is EVENTS_VIEW else kind


def shown(kind: Kind, item: Object) -> Object:
    if kind is not EVENTS_VIEW:
        return item
    return {_RENAMED.get(name, name): value for name, value in item.items()} | {
        "apiVersion": kind.api_version
    }
