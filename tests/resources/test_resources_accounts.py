"""Accounts: who each identity is to the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from simulated_api import document, reply

from specfuzz.contract import derive, from_raw
from specfuzz.engine.scenario import accepts
from specfuzz.http import Exchange, Request, Response
from specfuzz.http.driver import run_flow
from specfuzz.resources import Accounts, Resource


class Directory:
    """Accounts over a `/me` that is one function."""

    def __init__(self, facts: Mapping[str, Mapping[str, Any]], me: Response, raw: dict[str, Any] | None = None) -> None:
        contract = derive(from_raw(raw or document(), "n.json"))
        self.accounts = Accounts(contract=contract, facts=lambda name: facts.get(name, {}), accept=accepts)
        self.me = me
        self.sent: list[Request] = []

    def send(self, request: Request) -> Exchange:
        self.sent.append(request)
        return Exchange(request=request, response=self.me)

    def identify(self, name: str) -> Resource:
        return run_flow(self.accounts.identify(name), self.send)


def test_an_account_is_what_its_own_read_shows() -> None:
    directory = Directory({}, reply(200, {"id": 5, "username": "alice"}))
    account = directory.identify("alice")
    assert (account.owner, account.key, account.made) == ("alice", 5, False)
    assert [(item.identity, item.path) for item in directory.sent] == [("alice", "/me")]


def test_a_refused_own_read_leaves_what_the_log_in_told() -> None:
    directory = Directory({"alice": {"sub": "user-5", "exp": 1}}, reply(403, {"error": "no"}))
    directory.identify("alice")
    assert directory.accounts.key_of("alice") == "user-5"


@pytest.mark.parametrize("claim", ["sub", "user_id", "userId", "uid", "id"])
def test_a_tokens_claims_name_the_account(claim: str) -> None:
    directory = Directory({"alice": {claim: 5}}, reply(404))
    directory.identify("alice")
    assert directory.accounts.key_of("alice") == 5


def test_an_account_about_which_nothing_is_known_has_no_key() -> None:
    directory = Directory({}, reply(404))
    directory.identify("alice")
    assert directory.accounts.key_of("alice") is None
    assert run_flow(directory.accounts.as_resource("user", "alice"), directory.send) is None


def test_an_account_of_the_runs_own_stays_its_own_after_it_was_read() -> None:
    directory = Directory({}, reply(200, {"id": 5, "bio": "now"}))
    made = Resource(kind="user", owner="alice", creation=None, body={"id": 5}, sent={"password": "x"})
    directory.accounts.add("alice", made)
    account = directory.identify("alice")
    assert account.made
    assert account.body == {"id": 5, "bio": "now"}


def test_the_other_user_is_never_oneself() -> None:
    directory = Directory({"alice": {"id": 1}, "bob": {"id": 2}}, reply(404))
    directory.identify("alice")
    assert directory.accounts.other_user("alice") is None
    directory.identify("bob")
    assert directory.accounts.other_user("alice") == ("bob", 2)
    assert directory.accounts.other_user("bob") == ("alice", 1)
