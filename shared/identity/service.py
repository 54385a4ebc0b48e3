"""Handing out identities and recognising them."""

from collections.abc import Mapping
from datetime import datetime

from shared.config import settings
from shared.errors import Forbidden
from shared.identity import rules, tokens
from shared.identity.models import Principal, TokenRequest, TokenView


def issue_development_token(request: TokenRequest | None, *, now: datetime, token_id: str) -> TokenView:
    """POST /auth/token: any identity for the asking, so only where the deployment allows it."""
    if not settings().dev_token_enabled:
        raise Forbidden("development tokens are switched off here; set DevTokenEnabled=true to allow them")
    identity = rules.development_identity(request)
    claims = rules.claims_of(identity, now=now, token_id=token_id)
    return TokenView(
        token=tokens.sign(claims),
        user_id=identity.user_id,
        username=identity.username,
        email=identity.email,
        namespace=claims["namespace"],
    )


def authenticate(headers: Mapping[str, str], *, path: str, now: datetime) -> Principal:
    """Who sent these headers (lower-case names), if they may enter this path at all."""
    token = rules.bearer_of(headers.get("authorization"))
    principal = rules.principal_of(tokens.verified(token, issuer=rules.ISSUER, now=now))
    rules.admit(principal, path)
    return principal
