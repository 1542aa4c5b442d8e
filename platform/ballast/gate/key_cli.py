"""`ballast gate key show` and `rotate`: the key that signs evidence, and new versions of it."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.gate import live, signing
from ballast.gate.admission_writer import admitted_by, guarded, publish
from ballast.gate.custody import standings
from ballast.gate.keys import choose, rotate
from ballast.gate.platform_signer import signs_by_vault, transit_of
from ballast.gate.record_store import FOLDER, keys_by_path
from ballast.gate.transit import signers
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

app = typer.Typer(help="The key that signs evidence: who is trusted.", no_args_is_help=True)
console = Console()


@app.command()
def show(json_output: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show the key that signs, where it is kept, and which public halves Git trusts."""
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        git = GitServer(api)
        known = standings([*keys_by_path(git.read_folder(FOLDER)).values()])
        trusted = [one.key for one in known if one.trusted]
        vault = signers(transit_of(api)) if signs_by_vault(api, git) else []
        signs = (choose(vault, trusted) if vault else signing.signer()).public_key.keyid
    rows = [
        {"key": one.key.keyid, "signs": one.key.keyid == signs, "trusted": one.trusted,
         "said": one.said}
        for one in known
    ]  # fmt: skip
    waiting = [one for one in vault if one.public_key.keyid not in {k.key.keyid for k in known}]
    rows += [
        {"key": one.public_key.keyid, "signs": one.public_key.keyid == signs, "trusted": False,
         "said": "in Vault and not committed: make up, or ballast gate key rotate"}
        for one in waiting
    ]  # fmt: skip
    if json_output:
        print(json.dumps(rows))
        return
    table = Table("key", "signs", "trusted", "where and why")
    for row in rows:
        marks = ["yes" if row[fact] else "" for fact in ("signs", "trusted")]
        table.add_row(str(row["key"])[:16], *marks, str(row["said"]))
    console.print(table)
    if vault and signing.key_file().exists():
        console.print(
            f"{signing.key_file()} signs nothing any more; remove it, for what it signs would "
            "count as long as its public half is committed",
            soft_wrap=True,
        )


@app.command("rotate")
def rotate_key(
    distrust: Annotated[
        bool,
        typer.Option(help="Remove the old public halves: nothing that they signed counts."),
    ] = False,
) -> None:
    """Sign with a new version of the key in Vault; the old one vouches for it.

    Old public halves stay trusted until a reviewed commit removes them from gitops/evidence/keys.
    """
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        git = GitServer(api)
        if not signs_by_vault(api, git):
            raise BallastError(
                "this platform has no Vault, and a key in a file has no versions",
                f"Remove {signing.key_file()} and its public half in gitops/evidence/keys; the "
                "next permit makes a new one.",
            )
        after = rotate(git, transit_of(api), distrust=distrust)
        if distrust:
            for environment in guarded(api):
                publish(api, admitted_by(git, environment))
    console.print(
        f"the gate signs with {after.public_key.keyid[:16]}, version {after.version}, from now on",
        highlight=False,
    )
    if distrust:
        console.print("what runs in staging and prod cannot start anew until it is promoted again")
