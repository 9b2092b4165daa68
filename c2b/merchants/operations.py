"""What happens to firms, one function per verb. Nothing here commits."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from c2b.accounts.models import User
from c2b.accounts.operations import grant_role, revoke_role
from c2b.accounts.queries import user_by_email
from c2b.core.access import Role
from c2b.core.db import db, lock
from c2b.core.errors import Refused, refuse
from c2b.core.events import record
from c2b.core.outbox import notify_many
from c2b.core.states import move
from c2b.merchants import rules
from c2b.merchants.models import Merchant, MerchantDocument, MerchantStaff
from c2b.merchants.queries import firm_of, post_of
from c2b.merchants.rules import Application, Paper
from c2b.merchants.states import Grade, MerchantState, Post

S = MerchantState


def apply(application: Application, papers: Iterable[Paper] = (), *, by: int, now: datetime) -> Merchant:
    """Apply for certification; who applies becomes the firm's owner. A declined firm applies anew."""
    user = lock(User, by)  # two applications of one person wait for each other
    firm = firm_of(by)
    refuse(rules.why_not_apply(firm, post_of(firm, by) if firm else None, user.email_confirmed_at))
    refuse(rules.why_not_licence(taken=_licence_taken(application.licence_number, firm)))
    if firm is None:
        firm = Merchant(slug=_slug(application), created_at=now, state_since=now, **asdict(application))
        firm.staff = [MerchantStaff(user_id=by, post=Post.OWNER, since=now)]
        _save(firm)
        record(firm, "merchant.applied", by=by, at=now)
    else:
        for name, value in asdict(application).items():
            setattr(firm, name, value)
        _save(firm)
        move(firm, S.APPLIED, by=by, now=now)
        firm.reason = None
    _add_papers(firm, papers, now)
    grant_role(by, Role.MERCHANT, by=by, now=now)
    return firm


def change_firm(
    merchant_id: int, *, about: str, ships_from: str, contact_phone: str, by: int, now: datetime
) -> Merchant:
    """What a firm may say of itself at any time; name and licence are bound to the certification."""
    firm = lock(Merchant, merchant_id)
    refuse(rules.why_not_own(post_of(firm, by)))
    firm.about, firm.ships_from, firm.contact_phone = about, ships_from, contact_phone
    record(firm, "merchant.changed", by=by, at=now)
    return firm


def add_documents(merchant_id: int, papers: Iterable[Paper], *, by: int, now: datetime) -> None:
    """Hand in further papers; earlier ones stay, as the certification rests on them."""
    firm = lock(Merchant, merchant_id)
    refuse(rules.why_not_own(post_of(firm, by)))
    _add_papers(firm, papers, now)
    record(firm, "merchant.papers_added", by=by, at=now)


def certify(
    merchant_id: int, grade: Grade, *, deposit: int | None = None, by: int | None, now: datetime
) -> Merchant:
    """Let a firm supply. Without `deposit` it holds what its grade asks for, or what it held already.

    A certified firm gets the other grade; a suspended one may work again.
    """
    firm = _judged(merchant_id, by)
    if deposit is None:
        deposit = max(firm.deposit, rules.MIN_DEPOSIT[grade])
    refuse(rules.why_not_deposit(deposit, grade))
    firm.grade, firm.deposit, firm.reason = grade, deposit, None
    firm.certified_at = firm.certified_at or now
    if firm.state == S.CERTIFIED:
        record(firm, "merchant.graded", by=by, at=now, grade=str(grade))
    else:
        move(firm, S.CERTIFIED, by=by, now=now, grade=str(grade))
    _tell(firm, "merchant_certified", now, grade=str(grade))
    return firm


def decline(merchant_id: int, reason: str, *, by: int | None, now: datetime) -> Merchant:
    """Turn an application down, with a reason on which the firm can act."""
    firm = _judged(merchant_id, by)
    move(firm, S.DECLINED, by=by, now=now, reason=reason)
    firm.reason = reason
    _tell(firm, "merchant_declined", now, reason=reason)
    return firm


