"""The address book: everybody's own."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

import store
from store import Contact
from switches import on
from web import Answer, Refused, Request, get, ok, post, refusal

FIELDS = ("name", "email", "phone", "note")
NO_SUCH = "no such contact"  # said of somebody else's contact too


def view(contact: Contact) -> dict[str, Any]:
    return asdict(contact)


def own(request: Request) -> Contact:
    """The caller's contact with the `id` in the request."""
    contact = store.contacts.get(request.number("id"))
    if contact is None or contact.owner != request.me().username:
        raise Refused(NO_SUCH)
    return contact


def owned_by(username: str) -> list[Contact]:
    return [contact for contact in store.contacts.values() if contact.owner == username]


@post("/contact/add")
def add(request: Request) -> Answer:
    name = request.text("name")
    if not name:
        if on("contact-add-422"):
            return refusal("a contact needs a name", "422 Unprocessable Entity")  # SF501
        raise Refused("a contact needs a name")
    rest = {field: request.text(field) for field in FIELDS if field != "name"}
    return ok(id=store.add_contact(request.me().username, name, **rest).id)


@get("/contact")
def read(request: Request) -> Answer:
    if on("contact-existence"):
        contact = store.contacts.get(request.number("id"))
        if contact is not None and contact.owner != request.me().username:
            raise Refused("you may not see this contact")  # SF107: so there is one
    return ok(contact=view(own(request)))


@get("/contacts")
def listing(request: Request) -> Answer:
    wanted = request.text("q").lower()
    found = [contact for contact in owned_by(request.me().username) if wanted in contact.name.lower()]
    return ok(contacts=[view(contact) for contact in found])


@get("/contact/export")
def export(request: Request) -> Answer:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("id", *FIELDS))
    for contact in owned_by(request.me().username):
        writer.writerow((contact.id, *(getattr(contact, field) for field in FIELDS)))
    return Answer(out.getvalue(), kind="text/csv; charset=utf-8")


@post("/contact/update")
def update(request: Request) -> Answer:
    """Queued: the address book is also on the phones, and those are told first."""
    if on("contact-update-any"):
        # SF102: the queue checks owners, or so it was thought here; it thinks the same of this function
        if request.number("id") not in store.contacts:
            raise Refused(NO_SUCH)
    else:
        own(request)
    contact_id = request.number("id")
    changes = {field: request.text(field) for field in FIELDS if field in request.args}
    if changes.get("name") == "":
        raise Refused("a contact needs a name")

    def apply() -> None:
        contact = store.contacts.get(contact_id)  # it may have been deleted since
        for field, value in changes.items() if contact is not None else ():
            setattr(contact, field, value)

    store.later(apply)
    return ok("202 Accepted", queued=True)


@get("/contact/delete")
def confirm_delete(request: Request) -> Answer:
    contact = own(request)
    if on("contact-delete-by-get"):
        del store.contacts[contact.id]  # SF314: one click less, and every link checker deletes
        return ok()
    return ok(confirm=f"Really delete {contact.name}? Then POST the id to this address.", id=contact.id)


@post("/contact/delete")
def delete(request: Request) -> Answer:
    if on("contact-delete-before-check"):
        contact = store.contacts.pop(request.number("id"), None)
        if contact is None or contact.owner != request.me().username:
            raise Refused(NO_SUCH)  # SF304: true by now
        return ok()
    del store.contacts[own(request).id]
    return ok()
