"""Decisions about identities. Pure: keys, clock and ids come in as values."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.errors import FieldError, Forbidden, Invalid, Unauthorized
from shared.identity.models import Principal, TokenRequest

TOKEN_LIFETIME = timedelta(hours=24)
DEMO_USER = "demo-user"
ISSUER = "eventflow"
NO_PASSWORD_FAMILY = 0
"""Tokens of POST /auth/token: anybody may ask for any user_id, so they open the functions API alone."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,54}[a-z0-9])?")
_OPEN_TO_FAMILY_0 = ("/v1/functions", "/v1/webhooks")


def namespace_of(user_id: str) -> str:
    """`tenant-{user_id}` must be a DNS label of at most 63 characters (RFC 1123)."""
    if not _LABEL.fullmatch(user_id):
        message = (
            "user_id: use 1 to 56 lower-case letters, digits and inner hyphens, "
            "because it becomes part of a Kubernetes namespace"
        )
        raise Invalid(message, fields=[FieldError("user_id", message)])
    return f"tenant-{user_id}"


def development_identity(request: TokenRequest | None) -> TokenRequest:
    request = request or TokenRequest()
    user_id = request.user_id or DEMO_USER
    return TokenRequest(user_id=user_id, username=request.username or user_id, email=request.email)


def claims_of(identity: TokenRequest, *, now: datetime, token_id: str) -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": identity.user_id,
        "typ": "access",
        "fam": NO_PASSWORD_FAMILY,
        "user_id": identity.user_id,
        "username": identity.username,
        "email": identity.email,
        "namespace": namespace_of(identity.user_id),
        "jti": token_id,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFETIME).timestamp()),
    }


def principal_of(claims: Mapping[str, Any]) -> Principal:
    if claims["typ"] != "access":
        raise Unauthorized("this is not an access token")
    return Principal(
        user_id=claims["sub"],
        username=claims["username"],
        email=claims["email"],
        namespace=claims["namespace"],
        family=claims["fam"],
        token_id=claims["jti"],
    )


def bearer_of(authorization: str | None) -> str:
    """The token of an Authorization header (RFC 6750, section 2.1)."""
    if not authorization:
        raise Unauthorized("missing authorization header")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("the authorization header must be: Bearer <token>")
    return token.strip()


def admit(principal: Principal, path: str) -> None:
    """The authorisation choke point of every authenticated route."""
    open_to_all = any(path == tree or path.startswith(f"{tree}/") for tree in _OPEN_TO_FAMILY_0)
    if principal.family == NO_PASSWORD_FAMILY and not open_to_all:
        raise Forbidden("a token of /auth/token opens the functions API only; log in with a password")
