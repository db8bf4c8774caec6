"""Invoices: made by customers for their own contacts, marked paid by the staff."""

from __future__ import annotations

import traceback
from datetime import date
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any

import contacts
import pages
import store
from store import Invoice
from switches import on
from web import Answer, Refused, Request, anyone, either, get, ok, post, refusal, signed_in, staff_only

NO_SUCH = "no such invoice"  # said of somebody else's invoice too
MOST = Decimal(10_000_000)
TRUE_WORDS = ("1", "true", "yes", "on")


def view(invoice: Invoice) -> dict[str, Any]:
    shown = {
        "id": invoice.id,
        "number": invoice.number,
        "owner": invoice.owner,
        "amount": invoice.amount,
        "currency": invoice.currency,
        "memo": invoice.memo,
        "issued": invoice.issued,
        "bill_to": invoice.bill_to,
        "paid": invoice.paid,
        "void": invoice.void,
    }
    return shown if invoice.contact_id is None else {**shown, "contact_id": invoice.contact_id}


def any_invoice(request: Request) -> Invoice:
    invoice = store.invoices.get(request.number("id"))
    if invoice is None:
        raise Refused(NO_SUCH)
    return invoice


def own(request: Request) -> Invoice:
    """The caller's invoice with the `id` in the request."""
    invoice = any_invoice(request)
    if invoice.owner != request.me().username:
        raise Refused(NO_SUCH)
    return invoice


def amount_of(text: str) -> float:
    """A sum of money, to the penny. ArithmeticError or ValueError if it is none."""
    amount = Decimal(text).quantize(Decimal("0.01"))
    if not 0 <= amount <= MOST:
        raise ValueError("out of range")
    return float(amount)


def currency_of(request: Request) -> str:
    """Three letters; anything else is the house currency."""
    code = request.text("currency").upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else "GBP"


@post("/invoice/new")
def new(request: Request) -> Answer:
    try:
        amount = amount_of(request.text("amount") or "0")
    except (InvalidOperation, ValueError):
        if on("invoice-error-trace"):
            return refusal(traceback.format_exc())  # SF505: left in from the day the rounding was wrong
        raise Refused("that is not an amount") from None
    contact = None
    if request.text("contact_id"):
        contact = store.contacts.get(request.number("contact_id"))
        # SF105: the form lists one's own contacts only, so the id was believed
        is_own = contact is not None and contact.owner == request.me().username
        if contact is None or not (is_own or on("invoice-foreign-contact")):
            raise Refused(contacts.NO_SUCH)
    memo, today = request.text("memo"), date.today().isoformat()
    invoice = store.add_invoice(request.me().username, amount, currency_of(request), memo, today, contact)
    return ok(invoice=view(invoice))


@get("/invoice")
def read(request: Request) -> Answer:
    invoice = own(request)
    if on("invoice-raw-row"):
        return ok(invoice={**view(invoice), "ledger_ref": invoice.ledger_ref})  # SF204
    return ok(invoice=view(invoice))


@post("/getInvoice", csrf=anyone)
def get_invoice(request: Request) -> Answer:
    """How clients before 2.0 read an invoice."""
    # SF101: the check went into the new address only
    return ok(invoice=view(any_invoice(request) if on("invoice-rpc-read-any") else own(request)))


@get("/invoices")
def listing(request: Request) -> Answer:
    mine = [invoice for invoice in store.invoices.values() if invoice.owner == request.me().username]
    return ok(invoices=[view(invoice) for invoice in mine])


@get("/invoice/print", login=either("invoice-print-open", anyone, signed_in))
def print_page(request: Request) -> Answer:
    # SF302: the PDF maker fetches this page and has no session
    invoice = any_invoice(request) if on("invoice-print-open") else own(request)
    lines = (f"Bill to: {invoice.bill_to}", f"{invoice.amount:.2f} {invoice.currency}", invoice.memo)
    return pages.page(invoice.number, "".join(f"<p>{escape(line)}</p>" for line in lines))


@get("/invoice/send")
def mail_preview(request: Request) -> Answer:
    """Sends nothing: the mail program on the desk does that, with this text."""
    invoice = own(request)
    text = f"Please find enclosed our invoice over {invoice.amount:.2f} {invoice.currency}.\n\n{invoice.memo}"
    return ok(mail={"to": invoice.bill_to, "subject": f"Invoice {invoice.number}", "text": text})


@post("/invoice/update")
def update(request: Request) -> Answer:
    invoice = own(request)
    if invoice.void:
        raise Refused("this invoice is void")
    changes: dict[str, Any] = {}
    if request.text("amount"):
        try:
            changes["amount"] = amount_of(request.text("amount"))
        except (InvalidOperation, ValueError):
            raise Refused("that is not an amount") from None
    if request.text("currency"):
        changes["currency"] = currency_of(request)
    if "memo" in request.args:
        changes["memo"] = request.text("memo")
    if on("invoice-paid-writable") and "paid" in request.args:
        changes["paid"] = request.text("paid").lower() in TRUE_WORDS  # SF202
    for name, value in changes.items():
        setattr(invoice, name, value)
    if on("invoice-amount-as-text"):
        # SF502: what came with the form goes back as it came
        return ok(invoice={**view(invoice), "amount": request.text("amount", str(invoice.amount))})
    return ok(invoice=view(invoice))


@post("/invoice/void", check=own)
def void(request: Request) -> Answer:
    invoice = own(request)
    invoice.void = True
    return ok(invoice=view(invoice))


def is_clerk(request: Request) -> None:
    if not on("invoice-mark-paid-any-role"):  # SF106: only the staff's page has the button
        staff_only(request)


@post("/invoice/markPaid", check=is_clerk)
def mark_paid(request: Request) -> Answer:
    """The staff's: they see the bank account."""
    invoice = any_invoice(request)
    invoice.paid = True
    return ok(invoice=view(invoice))
