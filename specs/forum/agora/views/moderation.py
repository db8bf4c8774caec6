"""The moderators' desk, and whether the site is up."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from rest_framework import generics, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from agora.models import Board, Member, Post, Report, Thread
from agora.permissions import IsModerator
from agora.serializers import (
    AwardSerializer,
    DecisionSerializer,
    MemberSerializer,
    ReportDecisionSerializer,
    ReportSerializer,
)

REPORTS = Report.objects.select_related("post__thread__board", "reporter")


class ReportListView(generics.ListAPIView):
    permission_classes = (IsAuthenticated, IsModerator)
    queryset = REPORTS
    serializer_class = ReportSerializer


class ReportDetailView(generics.GenericAPIView):
    permission_classes = (IsAuthenticated, IsModerator)
    queryset = REPORTS
    serializer_class = ReportDecisionSerializer
    lookup_url_kwarg = "report_id"

    def patch(self, request: Any, report_id: str) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class DecisionLogView(generics.ListAPIView):
    """Moderators work in the open: everyone reads what they decided, on the boards that they see."""

    permission_classes = (AllowAny,)
    serializer_class = DecisionSerializer

    def get_queryset(self) -> Any:
        visible = Board.objects.visible_to(self.request.user)
        return REPORTS.exclude(status=Report.Status.OPEN).filter(post__thread__board__in=visible)


class AwardView(generics.GenericAPIView):
    permission_classes = (IsAuthenticated, IsModerator)
    serializer_class = AwardSerializer

    def post(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        member = serializer.validated_data["member"]
        points = serializer.validated_data["points"]
        Member.objects.filter(pk=member.pk).update(reputation=F("reputation") + points)
        member.refresh_from_db()
        return Response(MemberSerializer(member).data, status=status.HTTP_201_CREATED)


class HealthView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        return Response({"status": "ok"})


class InternalStatsView(APIView):
    """SF504: made for a dashboard, never written into the contract."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        counts = {model.__name__.lower(): model.objects.count() for model in (Member, Thread, Post, Report)}
        return Response({"rows": counts, "database": "sqlite"})
