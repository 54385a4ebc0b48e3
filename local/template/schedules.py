"""EventBridge schedule expressions as a period: `rate(...)`, and those `cron(...)` that beat evenly."""

import re

from local.template.model import Schedule, TemplateError

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_STEP = re.compile(r"(\d+|\*)/(\d+)")


def schedule(expression: str, where: tuple[str, ...]) -> Schedule:
    if match := _RATE.fullmatch(expression):
        count, unit = int(match[1]), match[2]
        # EventBridge insists on the grammar: "1 minute", "5 minutes".
        if count < 1 or (count == 1) == unit.endswith("s"):
            raise TemplateError(
                where, f"{expression!r}: EventBridge wants 'rate(1 minute)' or 'rate(5 minutes)'"
            )
        return Schedule(every=float(count * _SECONDS[unit.removesuffix("s")]))
    if expression.startswith("cron(") and expression.endswith(")"):
        return _cron(expression, where)
    raise TemplateError(where, f"{expression!r} is neither rate(...) nor cron(...)")


def _cron(expression: str, where: tuple[str, ...]) -> Schedule:
    fields = expression[5:-1].split()
    if len(fields) == 6 and all(field in ("*", "?") for field in fields[2:]):
        minute, hour = _field(fields[0], 60), _field(fields[1], 24)
        match minute, hour:
            case (first, None), (0, 1):
                return Schedule(every=3600.0, offset=first * 60.0)
            case (first, int(step)), (0, 1):
                return Schedule(every=step * 60.0, offset=first * 60.0)
            case (first, None), (at, None):
                return Schedule(every=86400.0, offset=at * 3600.0 + first * 60.0)
            case (first, None), (at, int(step)):
                return Schedule(every=step * 3600.0, offset=at * 3600.0 + first * 60.0)
    raise TemplateError(
        where,
        f"{expression!r} does not beat evenly; locally only crons such as cron(0/5 * * * ? *), "
        "cron(0 * * * ? *) and cron(30 3 * * ? *) fire",
    )


def _field(text: str, size: int) -> tuple[int, int | None] | None:
    """(first, step); no step means once a cycle. None when the beats would not be even."""
    if text == "*":
        return 0, 1
    if text.isdigit() and int(text) < size:
        return int(text), None
    if match := _STEP.fullmatch(text):
        first = 0 if match[1] == "*" else int(match[1])
        step = int(match[2])
        if step > 0 and size % step == 0 and first < step:
            return first, step
    return None
