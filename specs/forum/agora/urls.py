"""Routes. Parameters are plain strings: a malformed id is a missing object, not a missing route."""

from __future__ import annotations

from django.urls import path

from agora.switches import on
from agora.views import accounts, boards, drafts, moderation, personal, schema, search, threads, wiki

handler400 = "agora.http.bad_request"
handler404 = "agora.http.not_found"
handler500 = "agora.http.server_error"

BOARD = "boards/<str:board_slug>"
THREAD = f"{BOARD}/threads/<str:thread_slug>"
POST = f"{THREAD}/posts/<str:number>"

urlpatterns = [
    path("health", moderation.HealthView.as_view()),
    path("openapi.json", schema.SchemaView.as_view()),
    path("auth/signup", accounts.SignupView.as_view()),
    path("auth/login", accounts.LoginView.as_view()),
    path("auth/logout", accounts.LogoutView.as_view()),
    path("auth/session", accounts.SessionView.as_view()),
    path("auth/token", accounts.TokenView.as_view()),
    path("me", accounts.MeView.as_view()),
    path("me/feed", personal.FeedView.as_view()),
    path("preferences", accounts.PreferencesView.as_view()),
    path("users", accounts.MembersView.as_view()),
    path("users/<str:username>", accounts.ProfileView.as_view()),
    path("users/<str:username>/drafts", accounts.PublishedView.as_view()),
    path("boards", boards.BoardListView.as_view()),
    path(BOARD, boards.BoardDetailView.as_view()),
    path(f"{BOARD}/join", boards.JoinView.as_view()),
    path(f"{BOARD}/members", boards.BoardMembersView.as_view()),
    path(f"{BOARD}/members/<str:username>", boards.BoardMemberView.as_view()),
    path(f"{BOARD}/threads", threads.ThreadListView.as_view()),
    path(THREAD, threads.ThreadDetailView.as_view()),
    path(f"{THREAD}/lock", threads.LockView.as_view()),
    path(f"{THREAD}/read-mark", threads.ReadMarkView.as_view()),
    path(f"{THREAD}/posts", threads.PostListView.as_view()),
    path(POST, threads.PostDetailView.as_view()),
    path(f"{POST}/reports", threads.PostReportsView.as_view()),
    path("drafts", drafts.DraftListView.as_view()),
    path("drafts/<str:draft_id>", drafts.DraftDetailView.as_view()),
    path("drafts/<str:draft_id>/publish", drafts.PublishView.as_view()),
    path("drafts/<str:draft_id>/collaborators/<str:username>", drafts.CollaboratorView.as_view()),
    path("bookmarks", personal.BookmarkListView.as_view()),
    path("bookmarks/<str:bookmark_id>", personal.BookmarkDetailView.as_view()),
    path("subscriptions", personal.SubscriptionListView.as_view()),
    path("subscriptions/<str:subscription_id>", personal.SubscriptionDetailView.as_view()),
    path("subscriptions/<str:subscription_id>/unsubscribe", personal.UnsubscribeView.as_view()),
    path("messages", personal.MessageListView.as_view()),
    path("messages/<str:message_id>", personal.MessageDetailView.as_view()),
    path("wiki", wiki.WikiListView.as_view()),
    path("wiki/<str:page_slug>", wiki.WikiPageView.as_view()),
    path("preview", wiki.PreviewView.as_view()),
    path("search", search.SearchView.as_view()),
    path("moderation/reports", moderation.ReportListView.as_view()),
    path("moderation/reports/<str:report_id>", moderation.ReportDetailView.as_view()),
    path("moderation/log", moderation.DecisionLogView.as_view()),
    path("moderation/awards", moderation.AwardView.as_view()),
]

if on("internal-stats-route"):
    urlpatterns.append(path("internal/stats", moderation.InternalStatsView.as_view()))
