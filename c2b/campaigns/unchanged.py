"""What the numbers of a campaign are, as one word, for whoever asks for them again and again."""

import hashlib
from datetime import datetime

from flask_babel import get_locale

from c2b.campaigns.models import Campaign


def mark_of(campaign: Campaign, now: datetime) -> str:
    """What the numbers of a campaign are now, in this language; whatever it does not count is fresh after a minute."""
    seen = (
        campaign.id,
        campaign.state.value,
        campaign.people,
        campaign.units,
        campaign.counted_units,
        campaign.heat,
        campaign.joined_last_day,
        campaign.last_joined_at,
        str(get_locale()),
        now.replace(second=0, microsecond=0),
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]
