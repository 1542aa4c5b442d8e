#!/usr/bin/python3.11
"""post-receive hook of the Git server: tells Argo CD about a push at once, signed.

Git gives one line per ref on standard input: old, new, name. Each becomes a GitHub-shaped push
event. A push never fails because Argo CD did not listen: it will poll, and we say so.
"""

import hashlib
import hmac
import json
import os
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

SERVER = os.environ.get("BALLAST_GIT_URL", "http://git.git.svc.cluster.local:23232")
TARGETS = os.environ.get(
    "BALLAST_WEBHOOKS",
    "http://argocd-server.argocd.svc.cluster.local/api/webhook "
    "http://argocd-applicationset-controller.argocd.svc.cluster.local:7000/api/webhook",
).split()
SECRET = Path(os.environ.get("BALLAST_WEBHOOK_SECRET", "/etc/ballast/webhook/secret"))
SECONDS = 3.0


def push_event(repository: str, old: str, new: str, ref: str) -> bytes:
    """The body of a push event. Argo CD matches html_url, with or without .git, to its repoURL."""
    return json.dumps(
        {
            "ref": ref,
            "before": old,
            "after": new,
            "repository": {"html_url": f"{SERVER}/{repository}", "default_branch": "main"},
        }
    ).encode()


def signature(secret: bytes, body: bytes) -> str:
    """Value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def deliver(secret: bytes, target: str, body: bytes) -> str:
    """Post one event; the answer is a line for the person who pushed, empty when all is well."""
    request = urllib.request.Request(target, data=body, method="POST")  # noqa: S310
    request.add_header("Content-Type", "application/json")
    request.add_header("X-GitHub-Event", "push")
    request.add_header("X-Hub-Signature-256", signature(secret, body))
    host = target.split("/")[2]
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            return ""
    except OSError as error:
        return f"{host} was not told ({error}); it will see the push when it polls"


def main() -> int:
    """Read the refs, post to every target at once, report only what failed."""
    path = os.environ.get("SOFT_SERVE_REPO_PATH") or Path.cwd()
    repository = Path(path).name.removesuffix(".git")
    secret = SECRET.read_bytes().strip()
    bodies = [push_event(repository, *line.split()) for line in sys.stdin if line.strip()]
    work = [(target, body) for body in bodies for target in TARGETS]
    if not work:
        return 0
    with ThreadPoolExecutor(max_workers=len(work)) as pool:
        for said in pool.map(partial(deliver, secret), *zip(*work, strict=True)):
            if said:
                print(f"git-hook: {said}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
