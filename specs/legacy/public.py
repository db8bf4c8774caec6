"""What needs no login: status, help articles, and the cards of our support people."""

from __future__ import annotations

import store
from web import Answer, Refused, Request, anyone, get, ok, refusal


@get("/ping", login=anyone)
def ping(request: Request) -> Answer:
    return ok(service="paperdesk", version="2.3")


@get("/articles", login=anyone)
def articles(request: Request) -> Answer:
    wanted = request.text("q").lower()
    found = [(slug, title) for slug, (title, _) in store.ARTICLES.items() if wanted in title.lower()]
    return ok(articles=[{"slug": slug, "title": title} for slug, title in found])


@get("/article", login=anyone)
def article(request: Request) -> Answer:
    slug = request.text("slug")
    if slug not in store.ARTICLES:
        raise Refused("no such article")
    title, text = store.ARTICLES[slug]
    return ok(article={"slug": slug, "title": title, "text": text})


@get("/agent", login=anyone)
def agent(request: Request) -> Answer:
    card = store.AGENTS.get(request.number("id"))
    if card is None:
        raise Refused("no such agent")
    return ok(agent=card)


@get("/agent/vcard", login=anyone)
def vcard(request: Request) -> Answer:
    """For the address book of a telephone, which goes by the status and not by what we say."""
    wanted = request.number("id")
    if wanted in store.LEFT_AGENTS:
        return refusal("has left us", "410 Gone")
    card = store.AGENTS.get(wanted)
    if card is None:
        return refusal("no such agent", "404 Not Found")
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"FN:{card['name']}", f"TITLE:{card['title']}", "END:VCARD")
    return Answer("\r\n".join(lines) + "\r\n", kind="text/vcard; charset=utf-8")
