"""Search over threads, wiki pages and published (or one's own) drafts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from agora.models import Board, Draft, Thread, WikiPage
from agora.serializers import EXCERPT_CHARACTERS, SearchSerializer
from agora.switches import on

HITS_OF_EACH_KIND = 25
ORDER = {"newest": "-pk", "oldest": "pk", "title": "title"}
# Drafts and pages have no running number to sort by.
ORDER_BY_DATE = {"newest": "-updated_at", "oldest": "updated_at", "title": "title"}


class UncheckedSearchSerializer(SearchSerializer):
    sort = serializers.CharField(default="newest", allow_blank=True)


class SearchView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        # SF505: an unknown sort key reaches order_by(), and DEBUG shows the visitor what happened there.
        form = UncheckedSearchSerializer if on("debug-page") else SearchSerializer
        query = form(data=request.query_params)
        query.is_valid(raise_exception=True)
        words, sort = query.validated_data["q"], query.validated_data["sort"]
        matching = Q(title__icontains=words) | Q(body__icontains=words)

        threads = Thread.objects.filter(matching, board__in=Board.objects.visible_to(request.user))
        threads = threads.select_related("board", "author").order_by(ORDER.get(sort, sort))
        drafts = self.drafts(query.validated_data["include_drafts"]).filter(matching).select_related("author")
        drafts = drafts.order_by(ORDER_BY_DATE.get(sort, sort))
        pages = WikiPage.objects.filter(matching).select_related("last_editor")
        pages = pages.order_by(ORDER_BY_DATE.get(sort, sort))

        hits = [
            *(hit("thread", t, t.slug, t.author, t.board.slug) for t in threads[:HITS_OF_EACH_KIND]),
            *(hit("draft", d, str(d.pk), d.author) for d in drafts[:HITS_OF_EACH_KIND]),
            *(hit("wiki", p, p.slug, p.last_editor) for p in pages[:HITS_OF_EACH_KIND]),
        ]
        return Response({"count": len(hits), "results": hits})

    def drafts(self, unpublished: bool) -> Any:
        if not unpublished:
            return Draft.objects.published()
        if on("search-all-drafts"):
            return Draft.objects.all()  # SF104: with the parameter, the reader is forgotten
        return Draft.objects.readable_by(self.request.user)


def hit(kind: str, found: Any, ref: str, author: Any, board: str | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "board": board,
        "ref": ref,
        "title": found.title,
        "excerpt": found.body[:EXCERPT_CHARACTERS],
        "author": author.username if author else None,
    }
