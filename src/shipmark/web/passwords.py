"""Checks of a password that a form sent, limited by account and client address."""

from shipmark.accounts import sign_in_attempts as attempts
from shipmark.accounts import store as account_store
from shipmark.accounts.password_checks import PasswordChecks
from shipmark.accounts.sign_in_limits import limits_of
from shipmark.infrastructure.clock import now
from shipmark.web.request_context import WebRequest

CHECKS = PasswordChecks()


def check_password(web_request: WebRequest, email: str, password: str) -> tuple[int, str] | None:
    """Return id and password hash of the user with this address if the password is right, else None.

    Raise `TooManyAttempts` if this attempt must wait. The check is slow on purpose, and no unit of work is open
    meanwhile: the caller compares the hash with the stored one again before it changes anything.
    """
    at, address = now(), web_request.client_address
    limits = limits_of(email, address)
    with web_request.database.autocommit_read() as connection:
        attempts.check(connection, limits, at)
    with CHECKS.place():
        with web_request.database.transaction() as connection:
            attempts.begin(connection, limits, address, at)
            stored = account_store.password_of(connection, email)
        is_right = CHECKS.is_right(stored[1] if stored else None, password)
    return stored if is_right else None
