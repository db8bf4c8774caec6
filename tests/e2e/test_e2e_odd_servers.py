"""Sound APIs with odd habits: no false alarm under any of them, and one weakness found under each.

Judged are the rules about users, fields and missing credentials. A sloppy document breaks promises of the `contract` kind,
and a development server's cookies those of the `session` kind, for good reasons.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apps.notebook import WEAKNESSES, Habits, Notebook

from specfuzz.findings import Result

HABITS: dict[str, Habits] = {
    "a privileged key comes back with its old value": Habits(),
    "refusal as 403": Habits(refusal="403"),
    "refusal as 200 with an error body": Habits(refusal="error-200"),
    "refusal as a redirect to a login page": Habits(refusal="login-redirect"),
    "refusal as an empty list": Habits(refusal="empty-list"),
    "a page with 200 for any path": Habits(refusal="page"),
    "updates echo extra fields": Habits(echoes_extra=True),
    "updates answer nothing": Habits(silent_writes=True),
    "unknown fields are refused": Habits(strict=True),
    "DELETE answers 204 for anything": Habits(delete_always_204=True),
    "soft delete": Habits(soft_delete=True),
    "writes applied late": Habits(late_writes_s=0.3),
    "creation applied late": Habits(creation="accepted"),
    "public by document": Habits(shared="public"),
    "shared in prose": Habits(shared="readable"),
    "listed to everybody": Habits(shared="listed"),
    "PUT upserts": Habits(creation="put"),
    "values are normalised": Habits(normalises=True),
    "tokens expire": Habits(token_uses=6),
    "cookies expire": Habits(token_uses=6, auth="cookie"),
    "a limiter answers now and then": Habits(throttles_every=6),
    "a gateway fails now and then": Habits(fails_every=4),
    "cookie session with CSRF token": Habits(auth="cookie"),
    "API key header": Habits(auth="api-key"),
    "HTTP basic": Habits(auth="basic"),
    "slugs": Habits(ids="slug"),
    "UUIDs": Habits(ids="uuid"),
    "ids only in Location": Habits(creation="location"),
    "UUIDs only in Location": Habits(creation="location", ids="uuid"),
    "nested resources": Habits(nested=True),
    "envelope": Habits(envelope=True),
    "body wrapper": Habits(wrapper=True),
    "form bodies": Habits(form=True),
    "Swagger 2.0": Habits(document="2.0"),
    "no security in the document": Habits(says_security=False),
    "no required in the document": Habits(says_required=False),
    "no response schemas in the document": Habits(says_responses=False),
    "wrong types in the document": Habits(says_types=False),
    "callers are shown their own credentials": Habits(reflects=True),
    "the document says who may read": Habits(says_owner=True),
    # Together, as they come in the wild
    "error bodies, envelope, wrapper": Habits(refusal="error-200", envelope=True, wrapper=True),
    "redirects and a cookie session": Habits(refusal="login-redirect", auth="cookie"),
    "late writes and an expiring token": Habits(late_writes_s=0.3, token_uses=6),
    "a silent document": Habits(says_security=False, says_required=False, says_responses=False),
    "nested UUIDs only in Location": Habits(nested=True, creation="location", ids="uuid"),
    "pages, a soft delete, nothing echoed": Habits(refusal="page", soft_delete=True, silent_writes=True),
}

JUDGED = {"cross-user", "extra-field", "tokenless"}
Found = set[tuple[str, str, str | None]]


def alarms(result: Result) -> Found:
    """Rule, operation and field of every finding that would turn a build red."""
    return {
        (finding.rule, finding.operation.label, finding.field)
        for finding in result.findings
        if finding.confidence in ("firm", "certain") and finding.category in JUDGED
    }


def verdicts(result: Result) -> str:
    """What the run says about itself, for whoever reads a failure."""
    rows = [
        f"{row.rule} {row.operation.label}: {row.verdict}: {row.reason}"
        for row in result.coverage
        if row.verdict != "not-run"
    ]
    return "\n".join([*rows, *result.problems, *result.notes])


def expected(habits: Habits, weakness: str) -> Found:
    prefix = "/books/{book_id}/notes" if habits.nested else "/notes"
    slugs = habits.ids == "slug" or habits.creation == "put"
    item = f"{prefix}/{{{'note_id' if habits.nested else 'slug' if slugs else 'id'}}}"
    update = f"{'PUT' if habits.creation == 'put' else 'PATCH'} {item}"
    return {
        "read": {("SF101", f"GET {item}", None)},
        "update-any": {("SF102", update, None)},
        "delete-any": {("SF103", f"DELETE {item}", None)},
        "mass-sign-up": {("SF201", "POST /users", "is_admin")},
        "reassign": {("SF203", update, "owner_id")},
        "tokenless-read": {("SF302", f"GET {item}", None)},
        "mass-update": {("SF201", update, "is_approved")},
        "mass-create": {("SF201", f"POST {prefix}", "is_approved")},
        "tokenless-update": {("SF301", update, None)},
        "tokenless-delete": {("SF301", f"DELETE {item}", None)},
        "refused-write": {("SF304", update, None)},
    }[weakness]


def also(habits: Habits, weakness: str) -> set[tuple[str, str, str | None]]:
    """What follows from a weakness by chance: what needs no credentials, a peer may do whose session just expired."""
    tried_by_peers = {"SF301": {"PATCH": "SF102", "PUT": "SF102", "DELETE": "SF103"}}
    found = expected(habits, weakness)
    return {
        (by_method[label.split()[0]], label, field)
        for rule, label, field in found
        if (by_method := tried_by_peers.get(rule)) is not None
    }


def is_a_weakness_of(habits: Habits, weakness: str) -> bool:
    """What everybody may read is perhaps everybody's to write as well (a wiki); an upserting API has no POST."""
    if weakness in ("read", "update-any", "delete-any"):
        return not habits.shared
    if weakness == "mass-sign-up":  # an account has no habits of its own but these
        return habits in (Habits(), Habits(refusal="error-200"), Habits(strict=True), Habits(form=True)) or bool(
            habits.envelope or habits.auth != "bearer" or not habits.says_responses or habits.document == "2.0"
        )
    if weakness == "tokenless-read":
        return habits.shared != "public"
    return not (weakness == "mass-create" and habits.creation == "put")


@pytest.mark.parametrize("name", HABITS)
def test_a_sound_api_raises_no_alarm_and_is_judged(name: str, run_app: Callable[..., Result]) -> None:
    result = run_app(Notebook(HABITS[name]))
    assert alarms(result) == set()
    assert not result.problems
    held = {(row.rule, row.operation.method) for row in result.coverage if row.verdict == "held"}
    # Every family of rules decided something: no silence by accident.
    write = "PUT" if HABITS[name].creation == "put" else "PATCH"
    wanted = {("SF201", write), ("SF301", write), ("SF301", "DELETE")}
    if not HABITS[name].shared:
        wanted.add(("SF101", "GET"))
    assert wanted <= held, verdicts(result)


@pytest.mark.parametrize(
    ("name", "weakness"),
    [
        pytest.param(name, weakness, id=f"{weakness}-{name}")
        for weakness in WEAKNESSES
        for name, habits in HABITS.items()
        if is_a_weakness_of(habits, weakness)
    ],
)
def test_one_weakness_is_found_where_it_is(name: str, weakness: str, run_app: Callable[..., Result]) -> None:
    result = run_app(Notebook(HABITS[name], weakness))
    wanted = expected(HABITS[name], weakness)
    assert wanted <= alarms(result) <= wanted | also(HABITS[name], weakness), verdicts(result)
