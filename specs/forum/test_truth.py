"""truth.toml holds: every switch opens what it says and nothing else does, and the traps are none."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

sys.path.insert(0, str(Path(__file__).parent))  # the forum is a program in a folder, not an installed package

from agora import config
from agora.switches import SWITCHES, parse
from forum_exploits import EXPLOITS, new_thread, reference
from forum_visitor import SPEC, Visitor, switch_to, unique

HERE = Path(__file__).parent
TRUTH: dict[str, Any] = tomllib.loads((HERE / "truth.toml").read_text())
NEEDS = {weakness["switch"]: weakness.get("needs", []) for weakness in TRUTH["weakness"]}
TWINS = {"secure": (), "insecure": tuple(SWITCHES)}


@pytest.fixture(scope="module")
def forum() -> None:
    config.start()


@pytest.fixture(autouse=True)
def secure_twin(forum: None) -> Iterable[None]:
    switch_to(())
    yield
    switch_to(())


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_works_with_its_switch(switch: str) -> None:
    switch_to([switch, *NEEDS[switch]])
    assert EXPLOITS[switch]()


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_works_with_all_switches(switch: str) -> None:
    switch_to(SWITCHES)
    assert EXPLOITS[switch]()


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_fails_without_switches(switch: str) -> None:
    assert not EXPLOITS[switch]()


@pytest.mark.parametrize("switch", SWITCHES)
def test_exploit_fails_with_the_other_switches(switch: str) -> None:
    # A session that the client keeps cannot be ended by the server; truth.toml has that as a consequence.
    also = {"logout-keeps-session": "session-in-cookie"}.get(switch)
    switch_to(set(SWITCHES) - {switch, also})
    assert not EXPLOITS[switch]()


def test_truth_and_code_have_the_same_switches() -> None:
    assert list(NEEDS) == list(SWITCHES)
    assert set(EXPLOITS) == set(SWITCHES)
    assert {consequence["switch"] for consequence in TRUTH["consequence"]} <= set(SWITCHES)
    for weakness in TRUTH["weakness"]:
        assert SWITCHES[weakness["switch"]].startswith(weakness["rule"])


def test_truth_names_operations_of_the_contract() -> None:
    validate(SPEC)
    for entry in TRUTH["weakness"] + TRUTH["consequence"] + TRUTH["trap"]:
        declared = entry["method"].lower() in SPEC["paths"].get(entry["path"], {})
        assert declared is (entry["rule"] != "SF504"), entry


def test_traps_are_not_also_weaknesses() -> None:
    def key(entry: dict[str, Any]) -> tuple[str, ...]:
        return entry["rule"], entry["method"], entry["path"]

    assert not {key(t) for t in TRUTH["trap"]} & {key(w) for w in TRUTH["weakness"] + TRUTH["consequence"]}


def test_the_document_is_served_as_it_is() -> None:
    assert Visitor().get("/openapi.json").json() == SPEC


def test_a_misspelt_switch_is_named() -> None:
    with pytest.raises(ValueError, match="did you mean 'debug-page'"):
        parse("debug-pages")


# The traps: each behaves the same in both twins.


def trap_public_profile() -> None:
    profile = Visitor("bob").get("/users/alice").json()
    assert profile["username"] == "alice" and "email" not in profile
    assert profile == Visitor().get("/users/alice").json()


def trap_public_board() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    public = alice.make("/boards", title=unique("public"))["slug"]
    private = alice.make("/boards", title=unique("private"), is_private=True)["slug"]
    assert bob.get(f"/boards/{public}").status_code == 200
    assert bob.get(f"/boards/{private}").status_code == 404
    assert alice.send("PUT", f"/boards/{private}/members/bob").status_code == 200
    assert bob.get(f"/boards/{private}").json()["owner"] == "alice"


def trap_shared_drafts_listed() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    shared, kept = (alice.make("/drafts", title=unique("draft")) for _ in range(2))
    alice.send("PUT", f"/drafts/{shared['id']}/collaborators/bob")
    ids = [draft["id"] for draft in bob.get("/drafts").json()["results"]]
    assert shared["id"] in ids and kept["id"] not in ids
    assert bob.send("DELETE", f"/drafts/{shared['id']}").status_code == 403


def trap_published_drafts() -> None:
    alice = Visitor("alice")
    draft, kept = (alice.make("/drafts", title=unique("draft")) for _ in range(2))
    alice.make(f"/drafts/{draft['id']}/publish")
    ids = [draft["id"] for draft in Visitor().get("/users/alice/drafts").json()["results"]]
    assert draft["id"] in ids and kept["id"] not in ids


def trap_message_for_recipient() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    path = f"/messages/{alice.make('/messages', recipient='bob', subject='Hi', body=unique('hello'))['id']}"
    assert bob.get(path).json() == alice.get(path).json()
    assert bob.send("PATCH", path, {"body": "x"}).status_code == 403
    assert Visitor("carol").get(path).status_code in (403, 404)
    assert Visitor("moderator").get(path).status_code in (403, 404)


def trap_message_own_copy() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    path = f"/messages/{alice.make('/messages', recipient='bob', subject='Hi', body='Hello')['id']}"
    assert bob.send("DELETE", path).status_code == 204
    assert bob.get("/messages").json()["results"][:1] != [alice.get(path).json()]
    assert alice.get(path).status_code == 200


def trap_idempotent_unsubscribe() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    path = f"/subscriptions/{alice.make('/subscriptions', **reference(new_thread(alice)[0]))['id']}"
    for name in (path, "/subscriptions/987654321", "/subscriptions/x"):
        assert bob.send("DELETE", name).status_code == 204
    assert alice.get(path).status_code == 200


def trap_wiki_for_all() -> None:
    alice, bob, path = Visitor("alice"), Visitor("bob"), f"/wiki/{unique('page')}"
    assert alice.send("PUT", path, {"title": "Page", "body": "One."}).status_code == 201
    assert bob.send("PUT", path, {"title": "Page", "body": "Two."}).status_code == 200
    assert alice.get(path).json()["body"] == "Two."
    assert Visitor().send("PUT", path, {"title": "Page", "body": "Three."}).status_code == 401


def trap_guest_preferences() -> None:
    guest, wanted = Visitor(), {"theme": "dark", "posts_per_page": 50}
    assert guest.send("PUT", "/preferences", wanted).status_code == 200
    assert guest.get("/preferences").json() == wanted
    assert Visitor("alice").get("/preferences").json() != wanted


def trap_preview_echo() -> None:
    page = {"title": unique("title"), "body": unique("body")}
    assert Visitor().send("POST", "/preview", page).json() == {**page, "word_count": 1}
    found = Visitor().get(f"/search?q={page['title']}").json()
    assert found["count"] == 0


def trap_readable_not_editable() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    public, _text = new_thread(alice)
    private, _text = new_thread(alice, private=True)
    made_up = bob.send("PATCH", "/boards/general/threads/none", {"title": "x"})
    refused = bob.send("PATCH", private, {"title": "x"})
    assert bob.get(public).status_code == 200
    assert bob.send("PATCH", public, {"title": "x"}).status_code == 403
    assert (
        (refused.status_code, refused.content)
        == (made_up.status_code, made_up.content)
        == (
            404,
            b'{"detail":"Not found."}',
        )
    )


def trap_join_refused_alike() -> None:
    alice, bob, code = Visitor("alice"), Visitor("bob"), unique("code")
    slug = alice.make("/boards", title=unique("private"), is_private=True, join_code=code)["slug"]
    uncoded = alice.make("/boards", title=unique("private"), is_private=True)["slug"]
    refusals = [bob.send("POST", f"/boards/{s}/join", {"join_code": ""}) for s in (slug, uncoded, "none")]
    assert {(r.status_code, r.content) for r in refusals} == {(403, refusals[0].content)}
    assert bob.send("POST", f"/boards/{slug}/join", {"join_code": code}).status_code == 200
    assert bob.get(f"/boards/{slug}").status_code == 200


def trap_override_checked() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    path, _text = new_thread(alice)
    override = {"X-HTTP-Method-Override": "DELETE"}
    assert Visitor().send("POST", path, **override).status_code == 401
    assert bob.send("POST", path, **override).status_code == 403
    assert alice.send("POST", path, csrf=None, **override).status_code == 403
    assert alice.send("GET", path, **override).status_code == 200
    assert alice.get(path).status_code == 200
    assert alice.send("POST", path, **override).status_code == 204
    assert alice.get(path).status_code == 404


def trap_owner_ignored() -> None:
    alice = Visitor("alice")
    path = f"/boards/{alice.make('/boards', title=unique('board'))['slug']}"
    assert alice.send("PATCH", path, {"owner": "bob", "title": "New"}).json()["owner"] == "alice"
    assert alice.get(path).json()["owner"] == "alice"


def trap_decisions_for_everyone() -> None:
    alice, moderator = Visitor("alice"), Visitor("moderator")
    found = {}
    for private in (False, True):
        path = new_thread(alice, private=private)[0]
        alice.make(f"{path}/posts", body="Spam.")
        alice.send("POST", f"{path}/posts/1/reports", {"reason": unique("reason")})
        found[private] = moderator.get("/moderation/reports").json()["results"][0]["id"]
        decided = moderator.send("PATCH", f"/moderation/reports/{found[private]}", {"status": "upheld"})
        assert decided.status_code == 200
    for reader in (Visitor(), Visitor("bob")):
        log = reader.get("/moderation/log?page_size=100").json()["results"]
        ids = [entry["id"] for entry in log]
        assert found[False] in ids and found[True] not in ids
        assert all(entry.keys() == {"id", "board", "thread", "post", "status"} for entry in log)
    assert Visitor("dave").get("/moderation/reports").status_code == 403


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def trap_feed_takes_basic() -> None:
    alice, reader, text = Visitor("alice"), Visitor(), unique("news")
    path = new_thread(alice)[0]
    alice.make("/subscriptions", **reference(path))
    alice.make(f"{path}/posts", body=text)
    assert text in reader.get("/me/feed", Authorization=basic("alice", "alice-pass-1")).content.decode()
    assert text not in reader.get("/me/feed", Authorization=basic("bob", "bob-pass-1")).content.decode()
    for wrong in (basic("alice", "alice-pass-2"), basic("\0", "x"), "Basic x", "Basic", "Bearer x", "Token x"):
        assert reader.get("/me/feed", Authorization=wrong).status_code == 401
    # Declared for the feed alone.
    assert reader.get("/me", Authorization=basic("alice", "alice-pass-1")).status_code == 401


def trap_csrf_token_masked() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    texts = [alice.cookie("csrftoken")]
    for _ in range(2):
        alice.get("/auth/session")
        texts.append(alice.cookie("csrftoken"))
    assert len(set(texts)) == 3
    for text in texts:
        assert alice.send("POST", "/drafts", {"title": "x"}, csrf=text).status_code == 201
        assert bob.send("POST", "/drafts", {"title": "x"}, csrf=text).status_code == 403


def trap_form_needs_token() -> None:
    alice = Visitor("alice")
    for csrf in (None, Visitor("bob").cookie("csrftoken"), "own"):
        subject = unique("subject")
        form = f"recipient=bob&subject={subject}&body=Hello"
        answer = alice.send("POST", "/messages", form, content_type="application/x-www-form-urlencoded", csrf=csrf)
        sent = csrf == "own"
        assert answer.status_code == (201 if sent else 403)
        assert (subject in alice.get("/messages").content.decode()) is sent
    text = alice.send("POST", "/messages", "{}", content_type="text/plain")
    assert text.status_code == 415


def trap_token_outlives_session() -> None:
    alice = Visitor("alice")
    account = {"username": "alice", "password": "alice-pass-1"}
    header = {"Authorization": f"Token {Visitor().make('/auth/token', **account)['token']}"}
    assert alice.send("POST", "/auth/logout").status_code == 204
    assert alice.get("/me").status_code == 401
    assert Visitor().get("/me", **header).json()["username"] == "alice"
    assert "lives apart from sessions" in SPEC["paths"]["/auth/token"]["post"]["description"]
    assert Visitor().send("DELETE", "/auth/token", **header).status_code == 204
    assert Visitor().get("/me", **header).status_code == 401


def trap_traceback_in_a_post() -> None:
    mark = b"Traceback (most recent call last)"
    assert mark in Visitor().get("/boards/general/threads").content
    assert mark in Visitor("bob").get("/boards/general/threads/harvest-list").content
    assert mark not in Visitor().get("/search?q=harvest").content  # the excerpt ends before it


def trap_csrf_cookie_for_scripts() -> None:
    alice, intruder = Visitor("alice"), Visitor()
    cookie = alice.client.cookies["csrftoken"]
    assert not cookie["httponly"] and cookie["samesite"] == "Lax"
    intruder.client.cookies["csrftoken"] = cookie.value
    assert intruder.get("/me").status_code == 401


def trap_document_route() -> None:
    served = Visitor().get("/openapi.json").json()
    assert served["info"] == SPEC["info"] and "/openapi.json" not in served["paths"]


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("name", [trap["name"] for trap in TRUTH["trap"]])
def test_trap_is_intended_behaviour(name: str, twin: str) -> None:
    switch_to(TWINS[twin])
    globals()[f"trap_{name.replace('-', '_')}"]()


# What is sound in the secure twin beyond the exploits' failure.


@pytest.mark.parametrize("path", sorted(SPEC["paths"]))
def test_guests_and_strangers_get_what_the_contract_says(path: str) -> None:
    """Every operation, as a guest, a stranger and with odd ids: only declared answers (see conftest)."""
    alice, bob, guest = Visitor("alice"), Visitor("bob"), Visitor()
    where, text = new_thread(alice, private=True)
    thread = reference(where)
    ids = {
        "board_slug": thread["board"],
        "thread_slug": thread["thread"],
        "number": "1",
        "username": "alice",
        "draft_id": alice.make("/drafts", title="Draft")["id"],
        "bookmark_id": alice.make("/bookmarks", **thread)["id"],
        "subscription_id": alice.make("/subscriptions", **thread)["id"],
        "message_id": alice.make("/messages", recipient="carol", subject="s", body="b")["id"],
        "report_id": "1",
        "page_slug": "none-such",
    }
    bodies: list[Any] = [None, {}, [], "{", {"title": None, "body": 1e400, "username": "\0"}]
    for method, operation in SPEC["paths"][path].items():
        private = {} not in operation["security"]
        for odd in (None, "x", "0", "-1", "9" * 30, "%00", "%F0%9F%98%80", "a" * 300):
            target = path
            for name, value in ids.items():
                target = target.replace(f"{{{name}}}", odd or str(value))
            for body in bodies if odd is None else bodies[:2]:
                answer = guest.send(method.upper(), target, body)
                assert not private or answer.status_code == 401
                if "auth/" not in path:
                    strange = bob.send(method.upper(), target, body)
                    assert strange.status_code < 500
                    assert text not in strange.content.decode()


def test_private_things_and_made_up_ones_are_refused_alike() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    thread, _text = new_thread(alice, private=True)
    board, slug = thread.rsplit("/threads/", 1)
    draft = f"/drafts/{alice.make('/drafts', title='Draft')['id']}"
    message = alice.make("/messages", recipient="carol", subject="s", body="b")["id"]
    bookmark = alice.make("/bookmarks", **reference(thread))["id"]
    subscription = alice.make("/subscriptions", **reference(thread))["id"]
    pairs = [
        (thread, f"/boards/none/threads/{slug}"),
        (board, "/boards/none"),
        (draft, "/drafts/0f5d4a5e-1111-4222-8333-444455556666"),
        (f"/messages/{message}", "/messages/987654321"),
        (f"/bookmarks/{bookmark}", "/bookmarks/987654321"),
        (f"/subscriptions/{subscription}", "/subscriptions/987654321"),
    ]
    suffixes = ("", "/members", "/threads", "/posts", "/posts/1", "/posts/1/reports", "/read-mark", "/lock")
    suffixes += ("/publish", "/collaborators/bob", "/unsubscribe", "/members/bob", "/join")
    for real, made_up in pairs:
        for suffix in suffixes:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                answers = [bob.send(method, where + suffix, {"title": "x"}) for where in (real, made_up)]
                first, second = ((a.status_code, a.content) for a in answers)
                assert first == second, (method, real + suffix)
                assert first[0] in (204, 400, 403, 404, 405)


def test_login_always_rotates_the_session() -> None:
    alice = Visitor("alice")
    seen = [alice.cookie("sessionid")]
    for name in ("alice", "bob", "alice"):
        alice.login(name, f"{name}-pass-1")
        seen.append(alice.cookie("sessionid"))
        old = Visitor()
        old.client.cookies["sessionid"] = seen[-2]
        assert old.get("/me").status_code == 401
    assert len(set(seen)) == len(seen)


def test_csrf_token_belongs_to_its_session() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    alice.client.cookies["csrftoken"] = bob.cookie("csrftoken")  # a planted pair of cookie and header
    assert alice.send("POST", "/drafts", {"title": "x"}).status_code == 403
    cookie = bob.client.cookies["csrftoken"]
    assert not cookie["httponly"] and cookie["samesite"] == "Lax"


def test_tokens_work_without_cookies_and_end() -> None:
    script = Visitor()
    account = {"username": "bob", "password": "bob-pass-1"}
    header = {"Authorization": f"Token {script.make('/auth/token', **account)['token']}"}
    assert script.send("POST", "/drafts", {"title": "x"}, **header).status_code == 201
    assert script.send("POST", "/auth/logout", **header).status_code == 204
    assert script.get("/me", **header).status_code == 401


def test_leaving_a_board_ends_what_a_member_could_see() -> None:
    alice, bob = Visitor("alice"), Visitor("bob")
    path, text = new_thread(alice, private=True)
    board = path.rsplit("/threads/", 1)[0]
    alice.send("PUT", f"{board}/members/bob")
    bob.make("/bookmarks", **reference(path))
    assert text in bob.get("/bookmarks").content.decode()
    assert bob.send("DELETE", f"{board}/members/alice").status_code == 403
    assert bob.send("DELETE", f"{board}/members/bob").status_code == 204
    assert text not in bob.get("/bookmarks").content.decode()
    assert text not in bob.get("/search").content.decode()


# The program itself.


@pytest.mark.parametrize("on", ["none", "all"])
def test_the_program_starts_and_every_identity_can_log_in(on: str) -> None:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {"python": sys.executable, "port": str(port), "switches": on}
    command = [part.format(**values) for part in TRUTH["api"]["command"]]
    server = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(port)
        for entry in yaml.safe_load((HERE / "auth.yaml").read_text())["auth"]:
            log_in(port, entry["loginEndpointAuth"])
    finally:
        server.terminate()
        said, _ = server.communicate(timeout=5)
    assert said == b""


def wait_until_ready(port: int, limit_s: float = 5) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{TRUTH['api']['ready']}", timeout=1)
            return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"not ready after {limit_s} s")


def log_in(port: int, how: dict[str, Any]) -> None:
    user = how["payloadUserPwd"]
    payload = {user["usernameField"]: user["username"], user["passwordField"]: user["password"]}
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(how["verb"], how["endpoint"], json.dumps(payload), {"Content-Type": how["contentType"]})
    response = connection.getresponse()
    assert response.status == 200 and json.load(response)["username"] == user["username"]
    cookies = response.headers.get_all("Set-Cookie") or []
    assert {cookie.partition("=")[0] for cookie in cookies} == {"sessionid", "csrftoken"}
    connection.close()
