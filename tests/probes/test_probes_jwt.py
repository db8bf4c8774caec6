"""SF411 to SF415: tokens without a signature, without a check of it, under a weak key, without an end, with secrets in them."""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from simulated_api import NotesApi, decide, document, only_break, reply
from simulated_sessions import JWT_DOCUMENT, START_S, STRONG, JwtApi, header_of, shown, unverified

from specfuzz.contract import Confidence
from specfuzz.probes import Held, Inconclusive, Role

ME, LOGIN = "GET /me", "POST /login"


def verdict(rule: str, api: NotesApi, label: str = ME, **options: Any) -> Any:
    return decide(rule, label, api, JWT_DOCUMENT, **options)


def verified_by(check: Callable[[JwtApi, str], Mapping[str, Any] | None]) -> JwtApi:
    """An API whose tokens are genuine, or whatever `check` lets through."""
    api = JwtApi()
    api.verify = lambda token: api.genuine(token) or check(api, token)
    return api


# alg none -----------------------------------------------------------------------------------------------------------


def believes_none(*spellings: str) -> JwtApi:
    return verified_by(lambda api, token: unverified(token) if header_of(token).get("alg") in spellings else None)


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE"])
def test_a_token_under_alg_none_that_is_believed_is_found(spelling: str) -> None:
    found = only_break(verdict("SF411", believes_none(spelling)))
    assert (found.owner, found.actor, found.confidence) == ("alice", "alice", Confidence.CERTAIN)
    assert f"alg {spelling} and has no signature" in found.detail
    attack = next(step.exchange for step in reversed(found.steps) if step.role is Role.ATTACK)
    assert (attack.identity, attack.request.operation) == ("alice", ME)
    assert attack.request.substitute is not None


def test_a_token_under_alg_none_with_its_old_signature_is_found() -> None:
    api = verified_by(
        lambda api, token: (
            unverified(token) if header_of(token).get("alg") == "none" and not token.endswith(".") else None
        )
    )
    assert "still has its old signature" in only_break(verdict("SF411", api)).detail


def test_where_no_signature_is_checked_at_all_the_finding_says_so() -> None:
    sound = only_break(verdict("SF411", believes_none("none")))
    assert "made-up signature is refused" in sound.detail
    found = only_break(verdict("SF411", verified_by(lambda api, token: unverified(token))))
    assert "accepted as well: see SF412" in found.detail


# Signatures -----------------------------------------------------------------------------------------------------------


def test_changed_claims_under_the_old_signature_that_are_believed_are_found() -> None:
    found = only_break(
        verdict("SF412", verified_by(lambda api, token: unverified(token) if not token.endswith(".") else None))
    )
    assert (found.owner, found.actor, found.confidence) == ("alice", "bob", Confidence.CERTAIN)
    assert "changed claims and the old signature" in found.title


def test_without_a_second_user_a_made_up_signature_tells() -> None:
    api = verified_by(lambda api, token: unverified(token) if not token.endswith(".") else None)
    found = only_break(verdict("SF412", api, alone=True))
    assert (found.actor, "made-up signature" in found.title) == ("alice", True)


def test_a_signature_that_may_be_left_out_is_found() -> None:
    found = only_break(
        verdict("SF412", verified_by(lambda api, token: unverified(token) if token.endswith(".") else None))
    )
    assert "cut off" in found.title


def test_a_key_that_the_header_brings_along_is_found() -> None:
    def by_its_own_key(api: JwtApi, token: str) -> Mapping[str, Any] | None:
        jwk = header_of(token).get("jwk")
        return api.genuine(token, jwt.PyJWK(jwk).key, ["RS256"]) if jwk else None

    assert "its own header brings along" in only_break(verdict("SF412", verified_by(by_its_own_key))).title


@pytest.mark.parametrize(
    ("part", "key", "said"),
    [("/dev/null", b"", "empty"), ("UNION SELECT 'specfuzz'", b"specfuzz", "selects a key of its own")],
    ids=["a path", "a query"],
)
def test_a_kid_that_leads_to_a_known_key_is_found(part: str, key: bytes, said: str) -> None:
    def by_kid(api: JwtApi, token: str) -> Mapping[str, Any] | None:
        signed, _, signature = token.rpartition(".")
        made = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode()
        return unverified(token) if part in str(header_of(token).get("kid")) and signature == made else None

    assert said in only_break(verdict("SF412", verified_by(by_kid))).title


