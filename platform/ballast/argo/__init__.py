"""Waiting for Argo CD, and saying why it does not finish."""

from ballast.argo.newcomers import Newcomers
from ballast.argo.verdict import Verdict, judge
from ballast.argo.wait import SyncError, wait_synced

__all__ = ["Newcomers", "SyncError", "Verdict", "judge", "wait_synced"]
