"""`ballast gate verify`, `report`, `admitted`, `break-glass`: what evidence says and lets in."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from securesystemslib.signer import Key  # pyright: ignore[reportPrivateImportUsage]

from ballast.errors import BallastError
from ballast.gate import live
from ballast.gate.admission import Admitted
from ballast.gate.admission_writer import admitted_by, publish
from ballast.gate.break_glass import break_glass as give_permit
from ballast.gate.checkout import Checkout
from ballast.gate.platform_signer import platform_signer
from ballast.gate.record_store import FOLDER, committed_keys
from ballast.gate.report.write import Format, write_report
from ballast.gate.run_folder import find_run
from ballast.gate.until import parse_until
from ballast.gate.verify import verify_record
from ballast.gate.verify_clone import verify_clone
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

app = typer.Typer()
console = Console()

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
Guarded = Annotated[str, typer.Argument(help="Environment: staging or prod.")]
Images = Annotated[list[str], typer.Argument(help="Images as repository@sha256:<digest>.")]


@app.command()
def verify(
    what: Annotated[
        Path | None,
        typer.Argument(help="A .dsse.json file, or a clone's folder; this checkout by default."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Clone whose committed keys a record is checked against."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Check a record, or everything in a clone, offline against the committed keys.

    Of a clone: the keys and who vouches for each, every record, permit and sign-off, the index, the
    chain of environments, and that evidence covers what each release.yaml declares. Exit code 1
    when one of them is not sound. The platform's evidence is in its own repository:
    git clone http://127.0.0.1:18032/ballast.git; a record's keys are asked of the running platform
    when neither --keys nor this checkout holds any.
    """
    if what is not None and what.is_file():
        for line in verify_record(what.read_text(), _keys_at_hand(Checkout(keys))):
            console.print(line, highlight=False, soft_wrap=True)
        return
    if what is not None and not what.is_dir():
        raise BallastError(f"{what} does not exist", "Give a record, or the folder of a clone.")
    findings = verify_clone(Checkout(what))
    if json_output:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            mark = "[green]sound[/green]" if finding.sound else "[red]FALSE[/red]"
            console.print(f"{mark} {finding.path}: {finding.said}", highlight=False, soft_wrap=True)
    if not all(finding.sound for finding in findings):
        raise typer.Exit(1)


def _keys_at_hand(clone: Checkout) -> list[Key]:
    found = committed_keys(clone.read_folder(FOLDER))
    if not found:
        with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
            found = committed_keys(GitServer(api).read_folder(FOLDER))
    if not found:
        raise BallastError(
            "no public key of the gate is at hand, and without one a record proves nothing",
            "Give a clone of the platform's repository: --keys CLONE.",
        )
    return found


@app.command()
def report(
    name: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Run; the newest by default.")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Which of its four forms to print.")
    ] = Format.MARKDOWN,
) -> None:
    """Print the report of a run, and write all its forms beside its record anew.

    A run writes its report itself, whatever becomes of it; this makes it again from what lies in
    the run's folder, also of a run that is under way.

    For a pull request: ballast gate report > summary.md

    For a CI system: ballast gate report --format junit > gate.xml

    For a browser: ballast gate report --format html > gate.html
    """
    print(write_report(find_run(name))[form], end="")


@app.command()
def admitted(
    environment: Guarded,
    write: Annotated[bool, typer.Option(help="Write it to the cluster's ledger anew.")] = False,
    json_output: Json = False,
) -> None:
    """Show which digests an environment admits by the evidence in Git, and why not the others."""
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        found = admitted_by(GitServer(api), live.known(environment))
        if write:
            publish(api, found)
    if json_output:
        permits = [permit.model_dump(mode="json") for permit in found.permits]
        print(json.dumps({"digests": found.digests, "permits": permits}))
        return
    console.print(_table(found))
    for permit in found.permits:
        console.print(
            f"{permit.kind} {permit.name} by {permit.by} until {permit.until.isoformat()}: "
            f"{permit.reason}",
            highlight=False,
            soft_wrap=True,
        )


@app.command("break-glass")
def break_glass(
    environment: Guarded,
    images: Images,
    name: Annotated[str, typer.Option(help="Name of the permit: lower case and dashes.")],
    until: Annotated[str, typer.Option(help="Its end, within 24 h: 4h, or 2026-12-01T18:00Z.")],
    reason: Annotated[str, typer.Option(help="Why: it is signed, committed and paged.")],
) -> None:
    """Let images into an environment without the gate: signed, named, ending, and paged."""
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        git = GitServer(api)

        def admit(target: str, branch: object, also: object) -> None:
            publish(api, admitted_by(git, target))

        made = give_permit(
            git,
            admit,
            live.known(environment),
            images,
            name=name,
            until=parse_until(until),
            reason=reason,
            signer=platform_signer(api, git),
        )
    console.print(
        f"{environment} admits {len(images)} image(s) until {made.until.isoformat()}; a page is "
        f"raised until then. The permit: {made.path}",
        highlight=False,
        soft_wrap=True,
    )


def _table(found: Admitted) -> Table:
    table = Table("digest", "state", title=f"{found.environment} admits")
    for digest, state in sorted(found.digests.items()):
        table.add_row(digest[:19], state)
    return table
