"""What `up` writes into the environments' releases, and what it leaves to promotions."""

from dataclasses import dataclass, field
from typing import cast

from ballast import release
from ballast.bringup.releases import bring_up_to_date
from ballast.gitserver import GitServer
from ballast.names import IMAGE_REGISTRY, SERVICES


@dataclass
class Repository:
    """The two calls of a Git server that are used, over a dictionary."""

    files: dict[str, str]
    commits: list[str] = field(default_factory=list[str])

    def read_file(self, path: str) -> str:
        return self.files[path]

    def commit_files(self, message: str, files: dict[str, str]) -> str:
        self.files |= files
        self.commits.append(message)
        return message


def image(service: str, number: int) -> release.Image:
    return release.Image(
        repository=f"{IMAGE_REGISTRY}/todo-{service}", digest=f"sha256:{number:064x}"
    )


def images(number: int) -> dict[str, release.Image]:
    return {service: image(service, number) for service in SERVICES}


def repository(number: int) -> Repository:
    made = release.Release(revision="old", images=images(number))
    return Repository({release.path_of(e): release.render(e, made) for e in ("dev", "staging")})


def held(server: Repository, environment: str) -> dict[str, release.Image]:
    return release.parse(server.files[release.path_of(environment)]).images


def test_dev_follows_the_checkout_and_staging_does_not() -> None:
    server = repository(1)
    bring_up_to_date(cast("GitServer", server), images(2), "new")
    assert held(server, "dev") == images(2)
    assert held(server, "staging") == images(1)
    assert server.commits == ["dev: release new"]


def test_the_same_images_make_no_commit() -> None:
    server = repository(1)
    bring_up_to_date(cast("GitServer", server), images(1), "new")
    assert server.commits == []


def test_a_service_that_staging_never_had_starts_with_the_built_image() -> None:
    server = repository(1)
    path = release.path_of("staging")
    lines = server.files[path].splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.strip() == "scheduler-service:")
    server.files[path] = "".join(lines[:at] + lines[at + 3 :])
    bring_up_to_date(cast("GitServer", server), images(2), "new")
    expected = images(1) | {"scheduler-service": image("scheduler-service", 2)}
    assert held(server, "staging") == expected
