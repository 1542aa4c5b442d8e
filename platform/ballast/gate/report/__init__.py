"""The report of a gate run, derived from what lies in its folder: page, JUnit, JSON, summary."""
