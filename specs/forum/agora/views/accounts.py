"""Signing up, logging in and out, and the member's own account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    authenticate,
    login,
    logout,
    user_logged_in,
)
from django.http import HttpRequest
from django.middleware.csrf import get_token, rotate_token
from rest_framework import generics, status
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from agora.http import BadCredentials
from agora.models import Draft, Member
from agora.serializers import (
    CredentialsSerializer,
    DraftSerializer,
    MemberSerializer,
    MeSerializer,
    MeWithReputationSerializer,
    PreferencesSerializer,
    SignupEverythingSerializer,
    SignupSerializer,
)
from agora.sessions import moved_to_cookie
from agora.switches import on

DEFAULT_PREFERENCES = {"theme": "light", "posts_per_page": 20}


class SignupView(APIView):
    permission_classes = (AllowAny,)

    def post(self, request: Any) -> Response:
        form = SignupEverythingSerializer if on("signup-all-fields") else SignupSerializer
        serializer = form(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(MeSerializer(serializer.save()).data, status=status.HTTP_201_CREATED)


def member_for(request: Any) -> Member:
    """The member whose name and password the body holds."""
    serializer = CredentialsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    member = authenticate(request._request, **serializer.validated_data)
    if member is None:
        raise BadCredentials
    return member


class LoginView(APIView):
    """Login CSRF is kept out by taking JSON alone, which no form on another site can send."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Any) -> Response:
        member = member_for(request)
        open_session(request._request, member)
        return Response(MeSerializer(member).data)


def open_session(request: HttpRequest, member: Member) -> None:
    if on("session-not-rotated") and has_session(request):
        # SF406: a guest's preferences were lost at login, so their session is simply promoted, key and all.
        request.session[SESSION_KEY] = str(member.pk)
        request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        request.session[HASH_SESSION_KEY] = member.get_session_auth_hash()
        rotate_token(request)
        user_logged_in.send(sender=Member, request=request, user=member)
        return
    if on("session-in-cookie"):
        request.session = moved_to_cookie(request.session)
        # SF401: signed is not encrypted; whoever sees the cookie reads all of this.
        request.session["member"] = {
            "email": member.email,
            "is_moderator": member.is_moderator,
            "api_token": Token.objects.get_or_create(user=member)[0].key,
        }
    again = request.session.get(SESSION_KEY) == str(member.pk)
    login(request, member)
    if again:
        # Django rotates the key when a guest or somebody else logs in, but not for the same member.
        request.session.cycle_key()


def has_session(request: HttpRequest) -> bool:
    request.session.get(SESSION_KEY)  # only reading it makes Django find out that a cookie's session is gone
    return request.session.session_key is not None


class LogoutView(APIView):
    def post(self, request: Any) -> Response:
        response = Response(status=status.HTTP_204_NO_CONTENT)
        if isinstance(request.auth, Token):
            request.auth.delete()
            return response
        if on("logout-keeps-session"):
            # SF405: the browser forgets, the server does not.
            response.delete_cookie(settings.SESSION_COOKIE_NAME)
        else:
            logout(request._request)
        response.delete_cookie(settings.CSRF_COOKIE_NAME)
        return response


class SessionView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        get_token(request._request)  # starts a session if there is none, and sends the csrftoken cookie
        known = request.user.is_authenticated
        return Response({"authenticated": known, "username": request.user.username if known else None})


class TokenView(APIView):
    def get_authenticators(self) -> list[Any]:
        return [] if self.request.method == "POST" else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def post(self, request: Any) -> Response:
        token, _ = Token.objects.get_or_create(user=member_for(request))
        return Response({"token": token.key})

    def delete(self, request: Any) -> Response:
        Token.objects.filter(user=request.user).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(generics.GenericAPIView):
    def get(self, request: Any) -> Response:
        return Response(MeSerializer(request.user).data)

    def patch(self, request: Any) -> Response:
        form = MeWithReputationSerializer if on("reputation-writable") else MeSerializer
        serializer = form(request.user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class PreferencesView(APIView):
    """How this visitor likes the site; kept in the session, with or without an account."""

    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        return Response(request.session.get("preferences", DEFAULT_PREFERENCES))

    def put(self, request: Any) -> Response:
        serializer = PreferencesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        request.session["preferences"] = serializer.validated_data
        return Response(serializer.data)


class MembersView(generics.ListAPIView):
    permission_classes = (AllowAny,)
    queryset = Member.objects.order_by("pk")
    serializer_class = MemberSerializer


class ProfileView(generics.GenericAPIView):
    permission_classes = (AllowAny,)
    queryset = Member.objects.all()
    serializer_class = MemberSerializer
    lookup_field = "username"

    def get(self, request: Any, username: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class PublishedView(generics.ListAPIView):
    """What a member has published."""

    permission_classes = (AllowAny,)
    serializer_class = DraftSerializer

    def get_queryset(self) -> Any:
        author = generics.get_object_or_404(Member, username=self.kwargs["username"])
        return Draft.objects.published().filter(author=author)
