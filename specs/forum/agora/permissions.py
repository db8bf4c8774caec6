"""Who may do what, beyond what the querysets already hide."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission


class IsModerator(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated and request.user.is_moderator)


class IsOwnerOrModerator(BasePermission):
    """For boards: everyone who sees one may read it, its owner and moderators may change it."""

    def has_object_permission(self, request: Any, view: Any, board: Any) -> bool:
        return request.method in SAFE_METHODS or board.owner == request.user or request.user.is_moderator


class IsAuthor(BasePermission):
    """For threads and posts: only the author edits; moderators may remove, but never put words in mouths."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        if request.method in SAFE_METHODS or obj.author == request.user:
            return True
        return request.method == "DELETE" and request.user.is_moderator


class IsDraftEditor(BasePermission):
    """Collaborators read and edit a draft; deleting, publishing and sharing it stay with the author."""

    def has_object_permission(self, request: Any, view: Any, draft: Any) -> bool:
        if request.method in SAFE_METHODS or draft.author == request.user:
            return True
        return request.method == "PATCH" and draft.collaborators.filter(pk=request.user.pk).exists()


class IsSender(BasePermission):
    """For messages: both sides read one and throw their copy away, the sender may correct it."""

    def has_object_permission(self, request: Any, view: Any, message: Any) -> bool:
        return request.method != "PATCH" or message.sender == request.user
