"""Boards and their members."""

from __future__ import annotations

from typing import Any

from django.utils.crypto import constant_time_compare
from rest_framework import generics, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from agora.models import Board, Member
from agora.permissions import IsOwnerOrModerator
from agora.serializers import BoardSerializer, JoinSerializer, MemberSerializer


class BoardScopedView(generics.GenericAPIView):
    """A view below /boards/{board_slug}; a private board that is not yours is as good as none."""

    permission_classes: Any = (IsAuthenticatedOrReadOnly,)

    def get_board(self) -> Board:
        visible = Board.objects.visible_to(self.request.user).select_related("owner")
        return generics.get_object_or_404(visible, slug=self.kwargs["board_slug"])


class BoardListView(generics.ListCreateAPIView):
    permission_classes = (IsAuthenticatedOrReadOnly,)
    serializer_class = BoardSerializer

    def get_queryset(self) -> Any:
        return Board.objects.visible_to(self.request.user).select_related("owner")

    def perform_create(self, serializer: Any) -> None:
        slug = Board.new_slug(serializer.validated_data["title"])
        serializer.save(owner=self.request.user, slug=slug)


class BoardDetailView(BoardScopedView):
    permission_classes = (IsAuthenticatedOrReadOnly, IsOwnerOrModerator)
    serializer_class = BoardSerializer

    def get_object(self) -> Board:
        board = self.get_board()
        self.check_object_permissions(self.request, board)
        return board

    def get(self, request: Any, board_slug: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def patch(self, request: Any, board_slug: str) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    def delete(self, request: Any, board_slug: str) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinView(generics.GenericAPIView):
    permission_classes = (IsAuthenticated,)
    serializer_class = JoinSerializer

    def post(self, request: Any, board_slug: str) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        board = Board.objects.visible_to(request.user).filter(slug=board_slug).first()
        if board is None:
            board = self.unlocked(board_slug, serializer.validated_data["join_code"])
        board.members.add(request.user)
        return Response(BoardSerializer(board).data)

    def unlocked(self, slug: str, code: str) -> Board:
        """The private board that this code opens; one that does not exist is refused in the same words."""
        board = Board.objects.filter(slug=slug).exclude(join_code="").first()
        expected = board.join_code if board else ""
        if not constant_time_compare(code, expected) or board is None:
            raise PermissionDenied("No private board can be joined with this code.")
        return board


class BoardMembersView(BoardScopedView, generics.ListAPIView):
    serializer_class = MemberSerializer

    def get_queryset(self) -> Any:
        return self.get_board().members.order_by("pk")


class BoardMemberView(BoardScopedView):
    def put(self, request: Any, board_slug: str, username: str) -> Response:
        board = self.get_board()
        self.require_owner(board)
        member = generics.get_object_or_404(Member, username=username)
        board.members.add(member)
        return Response(MemberSerializer(member).data)

    def delete(self, request: Any, board_slug: str, username: str) -> Response:
        board = self.get_board()
        if username != request.user.username:  # everyone may leave
            self.require_owner(board)
        board.members.remove(*Member.objects.filter(username=username))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def require_owner(self, board: Board) -> None:
        if board.owner != self.request.user and not self.request.user.is_moderator:
            raise PermissionDenied
