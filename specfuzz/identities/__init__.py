"""Who sends a request: credentials from an authentication document or a sign-up, logged in once, renewed on expiry."""

from specfuzz.identities.authfile import read_auth_file
from specfuzz.identities.courier import AsyncCourier, Keyring, SyncCourier
from specfuzz.identities.credentials import Credential, Credentials
from specfuzz.identities.errors import AuthFileError, IdentityError, LoginFailed
from specfuzz.identities.identity import CsrfRules, Identity, Login, Secret, Token

__all__ = [
    "AsyncCourier",
    "AuthFileError",
    "Credential",
    "Credentials",
    "CsrfRules",
    "Identity",
    "IdentityError",
    "Keyring",
    "Login",
    "LoginFailed",
    "Secret",
    "SyncCourier",
    "Token",
    "read_auth_file",
]
