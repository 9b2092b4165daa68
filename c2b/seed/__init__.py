"""The demo site: a month of its life, played through the same operations and jobs as a replay.

Its clock stands on a Tuesday, 14:00 in Shanghai, so that every queue has something in it.
"""

from c2b.seed.demo import ACCOUNTS, PASSWORD, seed, sign_ins
from c2b.seed.examples import examples

__all__ = ["ACCOUNTS", "PASSWORD", "examples", "seed", "sign_ins"]