@pytest.fixture(scope="module")
def rsa_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def rs256(private: Any, *, confused: bool, published: bool = True) -> JwtApi:
    """An API with RS256 that publishes its key; a confused one verifies whatever algorithm the token names with it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from jwt.algorithms import RSAAlgorithm

    api = JwtApi(private, "RS256")
    public = private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(token: str) -> Mapping[str, Any] | None:
        if confused and header_of(token).get("alg") == "HS256":
            signed, _, signature = token.rpartition(".")
            made = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=").decode()
            return unverified(token) if signature == made else None
        return api.genuine(token, public)

    api.verify = verify
    keys = {"keys": [{**json.loads(RSAAlgorithm.to_jwk(public)), "kid": "1"}]}
    if published:
        api.during("GET http://api.test/.well-known/jwks.json", lambda call, ordinary: reply(200, keys))
    return api


def test_the_public_key_as_an_hmac_secret_is_found(rsa_key: Any) -> None:
    found = only_break(verdict("SF412", rs256(rsa_key, confused=True)))
    assert "signed by HMAC with the API's public key" in found.title


def test_a_sound_rs256_holds_and_no_request_leaves_the_origin(rsa_key: Any) -> None:
    api = rs256(rsa_key, confused=False)
    assert isinstance(verdict("SF412", api), Held)
    assert isinstance(verdict("SF411", api), Held)
    assert isinstance(verdict("SF413", api, LOGIN), Held)
    assert all(
        not request.path.startswith("http") or request.path.startswith("http://api.test/") for request in api.sent
    )


def test_an_rs256_whose_key_is_not_published_holds(rsa_key: Any) -> None:
    assert isinstance(verdict("SF412", rs256(rsa_key, confused=True, published=False)), Held)


# What is no finding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_a_strict_verifier_holds_and_says_why(rule: str) -> None:
    found = verdict(rule, JwtApi())
    assert isinstance(found, Held)
    assert "refused" in found.reason


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_a_refusal_as_200_holds(rule: str) -> None:
    api = JwtApi().during(
        ME, lambda call, ordinary: ordinary(call) if call.user else reply(200, {"error": "log in first"})
    )
    assert isinstance(verdict(rule, api), Held)


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_a_page_for_everybody_holds(rule: str) -> None:
    api = JwtApi().during(
        ME, lambda call, ordinary: ordinary(call) if call.user else reply(200, {"authenticated": False})
    )
    assert isinstance(verdict(rule, api), Held)


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_where_anything_is_accepted_nothing_is_told(rule: str) -> None:
    """The control with a made-up value: where it works too, it is SF303 and no flaw of tokens."""
    api = JwtApi()
    api.verify = lambda token: api.genuine(token) or ({"sub": "1"} if token else None)
    found = verdict(rule, api)
    assert isinstance(found, Inconclusive)
    assert "SF303" in found.reason


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_where_nobody_needs_a_token_nothing_is_told(rule: str) -> None:
    api = JwtApi()
    api.during(ME, lambda call, ordinary: ordinary(call) if call.user else reply(200, api.show_user(api.users[1])))
    found = verdict(rule, api)
    assert isinstance(found, Inconclusive)
    assert "SF302" in found.reason


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_an_own_read_that_fails_is_inconclusive(rule: str) -> None:
    api = JwtApi().during(ME, lambda call, ordinary: reply(500))
    assert isinstance(verdict(rule, api), Inconclusive)


@pytest.mark.parametrize("rule", ["SF411", "SF412"])
def test_a_limiter_is_no_verdict(rule: str) -> None:
    api = JwtApi()
    api.during(
        ME,
        lambda call, ordinary: (
            ordinary(call) if call.user or call.request.header("authorization") is None else reply(429)
        ),
    )
    assert isinstance(verdict(rule, api), Inconclusive)


@pytest.mark.parametrize("rule", ["SF411", "SF412", "SF413", "SF414", "SF415"])
def test_a_token_that_is_no_jwt_holds(rule: str) -> None:
    found = decide(rule, ME if rule < "SF413" else LOGIN, NotesApi(), document())
    assert isinstance(found, Held)
    assert "no JSON Web Token" in found.reason


# Offline ----------------------------------------------------------------------------------------------------------------


def test_a_weak_key_is_found_and_what_it_opens_is_tried() -> None:
    found = only_break(verdict("SF413", JwtApi("changeme"), LOGIN))
    assert (found.confidence, found.actor, found.owner) == (Confidence.CERTAIN, "bob", "alice")
    assert "made bob into alice" in found.detail
    assert "changeme" not in shown(found)
    assert found.steps[0].exchange.request.path == "/login"


def test_a_weak_key_is_found_where_nothing_can_be_tried_with_it() -> None:
    found = only_break(verdict("SF413", JwtApi("changeme"), LOGIN, alone=True))
    assert (found.confidence, found.actor) == (Confidence.CERTAIN, "alice")


def test_a_weak_key_whose_forgeries_are_refused_is_still_weak() -> None:
    api = JwtApi("changeme")
    api.verify = lambda token: claims if (claims := api.genuine(token)) and token in issued else None
    issued: set[str] = set()
    api.during(LOGIN, lambda call, ordinary: _noted(ordinary(call), issued))
    assert "refused all the same" in only_break(verdict("SF413", api, LOGIN)).detail


def _noted(response: Any, issued: set[str]) -> Any:
    issued.add((response.json or {}).get("access_token", ""))
    return response


def test_a_key_named_after_the_api_is_found() -> None:
    assert "derived from the API's name" in only_break(verdict("SF413", JwtApi("notes-secret"), LOGIN)).detail


def test_a_random_key_holds() -> None:
    found = verdict("SF413", JwtApi(), LOGIN)
    assert isinstance(found, Held)
    assert "none of" in found.reason


@pytest.mark.parametrize(("lifetime_s", "title"), [(None, "never expires"), (31 * 86_400, "only after 31 days")])
def test_a_token_without_an_end_is_found(lifetime_s: int | None, title: str) -> None:
    api = JwtApi()
    api.lifetime_s = lifetime_s
    found = only_break(verdict("SF414", api, LOGIN))
    assert title in found.title
    assert (found.field, found.confidence) == ("exp", Confidence.FIRM)


@pytest.mark.parametrize("lifetime_s", [60, 86_400, 30 * 86_400])
def test_a_token_that_ends_holds(lifetime_s: int) -> None:
    api = JwtApi()
    api.lifetime_s = lifetime_s
    assert isinstance(verdict("SF414", api, LOGIN), Held)


@pytest.mark.parametrize("looks", [False, True], ids=["nobody looks at exp", "exp counts"])
def test_with_the_key_an_expired_token_is_tried(looks: bool) -> None:
    api = JwtApi("changeme")
    api.verify = lambda token: (
        claims if (claims := api.genuine(token)) and not (looks and claims.get("exp", 0) < START_S) else None
    )
    found = verdict("SF414", api, LOGIN)
    if looks:
        assert isinstance(found, Held)
    else:
        assert only_break(found).title == "an expired token is accepted"
        assert only_break(found).confidence is Confidence.CERTAIN


def test_a_secret_in_the_claims_is_found_by_its_name_and_not_shown() -> None:
    api = JwtApi()
    api.extra = lambda user: {"password_hash": "pbkdf2$0123456789abcdef", "email": "a@b.example"}
    found = only_break(verdict("SF415", api, LOGIN))
    assert (found.field, found.confidence) == ("password_hash", Confidence.FIRM)
    assert "0123456789abcdef" not in shown(found)
    assert "email" not in found.detail


def test_who_somebody_is_may_stand_in_the_claims() -> None:
    api = JwtApi()
    api.extra = lambda user: {
        "email": "a@b.example",
        "name": "Alice",
        "role": "user",
        "at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng",
    }
    assert isinstance(verdict("SF415", api, LOGIN), Held)


def test_the_strong_key_is_none_that_the_lists_have() -> None:
    """Else the secure twin of these tests would be none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jwt.encode({}, STRONG, "HS256")
