"""Puts the shop together, with the weaknesses asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from flask import Flask, Response
from sqlalchemy import NullPool, event
from werkzeug.routing import BaseConverter

from . import access, errors, sessions
from .models import db
from .routes import BLUEPRINTS, browser
from .seed import seed
from .switches import checked

MAX_BODY_BYTES = 64 * 1024


class RowId(BaseConverter):
    """A positive integer of at most 18 digits, which SQLite can hold; anything else is no route, so a 404.

    werkzeug's own `int` takes any number of digits, and int() refuses more than 4,300 with a ValueError.
    """

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)


def create_app(switches: Iterable[str] = (), *, directory: Path) -> Flask:
    """The shop on fresh data in the directory; raises ValueError for an unknown switch."""
    names = checked(switches)
    app = Flask("cornershop", static_folder=None)
    app.config["SWITCHES"] = names
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # the document declares no OPTIONS
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lives as long as its session
    app.url_map.merge_slashes = False  # or //orders answers a redirect that the document does not know
    app.url_map.converters["row_id"] = RowId
    sessions.configure(app, names, directory)
    _open_database(app, directory / "shop.sqlite3")
    app.before_request(access.load_caller)
    app.before_request(access.check_csrf)
    app.after_request(_keep_out_of_caches)
    app.after_request(browser.count_visitor)
    errors.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _open_database(app: Flask, path: Path) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    # A connection for each request; writers wait for each other instead of failing.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool, "connect_args": {"timeout": 30}}
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "connect", _prepare)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
        db.create_all()
        seed()


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives the process


def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
