"""What `up` tells the launcher and the supervisor, as JSON; standard library only."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One supervised program.

    `after` lists addresses that must accept a connection first: `unix:<path>` or
    `tcp:<ip>:<port>`. `last` marks what stops after everything else has stopped.
    """

    name: str
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict[str, str])
    after: list[str] = field(default_factory=list[str])
    last: bool = False
    host_network: bool = False


@dataclass(frozen=True)
class Boot:
    """Everything the launcher needs to bring the node up.

    `api_port` is the API's port on 127.0.0.1, `configuration` a digest of the files that the
    components read.
    """

    cgroup: str
    hostname: str
    ip: str
    iptables: list[str]
    tools: str
    environment: dict[str, str]
    keep: list[str]
    binds: dict[str, str]
    log: str
    status: str
    identity: str
    api_port: int
    configuration: str
    components: list[Component]

    def text(self) -> str:
        """The JSON form."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    def digest(self) -> str:
        """Changes when a restart is needed for the node to run what it should."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def load_boot(path: Path) -> Boot:
    """Read a saved boot description."""
    fields = json.loads(path.read_text())
    fields["components"] = [Component(**each) for each in fields["components"]]
    return Boot(**fields)
