"""Everything the desk remembers: plain dicts in memory behind one lock, filled afresh at every start."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

LOCK = threading.RLock()  # held for a whole request, and by every delayed write

HASH_ROUNDS = 1000  # far too few for real passwords; nothing here is worth more
DELAY_S = 0.3  # the address book is synchronised "in a moment"


@dataclass
class User:
    username: str
    salt: str
    pw_hash: str
    email: str = ""
    company: str = ""
    signature: str = ""
    role: str = "customer"  # or "staff"
    plan: str = "basic"


@dataclass
class Ticket:
    id: str
    owner: str
    subject: str
    body: str
    priority: str = "normal"
    status: str = "open"
    cc: list[str] = field(default_factory=list)


@dataclass
class Reply:
    id: int
    ticket_id: str
    author: str
    text: str


@dataclass
class Contact:
    id: int
    owner: str
    name: str
    email: str = ""
    phone: str = ""
    note: str = ""


@dataclass
class Invoice:
    id: int
    number: str
    owner: str
    amount: float
    currency: str
    memo: str
    issued: str
    bill_to: str = ""
    contact_id: int | None = None
    paid: bool = False
    void: bool = False
    ledger_ref: str = ""


users: dict[str, User] = {}
tickets: dict[str, Ticket] = {}
replies: dict[int, Reply] = {}
contacts: dict[int, Contact] = {}
invoices: dict[int, Invoice] = {}
drafts: dict[tuple[str, str], str] = {}

ARTICLES = {
    "opening-hours": ("Opening hours", "The desk answers Monday to Friday, 9:00 to 17:30."),
    "paying-by-cheque": ("Paying by cheque", "Make cheques out to Paperdesk Ltd and add the invoice number."),
    "print-an-invoice": ("How to print an invoice", "Open the invoice and choose Print."),
}
AGENTS = {
    1: {"id": 1, "name": "Maud Ferris", "title": "Billing", "extension": "214"},
    2: {"id": 2, "name": "Olek Brandt", "title": "Second line support", "extension": "219"},
}

LEFT_AGENTS = frozenset({3})  # their cards are on old letters

_reply_ids = itertools.count(1)
_contact_ids = itertools.count(1)
_invoice_ids = itertools.count(1)


def hash_password(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), HASH_ROUNDS).hex()


def add_user(username: str, password: str, **columns: str) -> User:
    salt = secrets.token_hex(8)
    user = User(username, salt, hash_password(password, salt), **columns)
    users[username] = user
    return user


def check_password(username: str, password: str) -> User | None:
    """The user, if the password is right. Takes as long for a name that nobody has."""
    user = users.get(username)
    found = hash_password(password, user.salt if user else "nobody")
    if user is None or not hmac.compare_digest(found, user.pw_hash):
        return None
    return user


def add_ticket(owner: str, subject: str, body: str, priority: str = "normal", status: str = "open") -> Ticket:
    ticket = Ticket("TK-" + secrets.token_hex(4), owner, subject, body, priority, status)
    tickets[ticket.id] = ticket
    return ticket


def delete_ticket(ticket_id: str) -> None:
    tickets.pop(ticket_id, None)
    for reply in [reply for reply in replies.values() if reply.ticket_id == ticket_id]:
        del replies[reply.id]


def add_reply(ticket_id: str, author: str, text: str) -> Reply:
    reply = Reply(next(_reply_ids), ticket_id, author, text)
    replies[reply.id] = reply
    return reply


def add_contact(owner: str, name: str, email: str = "", phone: str = "", note: str = "") -> Contact:
    contact = Contact(next(_contact_ids), owner, name, email, phone, note)
    contacts[contact.id] = contact
    return contact


def add_invoice(owner: str, amount: float, currency: str, memo: str, issued: str, contact: Contact | None) -> Invoice:
    number = next(_invoice_ids)
    invoice = Invoice(number, f"INV-{number:05d}", owner, amount, currency, memo, issued)
    invoice.ledger_ref = f"L4/{number * 17 % 1000:03d}"
    if contact is not None:
        invoice.contact_id = contact.id
        invoice.bill_to = f"{contact.name} <{contact.email}>" if contact.email else contact.name
    invoices[invoice.id] = invoice
    return invoice


def later(work: Callable[[], None]) -> None:
    """Do `work` under the lock a moment from now."""

    def locked() -> None:
        with LOCK:
            work()

    timer = threading.Timer(DELAY_S, locked)
    timer.daemon = True
    timer.start()


def fill() -> None:
    """Forget everything and start with the same few customers."""
    global _reply_ids, _contact_ids, _invoice_ids
    for table in (users, tickets, replies, contacts, invoices, drafts):
        table.clear()
    _reply_ids, _contact_ids, _invoice_ids = itertools.count(301), itertools.count(41), itertools.count(1108)

    add_user("alice", "alice-pw-1", email="alice@wainwright.example", company="Wainwright & Co")
    add_user("bob", "bob-pw-1", email="bob@tallow.example", company="Tallow Candles")
    add_user("carol", secrets.token_hex(8), email="carol@meridian.example", company="Meridian", plan="gold")
    add_user("dimitri", secrets.token_hex(8), email="dimitri@kostas.example", company="Kostas Boats")
    add_user("admin", "admin-pw-1", email="desk@paperdesk.example", company="Paperdesk", role="staff")

    printer = add_ticket("carol", "Label printer offline", "It blinks twice, then nothing.", "high")
    add_reply(printer.id, "admin", "Please hold the feed button for five seconds.")
    add_reply(printer.id, "carol", "That did it, thank you.")
    boat = add_ticket("dimitri", "Wrong VAT on May invoice", "Boats are zero-rated here.", "normal", "closed")
    add_reply(boat.id, "admin", "Corrected, a new invoice is on its way.")
    add_ticket("alice", "Second login for our bookkeeper", "Can we have one more seat?", "low")
    add_ticket("bob", "Invoices by post", "We would like paper copies again.", "normal", "closed")

    sophie = add_contact("carol", "Sophie Arnaud", "sophie@arnaud.example", "+33 1 70 18 99 01", "pays late")
    ruth = add_contact("alice", "Ruth Okafor", "ruth@okafor.example", "+44 20 7946 0102")
    add_contact("bob", "Henk de Wit", "henk@dewit.example", "+31 20 555 0133", "prefers mail")
    add_invoice("carol", 480.0, "EUR", "Atlas plates 4 to 9", "2013-03-04", sophie)
    add_invoice("alice", 120.5, "GBP", "March retainer", "2013-03-11", ruth)
    add_invoice("bob", 75.0, "GBP", "Wicks, 2000 pieces", "2013-03-12", None)
