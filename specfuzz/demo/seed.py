"""What is there before anybody signs up: an administrator, two members and their notes."""

from __future__ import annotations

import secrets

from .models import Note, User, db

#: Known on purpose: rules about roles need an administrator to log in as. The server listens on
#: loopback only, and the data is thrown away.
ADMIN_USERNAME = "marta"
ADMIN_PASSWORD = "three-blue-heron-lamps"


def seed() -> None:
    """Fill an empty database."""
    marta = User(
        username=ADMIN_USERNAME,
        email="marta@notes.example",
        display_name="Marta Lindqvist",
        bio="Keeps the lights on.",
        role="admin",
        is_admin=True,
        internal_notes="founder; on call until March",
    )
    marta.set_password(ADMIN_PASSWORD)
    ines = User(
        username="ines",
        email="ines@harbour.example",
        display_name="Inês Carvalho",
        bio="Product, mostly.",
        internal_notes="plan: team; asked for a refund in May",
    )
    tomasz = User(
        username="tomasz",
        email="tomasz@harbour.example",
        display_name="Tomasz Wrona",
        internal_notes="plan: team; chargeback risk",
    )
    for member in (ines, tomasz):
        member.set_password(secrets.token_urlsafe(16))  # nobody logs in as these two
    db.session.add_all([marta, ines, tomasz])
    db.session.flush()
    db.session.add_all(
        [
            Note(owner_id=marta.id, title="Backup drill", body="Restore took 41 minutes.", tags=["ops"]),
            Note(owner_id=ines.id, title="Interview, Thursday", body="Ask about exports.", tags=["research"]),
            Note(owner_id=ines.id, title="Pricing", body="Draft: 4 per seat.", tags=["planning", "team"]),
            Note(owner_id=tomasz.id, title="Flat hunt", body="Viewing on Elm Street at six.", tags=["home"]),
        ]
    )
    db.session.commit()
