"""Tables and the forum's first members, boards, threads, drafts and messages."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.authtoken.models import Token

from agora import models as m

PASSWORDS = {
    "moderator": "moderator-pass-1",
    "alice": "alice-pass-1",
    "bob": "bob-pass-1",
    "carol": "carol-keeps-bees-88",
    "dave": "dave-digs-beds-41",
}


HARVEST_LIST_CRASHES = """\
Since the new version the script that adds up our harvest list stops half way through. It worked all summer, and I have
changed nothing but the courgettes. Does anybody who knows more about computers than I do see what it wants of me?

Traceback (most recent call last):
  File "/home/dave/harvest/add_up.py", line 31, in <module>
    main(sys.argv[1])
  File "/home/dave/harvest/add_up.py", line 24, in main
    total += float(row["kilos"])
             ^^^^^^^^^^^^^^^^^^^
ValueError: could not convert string to float: 'too many'
"""


def create_tables() -> None:
    """Without migrations: the database is new at every start."""
    tables = (
        m.Member, m.Board, m.Thread, m.Post, m.Report, m.Draft, m.Bookmark, m.Subscription, m.ReadMark,
        m.Message, m.WikiPage, Session, Token,
    )  # fmt: skip
    with connection.schema_editor() as editor:
        for table in tables:
            editor.create_model(table)


@transaction.atomic
def seed() -> None:
    profiles = {
        "moderator": ("Marta (moderator)", "Keeps the place tidy.", 400),
        "alice": ("Alice", "Balcony tomatoes.", 12),
        "bob": ("Bob", "New here.", 3),
        "carol": ("Carol", "Bees, mostly.", 231),
        "dave": ("Dave", "No-dig since 2009.", 187),
    }
    members = {
        name: m.Member.objects.create_user(
            name,
            PASSWORDS[name],
            email=f"{name}@agora.example",
            display_name=display_name,
            bio=bio,
            reputation=reputation,
            is_moderator=name == "moderator",
        )
        for name, (display_name, bio, reputation) in profiles.items()
    }
    marta, carol, dave = members["moderator"], members["carol"], members["dave"]

    general = board("general", "General", "Everything that fits nowhere else.", marta)
    garden = board("kitchen-garden", "Kitchen garden", "Vegetables, herbs and soil.", carol)
    committee = board("allotment-committee", "Allotment committee", "Minutes and money.", carol, "plot-seventeen")
    committee.members.add(dave)

    thread(general, marta, "welcome", "Welcome", "Say hello and read the house rules in the wiki.")
    slugs = thread(garden, dave, "slugs-again", "Slugs again", "What works for you, other than ducks?")
    thread(general, dave, "harvest-list", "Harvest list", HARVEST_LIST_CRASHES)
    budget = thread(committee, carol, "budget", "Budget", "We are 340 short because of the water pump.")
    post(slugs, carol, "Beer traps, and going out at night with a torch.")
    rude = post(slugs, dave, "Buy slug pellets cheap at http://pellets.example http://pellets.example/2")
    post(budget, dave, "I can lend the association the difference until May.")
    m.Report.objects.create(post=rude, reporter=carol, reason="Advertising.")

    m.Report.objects.create(post=rude, reporter=marta, reason="Twice the same link.", status=m.Report.Status.UPHELD)

    m.Bookmark.objects.create(owner=carol, thread=slugs, note="Try the copper tape next spring.")
    m.Subscription.objects.create(member=dave, thread=slugs)
    m.ReadMark.objects.create(member=carol, thread=slugs, number=2)
    m.Message.objects.create(
        sender=carol, recipient=dave, subject="Keys", body="The shed's key is under the third pot."
    )

    letter = m.Draft.objects.create(author=carol, title="Open letter about the pump", body="Dear council, ...")
    letter.collaborators.add(dave)
    m.Draft.objects.create(author=dave, title="Resignation", body="I will not stand again as treasurer.")
    m.Draft.objects.create(
        author=carol,
        title="A year with bees",
        body="It began with a swarm in the neighbour's cherry tree.",
        published_at=timezone.now(),
    )
    m.WikiPage.objects.create(
        slug="house-rules", title="House rules", body="Be kind. No advertising.", last_editor=marta
    )
    m.WikiPage.objects.create(
        slug="sowing-calendar", title="Sowing calendar", body="Broad beans from February.", last_editor=dave
    )


def board(slug: str, title: str, description: str, owner: m.Member, join_code: str = "") -> m.Board:
    return m.Board.objects.create(
        slug=slug,
        title=title,
        description=description,
        owner=owner,
        join_code=join_code,
        is_private=bool(join_code),
    )


def thread(where: m.Board, author: m.Member, slug: str, title: str, body: str) -> m.Thread:
    return m.Thread.objects.create(board=where, author=author, slug=slug, title=title, body=body)


def post(where: m.Thread, author: m.Member, body: str) -> m.Post:
    return where.posts.create(author=author, body=body, number=where.posts.count() + 1)
