"""Local Helm charts: where they are, whether they changed, and their values as arguments."""

import hashlib
import json
from pathlib import Path

from ballast.airgap.failures import InvalidError
from ballast.airgap.helm import Helm
from ballast.airgap.values import ASSET, signature
from ballast.kubeapi.shape import Json, mapping, sequence


def local_chart(inputs: Json) -> Path:
    """The chart's folder or archive; InvalidError for charts that would have to be downloaded."""
    chart = str(inputs.get("chart") or inputs.get("path") or "")
    options = {**mapping(inputs.get("fetch_opts")), **mapping(inputs.get("repositoryOpts"))}
    path = Path(chart)
    if not chart or options.get("repo") or "://" in chart or not path.exists():
        raise InvalidError(
            f"the offline stand-in installs local charts only, and {chart!r} is none",
            f"give a folder or .tgz; relative paths start at {Path.cwd()}",
        )
    return path


def chart_digest(chart: Path) -> str:
    """SHA-256 over names and contents of a chart, hexadecimal."""
    digest = hashlib.sha256()
    files = [chart] if chart.is_file() else sorted(p for p in chart.rglob("*") if p.is_file())
    for file in files:
        name = file.relative_to(chart).as_posix() if file != chart else file.name
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def value_arguments(helm: Helm, inputs: Json) -> list[str]:
    """Arguments for value files, later ones winning; `values` itself goes to stdin, last of all,
    so that it is never written to a disk."""
    arguments: list[str] = []
    for item in sequence(inputs.get("valueYamlFiles")):
        asset = mapping(item)
        if signature(asset) != ASSET:
            raise InvalidError("valueYamlFiles takes FileAsset and StringAsset only")
        if asset.get("text") is not None:
            arguments += ["-f", str(helm.private_file("values.yaml", str(asset["text"])))]
        elif asset.get("path"):
            arguments += ["-f", str(asset["path"])]
        else:
            raise InvalidError("a valueYamlFiles asset must have text or a local path")
    return [*arguments, "-f", "-"]


def values_text(inputs: Json) -> str:
    """`values` as helm reads them from stdin."""
    return json.dumps(inputs.get("values") or {})
