"""The public API, version 1. A second version would be a second router beside this one."""
