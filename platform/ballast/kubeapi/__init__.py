"""A small, typed, thread-safe client of the Kubernetes API."""

from ballast.kubeapi.client import KubeApi
from ballast.kubeapi.discovery import ApiResource
from ballast.kubeapi.errors import KubeApiError, PodCommandError, WaitTimeoutError
from ballast.kubeapi.kubeconfig import Endpoint, load_kubeconfig

__all__ = [
    "ApiResource",
    "Endpoint",
    "KubeApi",
    "KubeApiError",
    "PodCommandError",
    "WaitTimeoutError",
    "load_kubeconfig",
]
