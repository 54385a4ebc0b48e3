"""Tokens that somebody else made, or that we made for another time or purpose, open nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared import aws, clock
from shared.config import settings
from shared.errors import Unauthorized
from shared.identity import rules, tokens
from shared.identity.models import TokenRequest
from tests.inprocess import Lambdas, User

NOW = clock.now()
REQUIRED = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "typ", "fam", "username", "email", "namespace"]


def claims(**changed: Any) -> dict[str, Any]:
    return rules.claims_of(TokenRequest(user_id="alice"), now=NOW, token_id="t1") | changed


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in claims().items() if key != name}


def seconds(**ago: float) -> int:
    return int((NOW - timedelta(**ago)).timestamp())


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: str = "") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, payload)
    ]
    return ".".join([*parts, signature])


def ours(payload: dict[str, Any], *, algorithm: str = "HS256", **header: Any) -> str:
    """Signed with our key, so that only what the test changes is wrong."""
    kid, key = key_of_this_stack()
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid, **header})


def key_of_this_stack() -> tuple[str, str]:
    secret = json.loads(aws.secret(settings().signing_secret))
    return secret["kid"], secret["key"]


def tampered() -> str:
    head, _, signature = ours(claims()).split(".")
    return ".".join([head, unsigned({}, claims(sub="bob")).split(".")[1], signature])


def signed_with_the_public_half() -> str:
    """The HS/RS confusion: an RSA public key taken for the secret of an HMAC."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = unsigned({"alg": "HS256", "kid": "1"}, claims()).rstrip(".")
    return f"{signed}.{_hmac(key, signed)}"


def signed_with_an_empty_key() -> str:
    signed = unsigned({"alg": "HS256", "kid": "1"}, claims()).rstrip(".")
    return f"{signed}.{_hmac(b'', signed)}"


def _hmac(key: bytes, text: str) -> str:
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


FORGED: dict[str, Callable[[], str]] = {
    "no dots": lambda: "abc",
    "two parts": lambda: "abc.def",
    "not base64": lambda: "a!.b!.c!",
    "four parts": lambda: ours(claims()) + ".x",
    "not JSON": lambda: "YWJj.YWJj.YWJj",
    "an array for a header": lambda: unsigned([], claims()),  # type: ignore[arg-type]
    "an array for claims": lambda: unsigned({"alg": "HS256", "kid": "1"}, [], "x"),  # type: ignore[arg-type]
    "alg none": lambda: unsigned({"alg": "none", "typ": "JWT", "kid": "1"}, claims()),
    "alg None": lambda: unsigned({"alg": "None", "kid": "1"}, claims()),
    "no alg": lambda: unsigned({"kid": "1"}, claims(), "x"),
    "no signature": lambda: ours(claims()).rpartition(".")[0] + ".",
    "another key": lambda: jwt.encode(claims(), "k" * 64, algorithm="HS256", headers={"kid": "1"}),
    "an empty key": signed_with_an_empty_key,
    "RSA": lambda: jwt.encode(
        claims(), rsa.generate_private_key(65537, 2048), algorithm="RS256", headers={"kid": "1"}
    ),
    "HS/RS confusion": signed_with_the_public_half,
    "our key, another algorithm": lambda: ours(claims(), algorithm="HS512"),
    "another kid": lambda: ours(claims(), kid="2"),
    "no kid": lambda: jwt.encode(claims(), key_of_this_stack()[1], algorithm="HS256"),
    "kid climbs": lambda: ours(claims(), kid="../../dev/null"),
    "tampered claims": tampered,
    "expired": lambda: ours(claims(exp=seconds(seconds=1))),
    "expired long ago": lambda: ours(claims(exp=seconds(days=400), iat=seconds(days=401))),
    "expires at a word": lambda: ours(claims(exp="tomorrow")),
    "not yet valid": lambda: ours(claims(nbf=seconds(hours=-1))),
    "another audience": lambda: ours(claims(aud="someone-else")),
    "another issuer": lambda: ours(claims(iss="someone-else")),
    "a refresh token": lambda: ours(claims(typ="refresh")),
    **{f"no {name}": lambda name=name: ours(without(name)) for name in REQUIRED},  # type: ignore[misc]
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_is_401(forged: str, lambdas: Lambdas) -> None:
    answer = lambdas("GET", "/v1/functions", headers={"Authorization": f"Bearer {FORGED[forged]()}"})
    assert answer.status == 401
    assert answer.json.keys() == {"error", "message"}
    assert answer.json["error"] == "Unauthorized"
    assert answer.headers["www-authenticate"] == 'Bearer realm="eventflow"'


def test_a_token_made_as_ours_is_taken(lambdas: Lambdas) -> None:
    """Or else the table above would prove nothing."""
    answer = lambdas("GET", "/v1/functions", headers={"Authorization": f"Bearer {ours(claims())}"})
    assert (answer.status, answer.json) == (200, [])


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "missing authorization header"),
        ({"Authorization": ""}, "missing authorization header"),
        ({"Authorization": "Bearer"}, "the authorization header must be: Bearer <token>"),
        ({"Authorization": "Basic YTpi"}, "the authorization header must be: Bearer <token>"),
        ({"X-API-Key": "abc"}, "missing authorization header"),
        ({"Cookie": "access_token=abc"}, "missing authorization header"),
    ],
)
def test_without_a_token_it_is_401(headers: dict[str, str], message: str, lambdas: Lambdas) -> None:
    answer = lambdas("GET", "/v1/functions", headers=headers)
    assert (answer.status, answer.json) == (401, {"error": "Unauthorized", "message": message})


def test_a_small_difference_of_clocks_is_forgiven(lambdas: Lambdas) -> None:
    token = ours(claims(nbf=seconds(seconds=-30), iat=seconds(seconds=-30)))
    assert lambdas("GET", "/v1/functions", headers={"Authorization": f"Bearer {token}"}).status == 200


def test_a_token_ends_at_its_time(lambdas: Lambdas, carol: User) -> None:
    verified = tokens.verified(carol.token, issuer=rules.ISSUER, now=clock.now())
    ends = clock.now() + rules.TOKEN_LIFETIME + timedelta(seconds=1)
    with pytest.raises(Unauthorized, match="expired"):
        tokens.verified(carol.token, issuer=rules.ISSUER, now=ends)
    assert verified["sub"] == carol.user_id


def test_a_refusal_does_not_repeat_the_token(lambdas: Lambdas, carol: User) -> None:
    token = carol.token[:-4] + "AAAA"
    answer = lambdas("GET", "/v1/functions", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 401
    assert token not in answer.text


def test_without_the_key_nobody_is_turned_away_for_good(lambdas: Lambdas, carol: User) -> None:
    aws.secret.cache_clear()
    with lambdas.without("secretsmanager"):
        answer = lambdas("GET", "/v1/functions", as_=carol)
    assert (answer.status, answer.json["error"]) == (503, "Service Unavailable")
    assert answer.headers["retry-after"] == "1"
