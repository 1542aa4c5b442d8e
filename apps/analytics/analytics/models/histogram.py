"""How long tasks take, in buckets."""

from typing import Final

# Upper bounds in seconds, exclusive; what takes longer is in one more bucket. The column
# `completion_bucket` is computed from them: other bounds need a migration.
BOUNDS: Final = (1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000)
