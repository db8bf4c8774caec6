"""The OpenAPI document of the notes API, as honest or as sloppy as its habits say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.notebook import Habits

Json = dict[str, Any]


def document_for(habits: Habits) -> Json:
    """OpenAPI 3.0, turned into Swagger 2.0 where the habits ask for it."""
    document = _Writer(habits).document()
    return _as_swagger_2(document) if habits.document == "2.0" else document


class _Writer:
    def __init__(self, habits: Habits) -> None:
        self.h = habits
        self.key = "slug" if habits.ids == "slug" or habits.creation == "put" else "id"

    def document(self) -> Json:
        document: Json = {
            "openapi": "3.0.3",
            "info": {"title": "Notes", "version": "1"},
            "paths": self.paths(),
            "components": {"schemas": self.schemas(), "securitySchemes": {"login": self.scheme()}},
        }
        if self.h.says_security:
            document["security"] = [{"login": []}]
        return document

    def scheme(self) -> Json:
        return {
            "bearer": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic"},
            "api-key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
        }[self.h.auth]

    # Schemas ----------------------------------------------------------------------------------------------------

    def schemas(self) -> Json:
        key_schema: Json = {
            "integer": {"type": "integer"},
            "uuid": {"type": "string", "format": "uuid"},
            "slug": {"type": "string"},
        }[self.h.ids]
        text = {"type": "string", "minLength": 1, "maxLength": 200}
        priority: Json = {"type": "integer", "minimum": 1, "maximum": 5}
        flag: Json = {"type": "boolean"}
        stamp: Json = {"type": "string", "format": "date-time"}
        if not self.h.says_types:
            priority, flag, stamp = {"type": "string"}, {"type": "string"}, {"type": "integer"}
            key_schema = {"type": "string"}
        if self.key == "slug":
            key_schema = {"type": "string"}
        long_text = {"type": "string", "maxLength": 200}
        writable = {"title": text, "body": long_text, "priority": priority}
        shown = {self.key: key_schema, **writable, "is_approved": flag, "owner_id": {"type": "integer"}}
        shown.update(created_at=stamp, updated_at=stamp)
        if self.h.normalises:
            shown.update(version={"type": "integer"}, view_count={"type": "integer"})
        if self.h.reflects:
            shown["trace"] = {}
        if self.h.soft_delete:
            shown["deleted"] = {"type": "boolean"}
        account = {"username": {"type": "string"}, "password": {"type": "string", "minLength": 8}}
        user = {"id": {"type": "integer"}, "username": {"type": "string"}, "is_admin": {"type": "boolean"}}
        book = {"id": {"type": "integer"}, "name": {"type": "string"}, "owner_id": {"type": "integer"}}
        token = {"access_token": {"type": "string"}, "token_type": {"type": "string"}}
        if self.h.auth == "api-key":
            token = {"api_key": {"type": "string"}}
        elif self.h.auth == "cookie":
            token = {"username": {"type": "string"}}
        schemas = {
            "Account": self.object(account, ["username", "password"]),
            "User": self.object(user),
            "Token": self.object(token),
            "NoteInput": self.object(writable, ["title"]),
            "NotePatch": self.object(writable),
            "Note": self.object(shown),
        }
        if self.h.nested:
            schemas["BookInput"] = self.object({"name": text}, ["name"])
            schemas["Book"] = self.object(book)
        return schemas

    def object(self, properties: Json, required: list[str] | None = None) -> Json:
        schema: Json = {"type": "object", "properties": properties}
        if required and self.h.says_required:
            schema["required"] = required
        return schema

    # Operations -------------------------------------------------------------------------------------------------

    def paths(self) -> Json:
        open_to_all: Json = {"security": []} if self.h.says_security else {}
        paths: Json = {
            "/users": {"post": {**self.operation("Account", "User", 201), **open_to_all}},
            "/me": {"get": self.operation(None, "User")},
        }
        if self.h.auth != "basic":
            login = self.operation("Account", "Token", bare=True)
            paths["/login"] = {"post": {**login, **open_to_all}}
        prefix = ""
        parents: list[Json] = []
        if self.h.nested:
            parents = [self.parameter("book_id", {"type": "integer"})]
            paths["/books"] = {
                "get": self.operation(None, "Book", many=True),
                "post": self.operation("BookInput", "Book", 201),
            }
            paths["/books/{book_id}"] = {
                "parameters": parents,
                "get": self.operation(None, "Book"),
                "delete": self.operation(None, None, 204),
            }
            prefix = "/books/{book_id}"
        name = "note_id" if self.h.nested else self.key
        key_schema: Json = {"type": "integer"} if self.h.ids == "integer" and self.key == "id" else {"type": "string"}
        if not self.h.says_types:
            key_schema = {"type": "string"}
        collection: Json = {"get": {**self.operation(None, "Note", many=True), **self.sharing(many=True)}}
        item: Json = {
            "parameters": [*parents, self.parameter(name, key_schema)],
            "get": {**self.operation(None, "Note"), **self.sharing()},
            "delete": self.operation(None, None, 202 if self.h.late_writes_s else 204),
        }
        if parents:
            collection["parameters"] = parents
        if self.h.creation == "put":
            item["put"] = self.operation("NoteInput", "Note", 201)
            item["put"]["responses"]["200"] = item["put"]["responses"]["201"]
        else:
            status = 202 if self.h.creation == "accepted" else 201
            made = None if self.h.creation == "location" else "Note"
            collection["post"] = self.operation("NoteInput", made, status)
            updated = None if self.h.silent_writes else "Note"
            item["patch"] = self.operation(
                "NotePatch", updated, 204 if self.h.silent_writes else 202 if self.h.late_writes_s else 200
            )
        paths[f"{prefix}/notes"] = collection
        paths[f"{prefix}/notes/{{{name}}}"] = item
        return paths

    def sharing(self, *, many: bool = False) -> Json:
        if self.h.shared == "public" and self.h.says_security:
            return {"security": []}
        if self.h.shared == "readable" and not many:
            return {"description": "Any user may read any note."}
        if self.h.says_owner and not many:
            return {"description": "Only the owner of a note may read it."}
        return {}

    @staticmethod
    def parameter(name: str, schema: Json) -> Json:
        return {"name": name, "in": "path", "required": True, "schema": schema}

    def operation(
        self, takes: str | None, gives: str | None, status: int = 200, *, many: bool = False, bare: bool = False
    ) -> Json:
        """`bare` answers are in no envelope."""
        response: Json = {"description": "done"}
        if gives is not None and self.h.says_responses:
            schema: Json = {"$ref": f"#/components/schemas/{gives}"}
            if many:
                schema = {"type": "array", "items": schema}
            elif gives == "Note" and self.h.wrapper:
                schema = self.object({"note": schema})
            if self.h.envelope and not bare:
                schema = self.object({"data": schema})
            response["content"] = {"application/json": {"schema": schema}}
        operation: Json = {"responses": {str(status): response, "default": {"description": "refused"}}}
        if takes is not None:
            schema = {"$ref": f"#/components/schemas/{takes}"}
            if self.h.wrapper and takes.startswith("Note"):
                schema = self.object({"note": schema}, ["note"])
            media_type = "application/x-www-form-urlencoded" if self.h.form else "application/json"
            operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
        return operation


def _as_swagger_2(document: Json) -> Json:
    scheme = document["components"]["securitySchemes"]["login"]
    if scheme.get("scheme") == "bearer":
        scheme = {
            "type": "apiKey", "in": "header", "name": "Authorization", "description": "Bearer <token>",
        }  # fmt: skip
    old: Json = {
        "swagger": "2.0",
        "info": document["info"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"login": scheme},
        "definitions": document["components"]["schemas"],
        "paths": {
            path: {key: _old(key, value) for key, value in item.items()} for path, item in document["paths"].items()
        },
    }
    if "security" in document:
        old["security"] = document["security"]
    return _moved(old)


def _old(key: str, value: Any) -> Any:
    if key == "parameters":
        return [{**{k: v for k, v in one.items() if k != "schema"}, **one["schema"]} for one in value]
    operation = {name: part for name, part in value.items() if name != "requestBody"}
    operation["responses"] = {
        status: {
            "description": reply["description"],
            **({"schema": reply["content"]["application/json"]["schema"]} if "content" in reply else {}),
        }
        for status, reply in value["responses"].items()
    }
    if "requestBody" in value:
        schema = next(iter(value["requestBody"]["content"].values()))["schema"]
        operation["parameters"] = [{"name": "body", "in": "body", "required": True, "schema": schema}]
    return operation


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: item.replace("#/components/schemas/", "#/definitions/") if name == "$ref" else _moved(item)
            for name, item in value.items()
        }
    return [_moved(item) for item in value] if isinstance(value, list) else value
