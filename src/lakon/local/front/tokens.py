"""JSON Web Tokens, as authorizers of API Gateway check them: RSA signatures alone, keys of the issuer.

See "Control access to HTTP APIs with JWT authorizers", and RFC 7515, 7517 and 8017. A signature is checked with the
public key, in which there is no secret to keep: plain integers do.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import urllib.request
from typing import Any

_DIGESTS = {  # of PKCS #1: the algorithm, and what stands before its digest
    "RS256": (hashlib.sha256, "3031300d060960864801650304020105000420"),
    "RS384": (hashlib.sha384, "3041300d060960864801650304020205000430"),
    "RS512": (hashlib.sha512, "3051300d060960864801650304020305000440"),
}
_FETCH_LIMIT = 5.0
_KEPT = 300.0
_AGAIN = 5.0
_COGNITO = ".amazonaws.com/"


class InvalidTokenError(Exception):
    """The token is not to be believed; says why, in the words of the header `www-authenticate`."""


class Issuers:
    """The keys of issuers, fetched when they are first needed; user pools are those of the embedded AWS."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._keys: dict[str, tuple[float, dict[str, dict[str, str]]]] = {}

    async def claims(self, token: str, issuers: tuple[str, ...]) -> dict[str, Any]:
        """What the token says, if one of `issuers` signed it and its time is now. InvalidTokenError says why not."""
        head, claims, signed, signature = _parsed(token)
        issuer = next((each for each in issuers if each.rstrip("/") == str(claims.get("iss", "")).rstrip("/")), None)
        if issuer is None:
            raise InvalidTokenError("the issuer is not the one that is wanted")
        algorithm = head.get("alg")
        if algorithm not in _DIGESTS:
            raise InvalidTokenError("signing method is invalid")
        key = await self._key(issuer, str(head.get("kid", "")))
        if key is None or not verified(key, str(algorithm), signed, signature):
            raise InvalidTokenError("the token has an invalid signature")
        _check_times(claims)
        return claims

    async def _key(self, issuer: str, kid: str) -> dict[str, str] | None:
        fetched, keys = self._keys.get(issuer, (0.0, {}))
        age = time.monotonic() - fetched
        if not fetched or age > _KEPT or (kid not in keys and age > _AGAIN):
            try:
                keys = await asyncio.to_thread(self._fetch, issuer)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise InvalidTokenError(f"the keys of the issuer cannot be had: {error}") from error
            self._keys[issuer] = time.monotonic(), keys
        return keys.get(kid)

    def _fetch(self, issuer: str) -> dict[str, dict[str, str]]:
        base = issuer.rstrip("/")
        if base.startswith("https://cognito-idp.") and _COGNITO in base:
            address = f"{self._endpoint_url}/{base.rpartition('/')[2]}/.well-known/jwks.json"
        else:
            address = _get(f"{base}/.well-known/openid-configuration")["jwks_uri"]
        return {str(key.get("kid", "")): key for key in _get(address)["keys"] if key.get("kty") == "RSA"}


def verified(key: dict[str, str], algorithm: str, signed: bytes, signature: bytes) -> bool:
    """Whether the owner of an RSA `key` (a JWK) made the `signature` of what is `signed`."""
    digest, prefix = _DIGESTS[algorithm]
    modulus, exponent = (int.from_bytes(_bytes(key[part])) for part in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    tail = bytes.fromhex(prefix) + digest(signed).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail
    return hmac.compare_digest(pow(int.from_bytes(signature), exponent, modulus).to_bytes(size), expected)


def scopes_of(claims: dict[str, Any]) -> list[str]:
    """The scopes of a token: `scope`, a text with spaces between, or `scp`."""
    said = claims.get("scope") or claims.get("scp") or ""
    return said.split() if isinstance(said, str) else [str(each) for each in said]


def is_meant_for(claims: dict[str, Any], audience: tuple[str, ...]) -> bool:
    """Whether one of `audience` is meant, by `aud`, or by `client_id` where there is none."""
    said = claims.get("aud", claims.get("client_id"))
    return bool(set(said if isinstance(said, list) else [said]) & set(audience))


def _get(address: str) -> Any:
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"{address} is no address of the web")
    with urllib.request.urlopen(address, timeout=_FETCH_LIMIT) as answer:  # noqa: S310 - checked above
        return json.load(answer)


def _parsed(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, payload, signature = token.split(".")
        parsed = json.loads(_bytes(head)), json.loads(_bytes(payload))
        if not all(isinstance(part, dict) for part in parsed):
            raise ValueError("it holds no objects")
        return *parsed, f"{head}.{payload}".encode(), _bytes(signature)
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError("the token is not a JSON Web Token") from error


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_times(claims: dict[str, Any]) -> None:
    now = time.time()
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(value, (int, float)) for value in times.values()):
        raise InvalidTokenError("the times of the token are no numbers")
    if times.get("exp", now + 1) <= now:
        raise InvalidTokenError("the token has expired")
    if times.get("nbf", now) > now or times.get("iat", now) > now + 1:
        raise InvalidTokenError("the token is not yet valid")
