"""Whether the Deployments of an Application have finished rolling out, read from the source."""

from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping, mappings


def unfinished(api: KubeApi, application: Json) -> str:
    """One line about the first Deployment still rolling out, empty when all are through."""
    status = mapping(application.get("status"))
    for resource in mappings(status.get("resources")):
        if resource.get("kind") != "Deployment":
            continue
        name, namespace = str(resource.get("name")), str(resource.get("namespace"))
        found = api.get("apps/v1", "Deployment", name, namespace)
        if found is None:
            return f"Deployment {name} is not there"
        if reason := rolling(found):
            return f"Deployment {name}: {reason}"
    return ""


def rolling(deployment: Json) -> str:
    """Why a Deployment is not through with its newest template, empty when it is."""
    wanted = int(mapping(deployment.get("spec")).get("replicas") or 0)
    status = mapping(deployment.get("status"))
    generation = int(mapping(deployment.get("metadata")).get("generation") or 0)
    if int(status.get("observedGeneration") or 0) < generation:
        return "its newest template has not been seen yet"
    updated, available = (
        int(status.get(key) or 0) for key in ("updatedReplicas", "availableReplicas")
    )
    if updated < wanted:
        return f"{updated} of {wanted} pods are new"
    if int(status.get("replicas") or 0) > updated:
        return "old pods are still there"
    return f"{available} of {wanted} pods are ready" if available < wanted else ""
