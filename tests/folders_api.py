"""The notes API with objects in objects: pages that lie in folders, and labels that name a note. Its own secure twin too."""

from __future__ import annotations

import copy
import re
from typing import Any

from simulated_api import _ID, DOCUMENT, NUMBER, TEXT, Call, NotesApi, _answers, _json, _object, reply

from specfuzz.http import Response

PAGE = "/folders/{folder_id}/pages/{id}"


class FoldersApi(NotesApi):
    """`open_parents` trusts a page's id under any folder of one's own; `open_labels` takes anybody's note."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: dict[int, dict[str, Any]] = {}
        self.pages: dict[int, dict[str, Any]] = {}
        self.labels: dict[int, dict[str, Any]] = {}
        self.open_parents = False
        self.open_folders = False
        self.open_labels = False
        self.label_shows_note = True
        self._handlers.update(
            {
                "POST /folders": self._new_folder,
                "GET /folders": lambda call: reply(200, self._own_of(self.folders, call)),
                "GET /folders/{id}": lambda call: self._shown(self._folder(call, call.key)),
                "POST /folders/{folder_id}/pages": self._new_page,
                "GET /folders/{folder_id}/pages": self._list_pages,
                f"GET {PAGE}": lambda call: self._shown(self._page(call)),
                f"PATCH {PAGE}": self._change_page,
                f"DELETE {PAGE}": self._delete_page,
                "POST /labels": self._new_label,
                "GET /labels/{id}": self._read_label,
            }
        )

    @staticmethod
    def _shown(found: dict[str, Any] | None) -> Response:
        return reply(404, {"error": "nothing here"}) if found is None else reply(200, found)

    @staticmethod
    def _own_of(things: dict[int, dict[str, Any]], call: Call) -> list[dict[str, Any]]:
        return [item for item in things.values() if call.user and item["owner_id"] == call.user["id"]]

    def _new(self, things: dict[int, dict[str, Any]], first: int, call: Call, **fields: Any) -> dict[str, Any]:
        assert call.user is not None
        key = max(things, default=first) + 1
        things[key] = {"id": key, "owner_id": call.user["id"], **fields}
        return things[key]

    # Folders and pages ------------------------------------------------------------------------------------------

    def _new_folder(self, call: Call) -> Response:
        return reply(201, self._new(self.folders, 500, call, name=call.body.get("name"))) if call.user else reply(401)

    def _folder(self, call: Call, key: str | None) -> dict[str, Any] | None:
        found = self.folders.get(int(key or 0))
        return found if found and call.user and found["owner_id"] == call.user["id"] else None

    def _new_page(self, call: Call) -> Response:
        folder = self.folders.get(int(call.key or 0)) if self.open_folders else self._folder(call, call.key)
        if folder is None:
            return reply(404, {"error": "nothing here"})
        return reply(201, self._new(self.pages, 900, call, folder_id=folder["id"], text=call.body.get("text")))

    def _list_pages(self, call: Call) -> Response:
        folder = self._folder(call, call.key)
        if folder is None:
            return reply(404, {"error": "nothing here"})
        return reply(200, [page for page in self.pages.values() if page["folder_id"] == folder["id"]])

    def _page(self, call: Call) -> dict[str, Any] | None:
        folder_id, page_id = map(int, re.findall(r"\d+", call.request.path))
        folder, page = self._folder(call, str(folder_id)), self.pages.get(page_id)
        if folder is None or page is None:
            return None
        return page if self.open_parents or page["folder_id"] == folder["id"] else None

    def _change_page(self, call: Call) -> Response:
        page = self._page(call)
        if page is not None and "text" in call.body:
            page["text"] = call.body["text"]
        return self._shown(page)

    def _delete_page(self, call: Call) -> Response:
        page = self._page(call)
        if page is None:
            return reply(404, {"error": "nothing here"})
        del self.pages[page["id"]]
        return reply(204)

    # Labels -----------------------------------------------------------------------------------------------------

    def _new_label(self, call: Call) -> Response:
        note = self.notes.get(call.body.get("note_id", 0))
        if call.user is None:
            return reply(401)
        if note is None or not (self.open_labels or note["owner_id"] == call.user["id"]):
            return reply(422, {"error": "no such note"})
        label = self._new(self.labels, 1300, call, text=call.body.get("text"), note_id=note["id"])
        return reply(201, self._show_label(label))

    def _show_label(self, label: dict[str, Any]) -> dict[str, Any]:
        return {**label, "note": self.notes[label["note_id"]]} if self.label_shows_note else label

    def _read_label(self, call: Call) -> Response:
        label = self.labels.get(int(call.key or 0))
        if label is None or not call.user or label["owner_id"] != call.user["id"]:
            return reply(404, {"error": "nothing here"})
        return reply(200, self._show_label(label))


def folders_document() -> dict[str, Any]:
    """The document of the notes, with folders, pages and labels, which says nothing about whose these are."""
    raw = copy.deepcopy(DOCUMENT)
    folder = _object(id=NUMBER, owner_id=NUMBER, name=TEXT)
    page = _object(id=NUMBER, owner_id=NUMBER, folder_id=NUMBER, text=TEXT)
    label = _object(id=NUMBER, owner_id=NUMBER, text=TEXT, note_id=NUMBER)
    inside = [{"name": "folder_id", "in": "path", "required": True, "schema": NUMBER}]
    text = _json(_object(text=TEXT))
    raw["paths"].update(
        {
            "/folders": {
                "get": _answers("200", {"type": "array", "items": folder}),
                "post": {"requestBody": _json(_object(name=TEXT)), **_answers("201", folder)},
            },
            "/folders/{id}": {"parameters": _ID, "get": _answers("200", folder)},
            "/folders/{folder_id}/pages": {
                "parameters": inside,
                "get": _answers("200", {"type": "array", "items": page}),
                "post": {"requestBody": text, **_answers("201", page)},
            },
            PAGE: {
                "parameters": [*inside, *_ID],
                "get": _answers("200", page),
                "patch": {"requestBody": text, **_answers("200", page)},
                "delete": _answers("204"),
            },
            "/labels": {
                "post": {
                    "requestBody": _json({**_object(text=TEXT, note_id=NUMBER), "required": ["note_id"]}),
                    **_answers("201", label),
                }
            },
            "/labels/{id}": {"parameters": _ID, "get": _answers("200", label)},
        }
    )
    return raw
