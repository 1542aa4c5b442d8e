"""What go prints becomes one sentence that says what to do."""

import pytest

from ballast.supply.go_failure import explain_go_failure

CASES = [
    ("write /x/_pkg_.a: no space left on device", "the disk is full", "df -h"),
    ("compile: signal: killed", "ran out of memory", "swap"),
    (
        "verifying m@v1: checksum mismatch\n\tSECURITY ERROR",
        "not what the Go checksum database says",
        "do not switch verification off",
    ),
    (
        'Get "https://proxy.test/m": dial tcp: lookup proxy.test: no such host',
        "cannot be reached",
        "HTTPS_PROXY",
    ),
    ("m@v9.9.9: reading proxy: 404 Not Found", "not published", "choose another version"),
    ("module lookup disabled by GOPROXY=off", "cannot be reached", "GOPROXY"),
    ("m/other\n# m/pkg\npkg/a.go:1:2: undefined: X", "pkg/a.go:1:2: undefined: X", "read the log"),
    ("m/other\nm/pkg\nlink: cannot link m/pkg", "go failed: link: cannot link", "read the log"),
    ("", "it printed nothing", "read the log"),
]


@pytest.mark.parametrize(("output", "message", "fix"), CASES)
def test_a_failure_is_explained(output: str, message: str, fix: str) -> None:
    error = explain_go_failure("kubernetes v1", output)
    assert str(error).startswith("kubernetes v1: ")
    assert message in str(error)
    assert fix in error.fix


@pytest.mark.parametrize(("output", "message", "fix"), CASES)
def test_an_explanation_is_one_line(output: str, message: str, fix: str) -> None:
    assert "\n" not in str(explain_go_failure("kubernetes v1", output))
