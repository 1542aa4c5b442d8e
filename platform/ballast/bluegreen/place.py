"""What the second release of an environment is called."""

from dataclasses import dataclass

from ballast.names import ENVIRONMENT_NAMESPACES, GATEWAY_PORTS


@dataclass(frozen=True)
class Green:
    """The second release of an environment. The first, blue, has the environment's own names."""

    environment: str

    @property
    def blue(self) -> str:
        """Namespace of the first release; broker users and consumer groups keep its name."""
        return ENVIRONMENT_NAMESPACES[self.environment]

    @property
    def namespace(self) -> str:
        """Namespace of the second release, such as todo-app-dev-green."""
        return f"{self.blue}-green"

    @property
    def folder(self) -> str:
        """Its folder in Git: the ApplicationSet makes namespace and Application of its name."""
        return f"gitops/environments/{self.namespace.removeprefix('todo-app-')}"

    @property
    def application(self) -> str:
        """Its Application in Argo CD."""
        return f"todo-{self.namespace.removeprefix('todo-app-')}"

    @property
    def port(self) -> int:
        """The environment's port on this machine: the edge."""
        return GATEWAY_PORTS[self.environment]

    @property
    def test_port(self) -> int:
        """A port that always leads to green while it is open."""
        return self.port + 1
