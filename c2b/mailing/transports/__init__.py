"""The ways for mail to leave the house."""

from c2b.config import Config
from c2b.mailing.mail import Transport
from c2b.mailing.transports.discard import Discard
from c2b.mailing.transports.mailbox import Mailbox
from c2b.mailing.transports.sendgrid import SendGrid
from c2b.mailing.transports.smtp import Smtp


def transport_for(config: Config) -> Transport:
    """The transport that C2B_MAIL names."""
    if config.mail == "sendgrid":
        return SendGrid(config.sendgrid_api_key, config.mail_from)
    if config.mail == "smtp":
        return Smtp.from_url(config.smtp_url, config.mail_from)
    return Discard() if config.mail == "discard" else Mailbox()
