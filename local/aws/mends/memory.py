"""moto keeps every object it ever made on a list, for the dashboard of its server.

In a process that runs all day that leaks every version of an item, every message, every copy of a result.
https://github.com/getmoto/moto/blob/5.2.5/moto/core/common_models.py#L8
"""

from typing import Any

from moto.core.common_models import BaseModel
from moto.s3.models import FakeKey, FakeMultipart

from local.aws.mends.patch import replace


def install() -> None:
    replace(BaseModel, "__new__", _untracked)


def _untracked(cls: Any, *_: Any, **__: Any) -> Any:
    instance: Any = object.__new__(cls)
    # S3 finds its temporary files through this list when it is reset.
    if cls in (FakeKey, FakeMultipart):
        cls.instances_tracked.append(instance)
    return instance
