"""Keeping the engine's automatic debug log off.

Every command writes all it does, property by property, to a log in Pulumi's folder: with a platform
of large definitions that is a third of the processor time of a run and 30 MB each. There is no
setting for it; a log folder that cannot be made is what the engine takes as a no.
"""

import shutil
from pathlib import Path

_NOTE = """\
This file keeps Pulumi from making a folder of debug logs here: they cost a third of each run.
To see what they would hold, add `-v=9 --logtostderr` to a pulumi command.
"""


def keep_log_off(pulumi_home: Path) -> None:
    """Put a file where the log folder would be, and drop logs written before; `pulumi_home` must
    be ours alone."""
    place = pulumi_home / "logs"
    if place.is_dir():
        shutil.rmtree(place)
    if not place.exists():
        place.write_text(_NOTE)
