"""Machine review."""

from datetime import timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

stage = Stage("machine_review", _l("Machine review"), owner=Role.OPERATOR, due=timedelta(days=1))
