"""Launch."""

from datetime import timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

stage = Stage("launch", _l("Launch"), owner=Role.OPERATOR, due=timedelta(days=7))
