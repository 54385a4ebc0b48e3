"""JSON Web Tokens by PyJWT, as RFC 8725 asks: one algorithm, required claims, a key that we choose."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from shared import aws
from shared.config import settings
from shared.errors import Unauthorized

ALGORITHM = "HS256"
_REQUIRED = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "typ", "fam", "username", "email", "namespace"]


def sign(claims: Mapping[str, Any]) -> str:
    kid, key = _signing_key()
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": kid})


def verified(token: str, *, issuer: str, now: datetime) -> dict[str, Any]:
    """The claims of a token that we signed and that is valid at `now`.

    PyJWT compares times with its own clock, so the two time claims are compared here.
    """
    kid, key = _signing_key()
    try:
        if jwt.get_unverified_header(token).get("kid") != kid:
            raise Unauthorized(
                "the token was signed by somebody else, or the key has been replaced; get a new one"
            )
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=issuer,
            issuer=issuer,
            options={"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        expires, begins = float(claims["exp"]), float(claims["nbf"])
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthorized("the token is not valid; get a new one") from error
    if now.timestamp() >= expires:
        raise Unauthorized("the token has expired; get a new one")
    if now.timestamp() < begins - 60:
        raise Unauthorized("the token is not valid yet")
    return claims


def _signing_key() -> tuple[str, str]:
    secret = json.loads(aws.secret(settings().signing_secret))
    return secret["kid"], secret["key"]
