"""The weaknesses that can be turned on, one switch each; none is on unless asked for."""

from __future__ import annotations

SWITCHES: dict[str, str] = {
    "ticket-read-any": "GET /ticket looks a ticket up by id and never asks whose it is (SF101)",
    "invoice-rpc-read-any": "POST /getInvoice trusts the id in the body (SF101)",
    "contact-update-any": "POST /contact/update queues the change without asking whose contact it is (SF102)",
    "ticket-delete-any": "POST /ticket/delete never asks whose ticket it is (SF103)",
    "ticket-list-filter-leak": "GET /tickets forgets the owner once a status filter is given (SF104)",
    "invoice-foreign-contact": "POST /invoice/new bills to any contact id, also someone else's (SF105)",
    "reply-not-tied-to-ticket": "POST /reply/update checks the ticket, not that the reply is in it (SF105)",
    "invoice-mark-paid-any-role": "POST /invoice/markPaid works for customers (SF106)",
    "contact-existence": "GET /contact refuses a foreign id with other words than a made-up one (SF107)",
    "register-role": "POST /register stores a role that the client sends (SF201)",
    "account-plan": "POST /account/update stores every known column, the plan too (SF201)",
    "invoice-paid-writable": "POST /invoice/update stores the read-only `paid` (SF202)",
    "ticket-owner-writable": "POST /ticket/update stores a new `owner` (SF203)",
    "invoice-raw-row": "GET /invoice returns the row with an undeclared column (SF204)",
    "account-hash-returned": "POST /account/update answers with the password hash (SF205)",
    "ticket-close-open": "POST /ticket/close needs no login since the mail gateway uses it (SF301)",
    "invoice-print-open": "GET /invoice/print needs no login since the PDF maker fetches it (SF302)",
    "get-ticket-any-cookie": "POST /getTicket is satisfied by any sid cookie, valid or not (SF303)",
    "contact-delete-before-check": "POST /contact/delete removes first, then refuses (SF304)",
    "method-override-unchecked": "POST with _method=DELETE reaches DELETE /ticket past every check (SF306)",
    "ticket-share-no-csrf": "POST /ticket/share does not ask for the CSRF token (SF311)",
    "contact-delete-by-get": "GET /contact/delete deletes at once instead of asking (SF314)",
    "logout-keeps-token": "POST /logout only clears the cookie (SF405)",
    "jwt-none-accepted": "a session token with alg none needs no signature (SF411)",
    "jwt-signature-unchecked": "a wrong signature on the session token goes unnoticed (SF412)",
    "jwt-weak-secret": "session tokens are signed with a default password (SF413)",
    "jwt-without-exp": "session tokens have no expiry (SF414)",
    "jwt-carries-hash": "session tokens carry the password hash in readable claims (SF415)",
    "contact-add-422": "POST /contact/add answers an undeclared 422 without a name (SF501)",
    "invoice-amount-as-text": "POST /invoice/update answers with the amount as text (SF502)",
    "reply-without-text-crashes": "POST /ticket/reply without text crashes (SF503)",
    "invoice-error-trace": "POST /invoice/new answers a bad amount with a stack trace (SF505)",
}

_turned_on: set[str] = set()


def turn_on(names: str) -> None:
    """Turn on exactly these (comma separated; `all` and `none` mean what they say). ValueError if unknown."""
    wanted = {name.strip() for name in names.split(",") if name.strip() not in ("", "none")}
    if "all" in wanted:
        wanted = set(SWITCHES)
    unknown = wanted - set(SWITCHES)
    if unknown:
        raise ValueError(f"unknown switch: {', '.join(sorted(unknown))}")
    _turned_on.clear()
    _turned_on.update(wanted)


def on(name: str) -> bool:
    if name not in SWITCHES:
        raise KeyError(name)  # a typing error in the code must not read as "off"
    return name in _turned_on
