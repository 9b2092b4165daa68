"""The mailbox of a development or demo site: mail stays in the database, and /dev/mailbox shows it."""

from c2b.mailing.mail import Mail


class Mailbox:
    """Leaves every mail where it is; the page puts it into words when somebody reads it."""

    keeps_at_home = True

    def send(self, mail: Mail) -> None:
        """Do nothing."""
