"""The real promtool, fed with synthetic series and the compiled rules."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from ballast.slo.model import load_slos
from ballast.slo.rules import groups
from ballast.supply.host_root import ensure_host_root

Samples = list[tuple[str, float]]


@dataclass
class Promtool:
    binary: Path
    folder: Path
    slo: str = "gateway-availability"
    step: str = "1m"
    rewrite: Callable[[str], str] = field(default=lambda text: text)

    def run(
        self, series: dict[str, str], at: str, expected: dict[str, Samples]
    ) -> subprocess.CompletedProcess[str]:
        """Evaluate the rules over `series` (notation -> values, one a step) until `at`."""
        slos = [slo for slo in load_slos() if slo.name == self.slo]
        rules = self.rewrite(yaml.safe_dump({"groups": groups(slos)}, width=10_000))
        # The group's own interval (15 s in production) would make hours of series slow here.
        rules = rules.replace("interval: 15s", f"interval: {self.step}")
        (self.folder / "rules.yml").write_text(rules)
        test = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": self.step,
            "tests": [
                {
                    "interval": self.step,
                    "input_series": [{"series": k, "values": v} for k, v in series.items()],
                    "promql_expr_test": [
                        {
                            "expr": query,
                            "eval_time": at,
                            "exp_samples": [
                                {"labels": labels, "value": value} for labels, value in samples
                            ],
                        }
                        for query, samples in expected.items()
                    ],
                }
            ],
        }
        (self.folder / "test.yml").write_text(yaml.safe_dump(test))
        return subprocess.run(
            [self.binary, "test", "rules", "test.yml"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def expect(self, series: dict[str, str], at: str, expected: dict[str, Samples]) -> None:
        done = self.run(series, at, expected)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    return Promtool(ensure_host_root("prometheus") / "bin" / "promtool", tmp_path)
