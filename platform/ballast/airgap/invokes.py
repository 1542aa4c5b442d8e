"""Functions of the provider: decoding YAML and rendering local charts."""

import json

from ballast.airgap.charts import local_chart, value_arguments, values_text
from ballast.airgap.connection import Connection
from ballast.airgap.failures import InvalidError
from ballast.airgap.manifests import load_objects
from ballast.airgap.objects import annotation
from ballast.kubeapi.shape import Json, mapping, sequence


def decode_yaml(arguments: Json) -> Json:
    """yaml:decode: the objects of a manifest; a default namespace is left to the SDK."""
    return {"result": load_objects(str(arguments.get("text") or ""))}


def render_chart(arguments: Json, cluster: Connection) -> Json:
    """helm:template: the objects of a local chart, without its test hooks."""
    options = mapping(json.loads(str(arguments.get("jsonOpts") or "{}")))
    chart = local_chart(options)
    tool = cluster.helm()
    name = str(options.get("release_name") or options.get("name") or "release")
    verb = ["template", name, str(chart), *value_arguments(tool, options)]
    verb += ["--namespace", str(options.get("namespace") or cluster.namespace())]
    if not (options.get("skip_crd_rendering") or options.get("skipCRDRendering")):
        verb.append("--include-crds")
    if options.get("kube_version"):
        verb += ["--kube-version", str(options["kube_version"])]
    for version in sequence(options.get("api_versions")):
        verb += ["--api-versions", str(version)]
    objects = load_objects(tool.run(verb, values_text(options)))
    if options.get("include_test_hook_resources"):
        return {"result": objects}
    return {"result": [obj for obj in objects if "test" not in annotation(obj, "helm.sh/hook")]}


def invoke(token: str, arguments: Json, cluster: Connection) -> Json:
    """Run one function by its token; InvalidError for functions only the official plugin has."""
    match token:
        case "kubernetes:yaml:decode":
            return decode_yaml(arguments)
        case "kubernetes:helm:template":
            return render_chart(arguments, cluster)
        case _:
            raise InvalidError(
                f"the offline stand-in has no function {token}",
                "use the official Kubernetes plugin, or YAML and local Helm charts",
            )
