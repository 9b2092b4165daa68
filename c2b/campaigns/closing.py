"""The end of a campaign's open time, and who is told of what. Every function may be called again at any time."""

from datetime import datetime


def campaigns_to_close(now: datetime) -> list[int]:
    """Campaigns whose time is up and that still stand as open or tipped."""
    raise NotImplementedError


def close_campaign(campaign_id: int, *, now: datetime) -> None:
    """End a campaign whose time is up: enough demand is sourced, too little expires. Else do nothing."""
    raise NotImplementedError


def campaigns_closing_soon(now: datetime) -> list[int]:
    """Campaigns that close within 48 hours and whose people were not reminded yet."""
    raise NotImplementedError


def remind_closing(campaign_id: int, *, now: datetime) -> None:
    """Tell everyone who joined or follows that the campaign closes soon; once."""
    raise NotImplementedError


def campaigns_to_tell(now: datetime) -> list[int]:
    """Campaigns that tipped and whose people were not told yet."""
    raise NotImplementedError


def tell_tipped(campaign_id: int, *, now: datetime) -> None:
    """Tell everyone who joined or follows that the campaign is on; once."""
    raise NotImplementedError


def campaigns_to_warm(now: datetime) -> list[int]:
    """Campaigns that take pledges and whose heat should be counted again."""
    raise NotImplementedError


def refresh_heat(campaign_id: int, *, now: datetime) -> None:
    """Count heat and recent joins of one campaign again."""
    raise NotImplementedError
