"""The words in which the domain refuses. One tree; the edge alone turns them into status codes and bodies.

    AppError
    ├── Invalid             400 or 422, by family   a value breaks a rule; `fields` name it
    ├── Unauthorized        401   nobody, or not provably
    ├── Forbidden           403   somebody, but not allowed
    ├── NotFound            404   not there, or not yours
    ├── MethodNotAllowed    405
    ├── Conflict            409   the state forbids it
    ├── Gone                410
    ├── Unprocessable       422   well-formed, yet contradicts an earlier request
    ├── LimitExceeded       429   quota or rate; `retry_after` seconds
    └── Unavailable         503   a dependency is out; trying again helps

Workers add two words of their own (after kopf): `Temporary` is retried with a delay, `Permanent` is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One value that breaks a rule: where it is (`env.PATH`), which rule, in words."""

    field: str
    message: str
    kind: str = "invalid"


class AppError(Exception):
    """Base of all refusals. `message` says what, why and what to do; it is shown to callers."""

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(
        self, message: str, *, retry_after: int | None = None, fields: Sequence[FieldError] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.fields = tuple(fields)


class Invalid(AppError):
    status = 400
    code = "VALIDATION_ERROR"


class Unauthorized(AppError):
    status = 401
    code = "UNAUTHORIZED"


class Forbidden(AppError):
    status = 403
    code = "FORBIDDEN"


class NotFound(AppError):
    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(AppError):
    """`allow` lists the methods that the path takes (RFC 9110, section 15.5.6)."""

    status = 405
    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, *, allow: Sequence[str]) -> None:
        super().__init__(message)
        self.allow = tuple(allow)


class Conflict(AppError):
    status = 409
    code = "CONFLICT"


class Gone(AppError):
    status = 410
    code = "GONE"


class Unprocessable(AppError):
    status = 422
    code = "UNPROCESSABLE"


class LimitExceeded(AppError):
    status = 429
    code = "RATE_LIMITED"


class Unavailable(AppError):
    status = 503
    code = "SERVICE_UNAVAILABLE"


class Temporary(Exception):
    """A worker could not do it now. `retry_in` seconds is a wish, bounded by the queue."""

    def __init__(self, message: str, *, retry_in: int = 30) -> None:
        super().__init__(message)
        self.retry_in = retry_in


class Permanent(Exception):
    """A worker will never be able to do it: retrying would only repeat the failure."""
