"""template.yaml, read as data: what the local platform must route, poll, fire and create.

The local platform reads the same file that is deployed, so the two cannot disagree. What this package does
not understand, and what API Gateway or Lambda would refuse at deployment, is refused here first.
"""

from local.template.loading import load, local_parameters
from local.template.model import (
    Function,
    QueueSource,
    Resource,
    Route,
    Schedule,
    StreamSource,
    Template,
    TemplateError,
)

__all__ = [
    "Function",
    "QueueSource",
    "Resource",
    "Route",
    "Schedule",
    "StreamSource",
    "Template",
    "TemplateError",
    "load",
    "local_parameters",
]
