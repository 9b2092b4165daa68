"""Final review."""

from datetime import timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

stage = Stage("final_review", _l("Final review"), owner=Role.REVIEWER, due=timedelta(days=3))