def suspend(merchant_id: int, reason: str, *, by: int | None, now: datetime) -> Merchant:
    """Stop a firm from supplying anything new."""
    firm = _judged(merchant_id, by)
    move(firm, S.SUSPENDED, by=by, now=now, reason=reason)
    firm.reason = reason
    _tell(firm, "merchant_suspended", now, reason=reason)
    return firm


def add_editor(merchant_id: int, email: str, *, by: int, now: datetime) -> User:
    """Give a person with an account a post in the firm."""
    firm = lock(Merchant, merchant_id)
    refuse(rules.why_not_own(post_of(firm, by)))
    user = user_by_email(email)
    refuse(
        rules.why_not_add(
            found=user is not None and user.is_active,
            confirmed=user is not None and user.email_confirmed_at is not None,
            has_firm=user is not None and firm_of(user.id) is not None,
            staff=len(firm.staff),
        )
    )
    assert user is not None  # the rule above has said so
    firm.staff.append(MerchantStaff(user_id=user.id, post=Post.EDITOR, since=now))
    record(firm, "merchant.editor_added", by=by, at=now, user=user.id)
    grant_role(user.id, Role.MERCHANT, by=by, now=now)
    return user


def remove_editor(merchant_id: int, user_id: int, *, by: int, now: datetime) -> None:
    """Take a person's post away; they lose the merchant pages with their next request."""
    firm = lock(Merchant, merchant_id)
    refuse(rules.why_not_own(post_of(firm, by)))
    refuse(rules.why_not_remove(post_of(firm, user_id)))
    firm.staff = [row for row in firm.staff if row.user_id != user_id]
    record(firm, "merchant.editor_removed", by=by, at=now, user=user_id)
    db.session.flush()
    if firm_of(user_id) is None:
        revoke_role(user_id, Role.MERCHANT, by=by, now=now)


def count_promise(merchant_id: int, *, kept: bool, by: int | None, now: datetime) -> None:
    """Enter a kept or broken promise in the firm's public record."""
    firm = lock(Merchant, merchant_id)
    if kept:
        firm.kept += 1
    else:
        firm.broken += 1
    record(firm, "merchant.kept" if kept else "merchant.broke", by=by, at=now)


def _judged(merchant_id: int, by: int | None) -> Merchant:
    firm = lock(Merchant, merchant_id)
    refuse(rules.why_not_judge(by, {row.user_id for row in firm.staff}))
    return firm


def _licence_taken(number: str, firm: Merchant | None) -> bool:
    others = select(Merchant.id).where(Merchant.licence_number == number)
    if firm is not None:
        others = others.where(Merchant.id != firm.id)
    return db.session.scalar(others.limit(1)) is not None


def _save(firm: Merchant) -> None:
    """Also where two firms hand in one licence in the same moment, the second is refused, not a failure."""
    try:
        with db.session.begin_nested():
            db.session.add(firm)
    except IntegrityError:
        raise Refused(rules.why_not_licence(taken=True) or "") from None


def _add_papers(firm: Merchant, papers: Iterable[Paper], now: datetime) -> None:
    for paper in papers:
        db.session.add(
            MerchantDocument(merchant_id=firm.id, kind=paper.kind, file=paper.file, name=paper.name, at=now)
        )
    db.session.flush()


def _tell(firm: Merchant, kind: str, now: datetime, **data: str) -> None:
    key = f"{firm.id}:{now.isoformat()}"
    path = "/sell/firm"
    notify_many(
        kind,
        [
            (row.user_id, f"{key}:{row.user_id}", {"firm": firm.name, "path": path, **data})
            for row in firm.staff
        ],
        now=now,
    )


def _slug(application: Application) -> str:
    """A name for the address: the firm's own in plain letters, and a few digits that make it unique."""
    plain = unicodedata.normalize("NFKD", application.name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "firm"
    return f"{base}-{hashlib.sha256(application.licence_number.encode()).hexdigest()[:6]}"
