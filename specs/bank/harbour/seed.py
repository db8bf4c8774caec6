"""A little life: four customers, two people of the bank, and what they have been doing."""

from sqlalchemy.orm import Session

from . import ledger
from .auth import hash_secret
from .models import Beneficiary, Card, Customer, JointHolder, Message, PaymentLink, Preference, Reply

# user name, password, full name, role, identity check
PEOPLE = (
    ("alice", "alice-harbour-1", "Alice Andersen", "customer", "basic"),
    ("bob", "bob-harbour-1", "Bob Brandt", "customer", "basic"),
    ("carol", "carol-harbour-1", "Carol Castellano", "customer", "full"),
    ("dmitri", "dmitri-harbour-1", "Dmitri Dahl", "customer", "none"),
    ("tess", "tess-harbour-1", "Tess Tanaka", "teller", "full"),
    ("admin", "admin-harbour-1", "Ada Ministrova", "admin", "full"),
)


def seed(session: Session) -> None:
    people = {}
    for number, (username, password, full_name, role, kyc_level) in enumerate(PEOPLE):
        people[username] = Customer(
            username=username,
            password_hash=hash_secret(password),
            full_name=full_name,
            role=role,
            kyc_level=kyc_level,
            phone=f"+49 40 555 01{number:02}",
            address=f"{number + 3} Quay Street, 20457 Hamburg",
            tax_id=f"47 036 892 {810 + number}",
        )
    session.add_all(people.values())
    session.flush()

    def account(username: str, kind: str, nickname: str):
        return ledger.open_account(session, people[username].id, kind, nickname)

    alices, bobs = account("alice", "current", "Everyday"), account("bob", "current", "Main account")
    carols, dmitris = account("carol", "current", "Café till"), account("dmitri", "current", "Giro")
    account("alice", "savings", "Rainy days")
    household = account("alice", "current", "Household")
    session.add(JointHolder(account_id=household.id, customer_id=people["bob"].id))

    ledger.book(session, alices, bobs, 4_250, "Concert tickets")
    ledger.book(session, bobs, carols, 1_890, "Invoice 2026-118")
    ledger.book(session, carols, dmitris, 125_000, "Wages February")
    ledger.book(session, alices, household, 60_000, "Rent, my half")

    for owner, name, target in (("alice", "Bob", bobs), ("bob", "Carol's café", carols)):
        session.add(Beneficiary(customer_id=people[owner].id, name=name, iban=target.iban, note=""))
    for holder, label in ((alices, "Everyday card"), (carols, "Business card")):
        session.add(
            Card(
                account_id=holder.id,
                label=label,
                daily_limit=50_000,
                pin_hash=hash_secret("2580"),
                last_digits="0417",
            )
        )
    session.add(
        PaymentLink(customer_id=people["carol"].id, account_id=carols.id, amount=3_500, description="Brunch for two")
    )
    session.add(
        Message(
            customer_id=people["carol"].id,
            subject="Card reader fees",
            body="Why did the fee per payment go up in January?",
            category="payment",
            status="answered",
            replies=[Reply(author="support", body="The new price list has been sent to you by mail.")],
        )
    )
    session.add(
        Message(
            customer_id=people["dmitri"].id,
            subject="Change of address",
            body="I have moved to Lübeck; what do you need from me?",
            category="account",
        )
    )
    session.add(Preference(customer_id=people["alice"].id, key="language", value="en"))
    session.commit()
