"""Puts the app together, with the flaws asked for."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Collection
from pathlib import Path

from flask import Flask, Response
from sqlalchemy import NullPool, event
from werkzeug.routing import BaseConverter
from werkzeug.security import generate_password_hash

from . import access, errors, sessions
from .models import PASSWORD_METHOD, db
from .routes import BLUEPRINTS
from .seed import seed
from .weaknesses import ALL, checked

MAX_BODY_BYTES = 64 * 1024  # a note's longest body, escaped to six bytes a character, still fits


class RowId(BaseConverter):
    """A positive integer; anything else is no route, so a 404.

    werkzeug's own `int` takes any number of digits, and Python refuses to convert more than 4,300.
    Nineteen digits reach past 64 bits, which `models.find` knows: werkzeug answers 405 when a
    converter refuses what its pattern took.
    """

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)


def create_app(weaknesses: Collection[str] = ALL, *, data_dir: Path | None = None) -> Flask:
    """The demo API with these weaknesses, on fresh data; with none, the repaired twin.

    Data goes to `data_dir`, or to a temporary directory that disappears with the app. Raises
    ValueError for an unknown weakness.
    """
    names = checked(weaknesses)
    app = Flask("specfuzz.demo", static_folder=None)
    if data_dir is None:
        data_dir = Path(tempfile.mkdtemp(prefix="specfuzz-demo-"))
        weakref.finalize(app, shutil.rmtree, data_dir, ignore_errors=True)
    app.config["WEAKNESSES"] = names
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # the document declares no OPTIONS
    app.config["DUMMY_PASSWORD_HASH"] = generate_password_hash(secrets.token_hex(), method=PASSWORD_METHOD)
    app.url_map.merge_slashes = False  # otherwise //notes answers a redirect that nobody declared
    app.url_map.converters["row_id"] = RowId
    sessions.configure(app, names, data_dir)
    _open_database(app, data_dir / "demo.sqlite3")
    app.before_request(access.load_caller)
    app.before_request(access.check_csrf)
    app.after_request(_keep_out_of_caches)
    errors.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _open_database(app: Flask, path: Path) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{path}"
    # A connection for each request: SQLite opens a file in microseconds, none outlives its thread, and
    # writers wait for each other (30 s at most) instead of failing.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool, "connect_args": {"timeout": 30}}
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "connect", _prepare_connection)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # readers do not wait for a writer
        db.create_all()
        seed()


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = OFF")  # nothing here needs to survive a power cut


def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
