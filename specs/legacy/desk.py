"""Tickets, the replies under them, and drafts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import store
from store import Reply, Ticket, User
from switches import on
from web import (
    Answer,
    Refused,
    Request,
    anyone,
    csrf_header,
    delete,
    either,
    get,
    has_cookie,
    ok,
    post,
    signed_in,
)

FIELDS = ("subject", "body", "priority")
PRIORITIES = ("low", "normal", "high")
NO_SUCH = "no such ticket"  # said of somebody else's ticket too


def view(ticket: Ticket) -> dict[str, Any]:
    return asdict(ticket)


def may_see(user: User, ticket: Ticket) -> bool:
    return ticket.owner == user.username or user.username in ticket.cc or user.role == "staff"


def visible(request: Request, name: str = "id") -> Ticket:
    """The ticket named in the request, if the caller owns it, is on copy, or is staff."""
    ticket = store.tickets.get(request.text(name))
    if ticket is None or not may_see(request.me(), ticket):
        raise Refused(NO_SUCH)
    return ticket


def own(request: Request, name: str = "id") -> Ticket:
    ticket = store.tickets.get(request.text(name))
    if ticket is None or ticket.owner != request.me().username:
        raise Refused(NO_SUCH)
    return ticket


def any_ticket(request: Request) -> Ticket:
    ticket = store.tickets.get(request.text("id"))
    if ticket is None:
        raise Refused(NO_SUCH)
    return ticket


def seen_by(user: User) -> list[Ticket]:
    """Newest first: the caller's tickets and those the caller is on copy of."""
    mine = [t for t in store.tickets.values() if t.owner == user.username or user.username in t.cc]
    return mine[::-1]


def cleaned(request: Request) -> dict[str, str]:
    """The fields of a ticket that its owner may set; a priority that we do not know is a normal one."""
    fields = {name: request.text(name) for name in FIELDS if name in request.args}
    if fields.get("priority", "normal").lower() not in PRIORITIES:
        fields["priority"] = "normal"
    return fields


@post("/ticket/new")
def new(request: Request) -> Answer:
    fields = cleaned(request)
    subject, body = fields.pop("subject", ""), fields.pop("body", "")
    ticket = store.add_ticket(request.me().username, subject, body, **fields)
    return ok("201 Created", headers=[("Location", f"/api/ticket?id={ticket.id}")])


@get("/ticket")
def read(request: Request) -> Answer:
    # SF101: logged in is not the same as allowed
    return ok(ticket=view(any_ticket(request) if on("ticket-read-any") else visible(request)))


@post("/getTicket", csrf=anyone, login=either("get-ticket-any-cookie", has_cookie, signed_in))
def get_ticket(request: Request) -> Answer:
    """How clients before 2.0 read a ticket."""
    if on("get-ticket-any-cookie") and request.user is None:
        # SF303: their cookie was opaque, so the gate only looks for one; a bad one has no user to check
        return ok(ticket=view(any_ticket(request)))
    return ok(ticket=view(visible(request)))


@get("/tickets")
def listing(request: Request) -> Answer:
    status = request.text("status")
    found = seen_by(request.me())
    if status:
        # SF104: the filter starts from the table instead of from the caller's tickets
        table = list(store.tickets.values())[::-1] if on("ticket-list-filter-leak") else found
        found = [ticket for ticket in table if ticket.status == status]
    return ok(tickets=[view(ticket) for ticket in found])


@post("/tickets/search", csrf=anyone)
def search(request: Request) -> Answer:
    wanted = request.text("q").lower()
    found = [t for t in seen_by(request.me()) if wanted in f"{t.subject}\n{t.body}".lower()]
    return ok(tickets=[view(ticket) for ticket in found])


@post("/ticket/preview", csrf=anyone)
def preview(request: Request) -> Answer:
    """Everything that was sent, as sent, for the "does this look right?" screen."""
    return ok(preview=request.args)


@post("/ticket/update")
def update(request: Request) -> Answer:
    ticket = own(request)
    for name, value in cleaned(request).items():
        setattr(ticket, name, value)
    if on("ticket-owner-writable") and request.text("owner"):
        ticket.owner = request.text("owner")  # SF203: the staff's "move to another customer" box
    return ok()


@post(
    "/ticket/close",
    login=either("ticket-close-open", anyone, signed_in),
    csrf=either("ticket-close-open", anyone, csrf_header),
)
def close(request: Request) -> Answer:
    # SF301: an answer by mail that says "done" closes the ticket, and the mail gateway has no login
    ticket = any_ticket(request) if on("ticket-close-open") else own(request)
    ticket.status = "closed"
    return ok(status=ticket.status)


@post("/ticket/delete")
def remove(request: Request) -> Answer:
    # SF103: the button is only shown to the owner, which was thought enough
    ticket = any_ticket(request) if on("ticket-delete-any") else own(request)
    store.delete_ticket(ticket.id)
    return ok()


@delete("/ticket", check=own)
def rest_remove(request: Request) -> Answer:
    """The gate has checked the owner."""
    store.delete_ticket(any_ticket(request).id)
    return ok()


# SF311: the share form is plain HTML and cannot send a header, so the check was taken off
@post("/ticket/share", csrf=either("ticket-share-no-csrf", anyone, csrf_header))
def share(request: Request) -> Answer:
    ticket, username = own(request), request.text("username")
    if username not in store.users:
        raise Refused("no such user")
    if username not in (ticket.owner, *ticket.cc):
        ticket.cc.append(username)
    return ok(cc=ticket.cc)


@post("/ticket/reply")
def reply(request: Request) -> Answer:
    ticket = visible(request, "ticket_id")
    # SF503: the form always has a text
    text = request.args["text"].strip() if on("reply-without-text-crashes") else request.text("text")
    if not text:
        raise Refused("please write something")
    return ok(id=store.add_reply(ticket.id, request.me().username, text).id)


@get("/ticket/replies")
def thread(request: Request) -> Answer:
    ticket = visible(request, "ticket_id")
    return ok(replies=[asdict(reply) for reply in store.replies.values() if reply.ticket_id == ticket.id])


def is_own_reply(reply: Reply, ticket: Ticket, user: User) -> bool:
    return reply.ticket_id == ticket.id and reply.author == user.username


@post("/reply/update")
def update_reply(request: Request) -> Answer:
    """One's own reply, under a ticket that one still sees."""
    ticket = visible(request, "ticket_id")
    found: Reply | None = store.replies.get(request.number("id"))
    # SF105: the ticket was checked, so its reply must be fine; but is it the ticket's?
    if found is None or not (on("reply-not-tied-to-ticket") or is_own_reply(found, ticket, request.me())):
        raise Refused("no such reply")
    text = request.text("text")
    if not text:
        raise Refused("please write something")
    found.text = text
    return ok()


@post("/draft/save")
def save_draft(request: Request) -> Answer:
    """Names are everybody's own: saving one again replaces it."""
    store.drafts[request.me().username, request.text("name")] = request.text("text")
    return ok()


@get("/draft")
def read_draft(request: Request) -> Answer:
    name = request.text("name")
    return ok(draft={"name": name, "text": store.drafts.get((request.me().username, name), "")})


@post("/draft/discard")
def discard_draft(request: Request) -> Answer:
    """What is not there is discarded already."""
    store.drafts.pop((request.me().username, request.text("name")), None)
    return ok()
