"""Notes, each its owner's alone."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from marshmallow import EXCLUDE, RAISE
from sqlalchemy import delete, exists, func, select

from ..access import caller, login_required, owner_only
from ..models import Note, commit, db
from ..schemas import (
    NoteCreate,
    NoteOut,
    NoteQuery,
    NoteUpdate,
    NoteUpdateWithOwner,
    TagList,
    body_as,
    query_as,
)
from ..weaknesses import is_weak

blueprint = Blueprint("notes", __name__)


@blueprint.get("/notes")
@login_required
def list_notes() -> Response:
    """The caller's notes, newest first."""
    query = query_as(NoteQuery(unknown=EXCLUDE))
    tag: str | None = query.get("tag")
    matching = select(Note)
    # SF104: the search was added later, beside the list instead of inside it.
    if tag is None or not is_weak("note-search-any"):
        matching = matching.where(Note.owner_id == caller().user.id)
    if tag is not None:
        tags = func.json_each(Note.tags).table_valued("value")
        matching = matching.where(exists(select(1).select_from(tags).where(tags.c.value == tag)))
    total = db.session.scalar(select(func.count()).select_from(matching.subquery()))
    newest = db.session.scalars(matching.order_by(Note.id.desc()).limit(query["limit"]))
    return jsonify(items=NoteOut().dump(list(newest), many=True), total=total)


@blueprint.post("/notes")
@login_required
def create_note() -> tuple[Response, int, dict[str, str]]:
    """Make a note, owned by the caller."""
    note = Note(owner_id=caller().user.id)
    note.assign(body_as(NoteCreate(unknown=RAISE)))
    db.session.add(note)
    commit()
    return jsonify(NoteOut().dump(note)), 201, {"Location": f"/notes/{note.id}"}


@blueprint.get("/notes/<row_id:id>")
@owner_only(Note, unless="note-read-any")  # SF101
def read_note(note: Note) -> Response:
    """Show a note to its owner."""
    return jsonify(NoteOut().dump(note))


@blueprint.patch("/notes/<row_id:id>")
@owner_only(Note, unless="note-write-any")  # SF102
def update_note(note: Note) -> Response:
    """Change a note; fields that are not the client's to set are dropped."""
    schema = NoteUpdateWithOwner if is_weak("owner-reassigned") else NoteUpdate  # SF203
    note.assign(body_as(schema(unknown=EXCLUDE)))
    commit()
    return jsonify(NoteOut().dump(note))


@blueprint.delete("/notes/<row_id:id>")
@owner_only(Note, unless="note-delete-any")  # SF103
def delete_note(note: Note) -> Response:
    """Delete a note."""
    db.session.execute(delete(Note).where(Note.id == note.id))
    commit()
    return Response(status=204)


@blueprint.put("/notes/<row_id:id>/tags")
@owner_only(Note, without_login="write-without-login")  # SF301: added in a hurry, without its guard
def set_tags(note: Note) -> Response:
    """Replace a note's tags."""
    note.assign(body_as(TagList(unknown=RAISE)))
    commit()
    return jsonify(tags=note.tags)


@blueprint.post("/notes/<row_id:id>/archive")
@owner_only(Note)
def archive_note(note: Note) -> Response:
    """Put a note away."""
    note.archived = True
    commit()
    return Response(status=204)
