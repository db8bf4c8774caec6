"""What goes in and what comes out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from agora.models import (
    USERNAME,
    Board,
    Bookmark,
    Draft,
    Member,
    Message,
    Post,
    Report,
    Subscription,
    Thread,
    WikiPage,
)
from agora.switches import on

EXCERPT_CHARACTERS = 140


def username_field(**options: Any) -> serializers.SlugRelatedField:
    if not options:
        options = {"read_only": True}
    return serializers.SlugRelatedField(slug_field="username", **options)


class CredentialsSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class SignupSerializer(serializers.ModelSerializer):
    username = serializers.CharField(
        validators=[USERNAME, UniqueValidator(Member.objects.all(), "This name is taken.")]
    )
    password = serializers.CharField(min_length=8, max_length=128, trim_whitespace=False)

    class Meta:
        model = Member
        fields: Any = ("username", "email", "password", "display_name", "bio")

    def create(self, validated_data: dict[str, Any]) -> Member:
        return Member.objects.create_user(**validated_data)


class SignupEverythingSerializer(SignupSerializer):
    """SF201: `__all__` saved listing the fields, and lets a newcomer name themselves moderator."""

    class Meta(SignupSerializer.Meta):
        fields = "__all__"


class MeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Member
        fields = (
            "id",
            "username",
            "email",
            "display_name",
            "bio",
            "reputation",
            "is_moderator",
            "joined_at",
        )
        read_only_fields = ("username", "reputation", "is_moderator")


class MeWithReputationSerializer(MeSerializer):
    """SF202: the field was added to the answer and forgotten in read_only_fields."""

    class Meta(MeSerializer.Meta):
        read_only_fields = ("username", "is_moderator")


class MemberSerializer(serializers.ModelSerializer):
    """The public profile."""

    class Meta:
        model = Member
        fields = ("username", "display_name", "bio", "reputation", "is_moderator", "joined_at")


class PreferencesSerializer(serializers.Serializer):
    theme = serializers.ChoiceField(["light", "dark"])
    posts_per_page = serializers.IntegerField(min_value=10, max_value=100)


class BoardSerializer(serializers.ModelSerializer):
    owner = username_field()
    join_code = serializers.CharField(write_only=True, required=False, allow_blank=True, max_length=60)

    class Meta:
        model = Board
        fields = ("slug", "title", "description", "is_private", "join_code", "owner", "created_at")
        read_only_fields = ("slug",)

    def to_representation(self, board: Board) -> dict[str, Any]:
        shown = super().to_representation(board)
        if on("join-code-returned"):
            # SF206: the board's settings page wanted to show it; now everyone is told.
            shown["join_code"] = board.join_code
        return shown


class JoinSerializer(serializers.Serializer):
    join_code = serializers.CharField(max_length=60, allow_blank=True, default="")


class ThreadSerializer(serializers.ModelSerializer):
    board = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    author = username_field()

    class Meta:
        model = Thread
        fields = ("board", "slug", "title", "body", "author", "is_locked", "created_at", "updated_at")
        read_only_fields = ("slug", "is_locked")


class HandoverThreadSerializer(ThreadSerializer):
    """SF203: made for moderators who merge accounts, and used for every update."""

    author = username_field(queryset=Member.objects.all())


class PostSerializer(serializers.ModelSerializer):
    author = username_field()

    class Meta:
        model = Post
        fields: tuple[str, ...] = ("number", "author", "body", "created_at", "edited_at")
        read_only_fields = ("number", "edited_at")


class ScoredPostSerializer(PostSerializer):
    """SF204: written for the moderators' page; the contract knows no spam_score."""

    class Meta(PostSerializer.Meta):
        fields = (*PostSerializer.Meta.fields, "spam_score")


class FeedEntrySerializer(PostSerializer):
    board = serializers.CharField(source="thread.board.slug", read_only=True)
    thread = serializers.CharField(source="thread.slug", read_only=True)

    class Meta(PostSerializer.Meta):
        fields = ("board", "thread", *PostSerializer.Meta.fields)


