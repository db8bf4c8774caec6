"""Members, boards, threads and everything members write."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.text import slugify

from agora.switches import on

USERNAME = RegexValidator(r"\A[a-z0-9_]{3,30}\Z", "Use 3 to 30 of a-z, 0-9 and _.")


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, username: str, password: str, **fields: Any) -> Member:
        member = self.model(username=username, **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser):
    username = models.CharField(max_length=30, unique=True, validators=[USERNAME])
    email = models.EmailField()
    display_name = models.CharField(max_length=60, blank=True)
    bio = models.CharField(max_length=500, blank=True)
    reputation = models.IntegerField(default=0)
    is_moderator = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = MemberManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    def get_session_auth_hash(self) -> str:
        if on("session-hash-constant"):
            # SF403: a changed password threw people out on their other devices, so the hash follows the
            # installation instead. It no longer says whose session it is.
            return salted_hmac("agora.sessions", "2024-05", algorithm="sha256").hexdigest()
        return super().get_session_auth_hash()


class BoardQuerySet(models.QuerySet["Board"]):
    def visible_to(self, user: Any) -> BoardQuerySet:
        """Public boards, the member's own and those joined; moderators look after all of them."""
        if not user.is_authenticated:
            return self.filter(is_private=False)
        if user.is_moderator:
            return self
        joined = Board.members.through.objects.filter(member=user).values("board")
        return self.filter(Q(is_private=False) | Q(owner=user) | Q(pk__in=joined))


class Board(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=1000, blank=True)
    is_private = models.BooleanField(default=False)
    join_code = models.CharField(max_length=60, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="boards")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="joined_boards")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BoardQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)

    @staticmethod
    def new_slug(title: str) -> str:
        # The random end keeps slugs unique without telling anybody that a private board has the same title.
        return f"{slugify(title)[:60] or 'board'}-{get_random_string(6, 'abcdefghjkmnpqrstuvwxyz23456789')}"


class Thread(models.Model):
    board = models.ForeignKey(Board, models.CASCADE, related_name="threads")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=120)
    body = models.CharField(max_length=5000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="threads")
    is_locked = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("board", "slug"), name="thread_slug_in_board"),)

    @staticmethod
    def new_slug(board: Board, title: str) -> str:
        base = slugify(title)[:60] or "thread"
        taken = set(board.threads.filter(slug__startswith=base).values_list("slug", flat=True))
        slug, number = base, 1
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        return slug


class Post(models.Model):
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="posts")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts")
    body = models.CharField(max_length=5000)
    spam_score = models.FloatField(default=0.0)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("thread", "number")
        constraints = (models.UniqueConstraint(fields=("thread", "number"), name="post_number_in_thread"),)


class Report(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        UPHELD = "upheld"
        DISMISSED = "dismissed"

    post = models.ForeignKey(Post, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=500)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)


class DraftQuerySet(models.QuerySet["Draft"]):
    def written_with(self, user: Any) -> DraftQuerySet:
        """Drafts that the member wrote or collaborates on."""
        if not user.is_authenticated:
            return self.none()
        shared = Draft.collaborators.through.objects.filter(member=user).values("draft")
        return self.filter(Q(author=user) | Q(pk__in=shared))

    def published(self) -> DraftQuerySet:
        return self.filter(published_at__isnull=False)

    def readable_by(self, user: Any) -> DraftQuerySet:
        return self.filter(Q(published_at__isnull=False) | Q(pk__in=self.written_with(user).values("pk")))


class Draft(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    collaborators = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="shared_drafts")
    title = models.CharField(max_length=120)
    body = models.CharField(max_length=20_000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "pk")


class Bookmark(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bookmarks")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="bookmarks")
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)


class Subscription(models.Model):
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="subscriptions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("member", "thread"), name="one_subscription"),)


class ReadMark(models.Model):
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_marks")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="read_marks")
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("member", "thread"), name="one_read_mark"),)


class MessageQuerySet(models.QuerySet["Message"]):
    def in_mailbox_of(self, user: Any) -> MessageQuerySet:
        """What the member sent or received and did not throw away; each side keeps a copy of its own."""
        sent = Q(sender=user, deleted_by_sender=False)
        return self.filter(sent | Q(recipient=user, deleted_by_recipient=False))


class Message(models.Model):
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sent_messages")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="received_messages")
    subject = models.CharField(max_length=120)
    body = models.CharField(max_length=5000)
    sent_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)
    deleted_by_sender = models.BooleanField(default=False)
    deleted_by_recipient = models.BooleanField(default=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)


class WikiPage(models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    body = models.CharField(max_length=20_000)
    last_editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("slug",)
