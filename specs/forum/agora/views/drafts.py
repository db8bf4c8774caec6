"""Drafts: private to their author and collaborators until they are published."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import generics, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from agora.models import Draft, Member
from agora.permissions import IsDraftEditor
from agora.serializers import DraftSerializer
from agora.switches import on


class DraftListView(generics.ListCreateAPIView):
    serializer_class = DraftSerializer

    def get_queryset(self) -> Any:
        drafts = Draft.objects.written_with(self.request.user)
        return drafts.select_related("author").prefetch_related("collaborators")

    def perform_create(self, serializer: Any) -> None:
        serializer.save(author=self.request.user)


class DraftDetailView(generics.GenericAPIView):
    permission_classes = (IsAuthenticatedOrReadOnly, IsDraftEditor)
    serializer_class = DraftSerializer

    def get_object(self) -> Draft:
        if on("draft-update-unchecked") and self.request.method == "PATCH":
            # SF102: an overridden get_object() has to check the object permissions itself; this one does not.
            return generics.get_object_or_404(Draft, pk=self.kwargs["draft_id"])
        drafts = Draft.objects.readable_by(self.request.user)
        if on("draft-read-any") and self.request.method == "GET":
            drafts = Draft.objects.all()  # SF101: "the id is a UUID, nobody can guess it"
        draft = generics.get_object_or_404(drafts, pk=self.kwargs["draft_id"])
        self.check_object_permissions(self.request, draft)
        return draft

    def get(self, request: Any, draft_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def patch(self, request: Any, draft_id: str) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    def delete(self, request: Any, draft_id: str) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnDraftView(generics.GenericAPIView):
    """What only the author may do; collaborators see the draft and are told so."""

    permission_classes = (IsAuthenticated,)

    def get_draft(self) -> Draft:
        drafts = Draft.objects.readable_by(self.request.user)
        draft = generics.get_object_or_404(drafts, pk=self.kwargs["draft_id"])
        if draft.author != self.request.user:
            raise PermissionDenied
        return draft


class PublishView(OwnDraftView):
    def post(self, request: Any, draft_id: str) -> Response:
        draft = self.get_draft()
        if draft.published_at is None:
            draft.published_at = timezone.now()
            draft.save(update_fields=["published_at", "updated_at"])
        return Response(DraftSerializer(draft).data)


class CollaboratorView(OwnDraftView):
    def put(self, request: Any, draft_id: str, username: str) -> Response:
        draft = self.get_draft()
        draft.collaborators.add(generics.get_object_or_404(Member, username=username))
        return Response(DraftSerializer(draft).data)

    def delete(self, request: Any, draft_id: str, username: str) -> Response:
        self.get_draft().collaborators.remove(*Member.objects.filter(username=username))
        return Response(status=status.HTTP_204_NO_CONTENT)
