"""Sign-up."""

from datetime import timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

stage = Stage("signup", _l("Sign-up"), owner=Role.MERCHANT, due=timedelta(days=7))