class ReadMarkSerializer(serializers.Serializer):
    number = serializers.IntegerField(min_value=0, max_value=1_000_000)


class ReportSerializer(serializers.ModelSerializer):
    board = serializers.CharField(source="post.thread.board.slug", read_only=True)
    thread = serializers.CharField(source="post.thread.slug", read_only=True)
    post = serializers.IntegerField(source="post.number", read_only=True)
    reporter = username_field()

    class Meta:
        model = Report
        fields = ("id", "board", "thread", "post", "reporter", "reason", "status", "created_at")
        read_only_fields: tuple[str, ...] = ("status",)


class ReportDecisionSerializer(ReportSerializer):
    class Meta(ReportSerializer.Meta):
        read_only_fields = ("reason",)


class DecisionSerializer(ReportSerializer):
    """What became of a report, without who made it and why."""

    class Meta(ReportSerializer.Meta):
        fields = ("id", "board", "thread", "post", "status")


class AwardSerializer(serializers.Serializer):
    member = username_field(queryset=Member.objects.all())
    points = serializers.IntegerField(min_value=-1000, max_value=1000)
    reason = serializers.CharField(max_length=200)


class DraftSerializer(serializers.ModelSerializer):
    author = username_field()
    collaborators = username_field(read_only=True, many=True)

    class Meta:
        model = Draft
        fields = (
            "id",
            "author",
            "collaborators",
            "title",
            "body",
            "created_at",
            "updated_at",
            "published_at",
        )
        read_only_fields = ("published_at",)


class ThreadReferenceSerializer(serializers.ModelSerializer):
    """Something of one's own that points to a thread, named by its board's slug and its own."""

    board = serializers.CharField(source="thread.board.slug", max_length=80)
    thread = serializers.CharField(source="thread.slug", max_length=80)
    title = serializers.CharField(source="thread.title", read_only=True)
    excerpt = serializers.SerializerMethodField()

    def get_excerpt(self, reference: Any) -> str:
        return reference.thread.body[:EXCERPT_CHARACTERS]

    def visible_boards(self) -> Any:
        return Board.objects.visible_to(self.context["request"].user)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        slugs = attrs["thread"]
        thread = Thread.objects.filter(
            slug=slugs["slug"], board__slug=slugs["board"]["slug"], board__in=self.visible_boards()
        ).first()
        if thread is None:
            raise serializers.ValidationError({"thread": "There is no such thread."})
        return {**attrs, "thread": thread}


class BookmarkSerializer(ThreadReferenceSerializer):
    class Meta:
        model = Bookmark
        fields = ("id", "board", "thread", "title", "excerpt", "note", "created_at")

    def visible_boards(self) -> Any:
        if on("bookmark-any-thread"):
            return Board.objects.all()  # SF105: a bookmark is private anyway, so why look at the thread
        return super().visible_boards()


class SubscriptionSerializer(ThreadReferenceSerializer):
    class Meta:
        model = Subscription
        fields = ("id", "board", "thread", "title", "excerpt", "created_at")


class MessageSerializer(serializers.ModelSerializer):
    sender = username_field()
    recipient = username_field(queryset=Member.objects.all())

    class Meta:
        model = Message
        fields = ("id", "sender", "recipient", "subject", "body", "sent_at", "edited_at")
        read_only_fields = ("edited_at",)


class SentMessageSerializer(MessageSerializer):
    recipient = username_field()


class WikiPageSerializer(serializers.ModelSerializer):
    last_editor = username_field()

    class Meta:
        model = WikiPage
        fields = ("slug", "title", "body", "last_editor", "revision", "updated_at")
        read_only_fields = ("slug", "revision")


class PreviewSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=120)
    body = serializers.CharField(max_length=20_000)
    word_count = serializers.SerializerMethodField()

    def get_word_count(self, page: dict[str, str]) -> int:
        return len(page["body"].split())


class SearchSerializer(serializers.Serializer):
    """The query string of a search."""

    q = serializers.CharField(max_length=100, allow_blank=True, default="")
    include_drafts = serializers.BooleanField(default=False)
    sort = serializers.ChoiceField(["newest", "oldest", "title"], default="newest")
