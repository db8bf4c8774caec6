"""A member's own things: bookmarks, subscriptions and messages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import generics, serializers, status
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from agora.http import JSONParser
from agora.models import Board, Bookmark, Message, Post, Subscription
from agora.permissions import IsSender
from agora.serializers import (
    BookmarkSerializer,
    FeedEntrySerializer,
    MessageSerializer,
    SentMessageSerializer,
    SubscriptionSerializer,
)
from agora.switches import on


def on_visible_threads(references: Any, user: Any) -> Any:
    """Without those whose thread lies on a board that the member has left."""
    return references.filter(thread__board__in=Board.objects.visible_to(user)).select_related("thread__board")


def bookmarks_of(user: Any) -> Any:
    own = Bookmark.objects.filter(owner=user)
    if on("bookmark-any-thread"):
        return own.select_related("thread__board")
    return on_visible_threads(own, user)


class BookmarkListView(generics.ListCreateAPIView):
    serializer_class = BookmarkSerializer

    def get_permissions(self) -> list[Any]:
        if on("bookmarks-listed-anonymous"):
            return [IsAuthenticatedOrReadOnly()]
        return super().get_permissions()

    def get_queryset(self) -> Any:
        if on("bookmarks-listed-anonymous") and not self.request.user.is_authenticated:
            # SF302: the schema generator calls this without a user and must not crash; so may everyone.
            return on_visible_threads(Bookmark.objects.all(), self.request.user)
        return bookmarks_of(self.request.user)

    def perform_create(self, serializer: Any) -> None:
        serializer.save(owner=self.request.user)


class BookmarkDetailView(generics.GenericAPIView):
    serializer_class = BookmarkSerializer

    def get(self, request: Any, bookmark_id: str) -> Response:
        bookmark = generics.get_object_or_404(bookmarks_of(request.user), pk=bookmark_id)
        return Response(self.get_serializer(bookmark).data)

    def delete(self, request: Any, bookmark_id: str) -> Response:
        """Idempotent: what is not there, or is not yours, is not there afterwards for you either."""
        if on("bookmark-delete-any"):
            delete_by_id(Bookmark.objects.all(), bookmark_id)  # SF103: anyone's
        else:
            delete_by_id(Bookmark.objects.filter(owner=request.user), bookmark_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def delete_by_id(objects: Any, text: str) -> None:
    if text.isdecimal() and len(text) < 19:  # beyond that no id exists, nor does SQLite take it
        objects.filter(pk=text).delete()


class SubscriptionListView(generics.ListCreateAPIView):
    serializer_class = SubscriptionSerializer

    def get_queryset(self) -> Any:
        return subscriptions_of(self.request.user)

    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        subscription, new = Subscription.objects.get_or_create(
            member=request.user, thread=serializer.validated_data["thread"]
        )
        answered = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(self.get_serializer(subscription).data, status=answered)


def subscriptions_of(user: Any) -> Any:
    return on_visible_threads(Subscription.objects.filter(member=user), user)


class SubscriptionDetailView(generics.GenericAPIView):
    serializer_class = SubscriptionSerializer

    def get(self, request: Any, subscription_id: str) -> Response:
        subscription = generics.get_object_or_404(subscriptions_of(request.user), pk=subscription_id)
        return Response(self.get_serializer(subscription).data)

    def delete(self, request: Any, subscription_id: str) -> Response:
        delete_by_id(Subscription.objects.filter(member=request.user), subscription_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FeedView(generics.ListAPIView):
    """What is new in the threads that the member follows; feed readers know no login but HTTP Basic."""

    serializer_class = FeedEntrySerializer

    def get_authenticators(self) -> list[Any]:
        return [TokenAuthentication(), BasicAuthentication(), SessionAuthentication()]

    def get_queryset(self) -> Any:
        followed = subscriptions_of(self.request.user).values("thread")
        return Post.objects.filter(thread__in=followed).select_related("thread__board", "author").order_by("-pk")


class UnsubscribeView(generics.GenericAPIView):
    """The page behind the link in notification mails: GET shows what would end, POST ends it."""

    def get(self, request: Any, subscription_id: str) -> Response:
        # SF314: one click less; mail scanners and prefetching browsers unsubscribe people, too.
        return self.answer(subscription_id, done=on("unsubscribe-by-get"))

    def post(self, request: Any, subscription_id: str) -> Response:
        return self.answer(subscription_id, done=True)

    def answer(self, subscription_id: str, *, done: bool) -> Response:
        subscription = generics.get_object_or_404(subscriptions_of(self.request.user), pk=subscription_id)
        thread = subscription.thread
        if done:
            subscription.delete()
        return Response({"board": thread.board.slug, "thread": thread.slug, "unsubscribed": done})


class MailboxQuerySerializer(serializers.Serializer):
    box = serializers.ChoiceField(["all", "inbox", "sent"], default="all")


class MessageListView(generics.ListCreateAPIView):
    serializer_class = MessageSerializer
    # The page works without JavaScript: a form comes with the token in a field. It is asked for as ever.
    parser_classes = (JSONParser, FormParser)

    def get_queryset(self) -> Any:
        query = MailboxQuerySerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        box, user = query.validated_data["box"], self.request.user
        messages = Message.objects.in_mailbox_of(user).select_related("sender", "recipient")
        if box == "inbox":
            return messages.filter(recipient=user)
        return messages.filter(sender=user) if box == "sent" else messages

    def perform_create(self, serializer: Any) -> None:
        serializer.save(sender=self.request.user)


class MessageDetailView(generics.GenericAPIView):
    permission_classes = (IsAuthenticated, IsSender)

    def get_object(self) -> Message:
        user = self.request.user
        mailbox = Message.objects.in_mailbox_of(user)
        if on("message-existence") and self.request.method == "GET":
            # SF107: a made-up message is 404, somebody else's 403: ids can be counted.
            message = generics.get_object_or_404(Message, pk=self.kwargs["message_id"])
            if not mailbox.filter(pk=message.pk).exists():
                raise PermissionDenied
            return message
        message = generics.get_object_or_404(mailbox, pk=self.kwargs["message_id"])
        self.check_object_permissions(self.request, message)
        return message

    def get(self, request: Any, message_id: str) -> Response:
        return Response(MessageSerializer(self.get_object()).data)

    def patch(self, request: Any, message_id: str) -> Response:
        serializer = SentMessageSerializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save(edited_at=timezone.now())
        return Response(serializer.data)

    def delete(self, request: Any, message_id: str) -> Response:
        """Throw one's own copy away; the other side keeps theirs."""
        message = self.get_object()
        message.deleted_by_sender |= message.sender == request.user
        message.deleted_by_recipient |= message.recipient == request.user
        message.save(update_fields=["deleted_by_sender", "deleted_by_recipient"])
        return Response(status=status.HTTP_204_NO_CONTENT)
