"""Sample."""

from datetime import timedelta

from c2b.core.access import Role
from c2b.core.text import mark as _l
from c2b.pipeline.stage import Stage

stage = Stage("sample", _l("Sample"), owner=Role.REVIEWER, due=timedelta(days=7))
