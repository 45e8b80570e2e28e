"""Logging in: e-mail and password against an access token for one of the user's sellers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.auth.access_tokens import issue_access_token
from app.auth.account_digest import account_digest
from app.database.transactions import across_tenants, login_transaction
from app.errors import NotFoundError, RateLimitedError, UnauthenticatedError
from app.queries.across_tenants import find_seller, list_memberships, list_sellers
from app.queries.logins.address_book import NOBODY, find_login, find_owner
from app.services.choices import list_choices
from app.services.limits.login_limits import LoginAttempt
from app.services.logins.trail import record_login
from app.vocabulary import LoginOutcome

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.auth.access_tokens import AccessToken
    from app.queries.across_tenants import MembershipRef
    from app.queries.logins.address_book import Login
    from app.services.context import Services

# The same for a wrong address, a wrong password and a seller that isn't the user's.
REFUSAL = "The e-mail address or the password is wrong."
# The same for accounts, addresses, and accounts that don't exist.
TOO_MANY = "Too many login attempts; try again later."


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """A short-lived access token and for whom it speaks."""

    access_token: str = field(repr=False)
    expires_at: datetime
    user_id: UUID
    seller_id: UUID


async def log_in(
    services: Services, *, email: str, password: str, address: str, seller_slug: str | None = None
) -> LoginResult:
    """A token for the given seller, or for the one that the user joined first; `address` is the client's.

    Raises UnauthenticatedError, with the same message and timing whatever was wrong. Raises RateLimitedError if this
    account or address has no tries left or the process is too busy, even for a right password. A try is counted before
    its password is checked, and each one is recorded in the login trail (`trail`).

    A right password without a login (the user is deactivated, or has no active seller of this name) counts as a
    wrong one: without a pause after as many tries, its answers would tell a guesser that it is right.
    """
    email = email.strip().lower()
    attempt = LoginAttempt(account_digest(email, services.settings.auth_secret), address)
    await _take_try(services, attempt, email)
    login = await _find_login_for(services, attempt, email)
    try:
        is_right = await services.hashing.verify_password(
            login.password_hash if login else None, password, address=address
        )
    except RateLimitedError:
        await services.login_limits.give_back(attempt)
        await record_login(services, attempt, LoginOutcome.LIMITED, writes=False)
        raise
    membership = await _choose_membership(services, login.user_id if login else NOBODY, seller_slug)
    if login is None or membership is None or not (is_right and login.is_active):
        outcome = LoginOutcome.INACTIVE if login and is_right else LoginOutcome.WRONG
        await record_login(services, attempt, outcome, user_id=login.user_id if login else None)
        raise UnauthenticatedError(REFUSAL)
    await services.login_limits.forgive(attempt)
    await record_login(services, attempt, LoginOutcome.SUCCEEDED, user_id=login.user_id, seller_id=membership.seller_id)
    return _result(_issue(services, login.user_id, membership))


async def _take_try(services: Services, attempt: LoginAttempt, email: str) -> None:
    refused = await services.login_limits.take(attempt)
    if refused is None:
        return
    login = await _find_login(services, email) if refused.is_first else None
    user_id = login.user_id if login else None
    await record_login(services, attempt, LoginOutcome.LIMITED, user_id=user_id, writes=refused.is_first)
    raise RateLimitedError(TOO_MANY, retry_after=refused.seconds)


async def _find_login_for(services: Services, attempt: LoginAttempt, email: str) -> Login | None:
    try:
        return await _find_login(services, email)
    except BaseException:  # the database is away: no password was tried
        await services.login_limits.give_back(attempt)
        raise


async def _find_login(services: Services, email: str) -> Login | None:
    async with login_transaction(services.database.app, email) as driver:
        return await find_login(driver, email)


async def _choose_membership(services: Services, user_id: UUID, seller_slug: str | None) -> MembershipRef | None:
    async with across_tenants(services.database.system) as driver:
        memberships = await list_memberships(driver, user_id=user_id)
    chosen = (membership for membership in memberships if seller_slug in {None, membership.slug})
    return next(chosen, None)


def _issue(services: Services, user_id: UUID, membership: MembershipRef) -> AccessToken:
    return issue_access_token(
        user_id=user_id,
        seller_id=membership.seller_id,
        role=membership.role,
        settings=services.settings,
    )


def _result(token: AccessToken) -> LoginResult:
    claims = token.claims
    return LoginResult(
        access_token=token.text,
        expires_at=claims.expires_at,
        user_id=claims.user_id,
        seller_id=claims.seller_id,
    )


async def mint_token(services: Services, *, seller_slug: str | None = None, email: str | None = None) -> str:
    """A token without a password, for operators, who hold the signing secret anyway.

    With an address it is for that user and the seller named, or the user's first; otherwise for an owner of the seller
    named, or of the oldest seller. Raises NotFoundError when there is no such user, seller or owner.
    """
    if email is not None:
        return await _mint_for_login(services, email, seller_slug)
    async with across_tenants(services.database.system) as driver:
        sellers = await list_sellers(driver)
        seller = await find_seller(driver, slug=seller_slug) if seller_slug else next(iter(sellers), None)
        owner = await find_owner(driver, seller.seller_id) if seller else None
    if owner is None:
        active = list_choices([seller.slug for seller in sellers])
        there = f"Active sellers: {active}." if sellers else "There are none; run `pixecom seed` first."
        who = f"No seller {seller_slug!r} with an owner exists." if seller_slug else "No seller with an owner exists."
        raise NotFoundError(f"{who} {there}")
    return _issue(services, owner.user_id, owner.membership).text


async def _mint_for_login(services: Services, email: str, seller_slug: str | None) -> str:
    login = await _find_login(services, email.strip().lower())
    membership = await _choose_membership(services, login.user_id, seller_slug) if login and login.is_active else None
    if login is None or membership is None:
        where = f" for the seller {seller_slug!r}" if seller_slug else ""
        raise NotFoundError(f"no active user logs in as {email!r}{where}")
    return _issue(services, login.user_id, membership).text
