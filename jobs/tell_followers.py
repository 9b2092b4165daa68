"""Tell people of updates, and of campaigns that a merchant they follow has started."""

from datetime import datetime, timedelta

from c2b.community.telling import news_to_tell, starts_to_tell, tell_news, tell_start
from jobs import each

EVERY = timedelta(minutes=1)


def run(now: datetime) -> dict[str, int]:
    """Each in a transaction of its own."""
    news = each(news_to_tell(now), tell_news, now=now)
    starts = each(starts_to_tell(now), tell_start, now=now)
    return {name: count + news[name] for name, count in starts.items()}
