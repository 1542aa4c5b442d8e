"""ballast supply: build, list and verify what the platform is made of."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.paths import cache_dir
from ballast.supply.binary_cache import FolderCache
from ballast.supply.build import ensure_binaries
from ballast.supply.charts import ensure_charts
from ballast.supply.hashes import lock_components
from ballast.supply.images import ensure_images
from ballast.supply.lock import load_lock
from ballast.supply.progress import terminal_progress
from ballast.supply.prune import prune
from ballast.supply.relock import relock
from ballast.supply.store import BinaryStore

app = typer.Typer(no_args_is_help=True, help="Build and check what the platform is made of.")
_out = Console()
Names = Annotated[list[str] | None, typer.Argument(help="Names; everything when none is given.")]


@app.command()
def build(names: Names = None) -> None:
    """Make the named binaries and images present, and nothing else."""
    lock = load_lock()
    images = [image.name for image in lock.image]
    programs = lock.programs()
    wanted = names or [*programs, *images]
    with terminal_progress() as progress:
        binaries = ensure_binaries(
            [n for n in wanted if n in programs or n not in images], progress=progress, lock=lock
        )
        made = ensure_images([n for n in wanted if n in images], progress=progress, lock=lock)
        if not names:
            ensure_charts(lock=lock, progress=progress)
    _out.print(f"{len(binaries)} binaries and {len(made)} images are ready.")


@app.command("list")
def list_artefacts() -> None:
    """Show every locked binary, chart and image, and whether it is here."""
    lock, store = load_lock(), BinaryStore.default()
    table = Table("kind", "name", "version", "size", "here", box=None, pad_edge=False)
    for component, program in lock.programs().values():
        here = program.sha256 is not None and store.find(program.name, program.sha256) is not None
        size = f"{program.size / 1e6:.0f} MB" if program.size else ""
        table.add_row("binary", program.name, component.version, size, "yes" if here else "no")
    for chart in lock.chart:
        table.add_row("chart", chart.name, chart.version, "", "")
    for image in lock.image:
        table.add_row("image", image.name, image.reference.rpartition(":")[2], "", "")
    _out.print(table)


@app.command()
def verify() -> None:
    """Hash every built binary again. Exit code 1 when one is not what the lock says."""
    lock, store = load_lock(), BinaryStore.default()
    wrong: list[str] = []
    checked = 0
    for _, program in lock.programs().values():
        if program.sha256 is None or not store.path(program.name, program.sha256).exists():
            continue
        checked += 1
        if not store.verify(program.name, program.sha256):
            wrong.append(program.name)
    if wrong:
        raise BallastError(
            f"not what supply.lock says: {', '.join(wrong)}",
            fix=f"ballast supply build {' '.join(wrong)}",
        )
    _out.print(f"{checked} binaries are what supply.lock says.")


@app.command()
def sbom(image: Annotated[str, typer.Argument(help="Name of an image.")]) -> None:
    """Print the path of an image's CycloneDX file, building the image when it is missing."""
    with terminal_progress() as progress:
        built = ensure_images([image], progress=progress)[image]
    _out.print(str(built.sbom), highlight=False, soft_wrap=True)


@app.command()
def charts(names: Names = None) -> None:
    """Copy the locked charts to .ballast/charts of this checkout."""
    with terminal_progress() as progress:
        found = ensure_charts(names, progress=progress)
    for name, path in found.items():
        _out.print(f"{name}: {path}", highlight=False, soft_wrap=True)


@app.command()
def lock(components: Names = None) -> None:
    """Build components anew and write their hashes into supply.lock (a maintainer's verb)."""
    with terminal_progress() as progress:
        written = lock_components(components or [], progress=progress)
    _out.print(f"supply.lock has the hashes of {len(written)} binaries.")


@app.command("relock")
def relock_packages() -> None:
    """Resolve Debian and Java packages anew and write them into supply.lock."""
    with terminal_progress() as progress:
        relock(progress.note)


@app.command("prune")
def prune_cache(
    compiler: Annotated[
        bool,
        typer.Option("--compiler", help="Also what the compiler keeps for the next build."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Free the cache of what supply.lock no longer names; what it names stays."""
    with terminal_progress() as progress:
        gone = prune(load_lock(), cache_dir(), progress, compiler=compiler, dry_run=dry_run)
    table = Table("kind", "number", "MB", box=None, pad_edge=False)
    for kind in dict.fromkeys(one.kind for one in gone):
        sizes = [one.size for one in gone if one.kind == kind]
        table.add_row(kind, str(len(sizes)), f"{sum(sizes) / 1e6:,.0f}")
    if gone:
        _out.print(table)
    total = sum(one.size for one in gone) / 1e9
    _out.print(f"{'Would free' if dry_run else 'Freed'} {total:,.2f} GB in {cache_dir()}.")
    if not compiler and (cache_dir() / "go" / "build").exists():
        _out.print("next: ballast supply prune --compiler frees what only another build would use")


@app.command()
def push(folder: Annotated[Path, typer.Argument(help="Folder of a binary cache.")]) -> None:
    """Copy the verified binaries into a folder that BALLAST_BINARY_CACHE can name."""
    lock, store, cache = load_lock(), BinaryStore.default(), FolderCache(folder)
    pushed = 0
    for _, program in lock.programs().values():
        path = store.find(program.name, program.sha256) if program.sha256 else None
        if path is not None and program.sha256 is not None:
            pushed += cache.push(program.sha256, path)
    _out.print(f"{pushed} binaries added to {folder}.")
