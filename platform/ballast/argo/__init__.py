"""Waiting for Argo CD, and saying why it does not finish."""

from ballast.argo.verdict import Verdict, judge
from ballast.argo.wait import SyncError, wait_synced

__all__ = ["SyncError", "Verdict", "judge", "wait_synced"]
