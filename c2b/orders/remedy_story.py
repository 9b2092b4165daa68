"""What happened in a return or a dispute, told in order and the same for both sides; the next move stands last."""

from collections.abc import Sequence
from typing import Any

from c2b.core.events import history
from c2b.core.text import gettext as _
from c2b.orders.models import Dispute, Evidence, Return
from c2b.orders.remedy_rules import NextMove, next_of_dispute, next_of_return
from c2b.orders.states import DisputeState, Party, ReturnState

Line = dict[str, Any]
ICONS: dict[str, str] = {
    ReturnState.SENT: "truck", ReturnState.RECEIVED: "box", ReturnState.REFUNDED: "undo",
    ReturnState.REPLACED: "truck", ReturnState.DECLINED: "x", ReturnState.LAPSED: "clock",
    ReturnState.WITHDRAWN: "x",
}  # fmt: skip


def story_of_return(back: Return) -> list[Line]:
    """From the diary: who did what; by the clock where nobody did."""
    lines = []
    for event in history(back):
        state = event.kind.partition(".")[2]
        if state not in {str(member) for member in ReturnState}:
            continue
        by_clock = event.by is None
        lines.append(
            _line(
                event.at,
                _title(back, state, by_clock=by_clock),
                ICONS.get(state, "check"),
                _text(back, state),
            )
        )
    return [*lines, *_to_come(next_of_return(back))]


def _title(back: Return, state: str, *, by_clock: bool) -> str:
    words = {
        ReturnState.ASKED: _("Asked for: %(why)s", why=back.cause.label),
        ReturnState.ACCEPTED: _("Accepted, as nobody answered in time") if by_clock else _("Accepted"),
        ReturnState.SENT: _("Sent back"),
        ReturnState.RECEIVED: _("Received by the merchant"),
        ReturnState.REFUNDED: _("Refunded, as the time was over") if by_clock else _("Refunded"),
        ReturnState.REPLACED: _("A replacement is on its way"),
        ReturnState.DECLINED: _("Declined"),
        ReturnState.LAPSED: _("Lapsed: nothing was sent in time"),
        ReturnState.WITHDRAWN: _("Withdrawn"),
    }
    return words[ReturnState(state)]


def _text(back: Return, state: str) -> str:
    if state == ReturnState.ASKED:
        return back.note
    if state == ReturnState.SENT and back.carrier:
        return _("%(carrier)s, number %(tracking)s", carrier=back.carrier, tracking=back.tracking)
    if state == ReturnState.DECLINED or (
        state == ReturnState.ACCEPTED and back.state != ReturnState.DECLINED
    ):
        return back.answer
    return ""


def story_of_dispute(dispute: Dispute, said: Sequence[Evidence]) -> list[Line]:
    """Opened, what was handed in, the ruling."""
    lines = [_line(dispute.opened_at, _("Opened: %(why)s", why=dispute.cause.label), "flag")]
    names = {
        Party.SHOPPER: _("The shopper says more"),
        Party.MERCHANT: _("The merchant answers"),
        Party.OPERATOR: _("Our staff add something"),
    }
    lines += [_line(one.at, names[one.party], "msg") for one in said if one.at > dispute.opened_at]
    if dispute.state in (DisputeState.UPHELD, DisputeState.DISMISSED, DisputeState.WITHDRAWN):
        lines.append(_line(dispute.state_since, dispute.state_words, "check", dispute.ruling))
    return [*lines, *_to_come(next_of_dispute(dispute))]


def _line(at: Any, title: str, icon: str, text: str = "", kind: str = "ok") -> Line:
    return {"at": at, "title": title, "icon": icon, "text": text, "kind": kind}


def _to_come(move: NextMove | None) -> list[Line]:
    return [_line(move.due_at, move.words, "clock", kind="cur")] if move else []
