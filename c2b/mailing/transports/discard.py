"""No mail at all: for replays, where a hundred thousand people who do not exist are told."""

from c2b.mailing.mail import Mail


class Discard:
    """Takes every mail and forgets it."""

    keeps_at_home = True

    def send(self, mail: Mail) -> None:
        """Do nothing."""
