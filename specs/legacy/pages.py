"""The few pages of HTML that this service has."""

from __future__ import annotations

from web import Answer

_FRAME = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head>
<body><h1>{title}</h1>{content}<hr /><p>Paperdesk 2.3</p></body></html>
"""

LOGIN_FORM = (
    '<form action="/api/login" method="post"><p><input name="username" /> '
    '<input name="password" type="password" /> <input type="submit" value="Log in" /></p></form>'
)


def page(title: str, content: str, status: str = "200 OK") -> Answer:
    """`content` is HTML already: escape what comes from people."""
    return Answer(_FRAME.format(title=title, content=content), status, "text/html; charset=utf-8")


def login_page() -> Answer:
    return page("Please log in", LOGIN_FORM)


def catch_all() -> Answer:
    """Whatever is not a route gets the home page, as the old site did. It says nothing about the path."""
    return page("Paperdesk", '<p>All your paperwork in one place. <a href="/login.html">Log in</a></p>')


def crash_page() -> Answer:
    return page("Something went wrong", "<p>Please try again later.</p>", "500 Internal Server Error")
