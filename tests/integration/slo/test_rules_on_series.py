"""The compiled rules evaluated by promtool: they fire on a burn and on nothing else."""

import pytest

TOTAL = 'http_requests_total{service="api-gateway",namespace="todo-app-dev",status="200"}'
FAILED = 'http_requests_total{service="api-gateway",namespace="todo-app-dev",status="503"}'
COUNT = 'http_request_duration_seconds_count{service="api-gateway",namespace="todo-app-dev"}'
FAST = (
    'http_request_duration_seconds_bucket{service="api-gateway",namespace="todo-app-dev",le="0.3"}'
)

FIRING = 'ALERTS{alertstate="firing",slo="gateway-availability"}'
RECORDED = '{__name__=~"slo:.*"}'
# Only a number is at most infinity, so the difference counts the samples that are NaN.
ALL_NUMBERS = {f"count({RECORDED}) - count({RECORDED} <= Inf)": [("{}", 0)]}


def firing(name: str, severity: str, namespace: str = 'namespace="todo-app-dev",') -> tuple:
    labels = (
        f'ALERTS{{alertname="{name}",alertstate="firing",{namespace}service="api-gateway",'
        f'severity="{severity}",slo="gateway-availability"}}'
    )
    return (labels, 1)


def error_ratio(window: str, value: float) -> dict:
    name = f"slo:sli_error:ratio_rate{window}"
    labels = '{namespace="todo-app-dev",service="api-gateway",slo="gateway-availability"}'
    return {f'{name}{{slo="gateway-availability"}}': [(name + labels, value)]}


def test_an_outage_pages_and_opens_a_ticket(promtool):
    promtool.expect(
        {TOTAL: "0+60x60 3600x30", FAILED: "0x60 0+60x30"},
        "85m",
        {
            FIRING: [
                firing("GatewayAvailabilityBurnsFast", "page"),
                firing("GatewayAvailabilityBurnsSlowly", "ticket"),
            ]
        },
    )


def test_a_healthy_service_is_silent_before_its_first_error_series_exists(promtool):
    promtool.expect(
        {TOTAL: "0+60x100"},
        "90m",
        {FIRING: [], **error_ratio("5m", 0), **error_ratio("6h", 0), **ALL_NUMBERS},
    )


def test_an_idle_service_is_silent_and_never_not_a_number(promtool):
    promtool.expect(
        {TOTAL: "5000x100", FAILED: "3x100"},
        "90m",
        {FIRING: [], **error_ratio("5m", 0), **ALL_NUMBERS},
    )


def test_a_slow_leak_opens_a_ticket_and_wakes_nobody(promtool):
    promtool.step = "4m"
    promtool.expect(
        {TOTAL: "0+3984x130", FAILED: "0+16x130"},
        "510m",
        {FIRING: [firing("GatewayAvailabilityBurnsSlowly", "ticket")]},
    )


def test_errors_within_the_budget_are_silent(promtool):
    promtool.step = "4m"
    promtool.expect({TOTAL: "0+3998x130", FAILED: "0+2x130"}, "510m", {FIRING: []})


def test_one_failure_among_a_handful_of_requests_wakes_nobody(promtool):
    page = FIRING.replace("{", '{severity="page",')
    promtool.expect({TOTAL: "0x360 1+1x2 3x20", FAILED: "0x360 0+1x1 1x20"}, "365m", {page: []})


def test_an_outage_that_ended_stops_paging_with_the_short_window(promtool):
    page = FIRING.replace("{", '{severity="page",')
    promtool.expect(
        {TOTAL: "0+60x360 21600x5 21660+60x60", FAILED: "0x360 0+60x5 300x61"},
        "405m",
        {page: []},
    )


def test_a_vanished_metric_opens_its_own_ticket(promtool):
    promtool.expect(
        {"up": "1x30"},
        "20m",
        {FIRING: [firing("GatewayAvailabilityMetricAbsent", "ticket", namespace="")]},
    )


def test_the_budget_is_weighted_by_events_and_survives_a_quiet_spell(promtool):
    # 120 000 good events, a silent night, then 120 good and 120 bad: 120 / 120 240 failed.
    budget = 'round(slo:error_budget_remaining:ratio{slo="gateway-availability"}, 0.05)'
    labels = '{namespace="todo-app-dev",service="api-gateway",slo="gateway-availability"}'
    promtool.expect(
        {TOTAL: "0+1000x120 120000x360 120000+1x120 120120x30", FAILED: "0x480 0+1x120 120x30"},
        "620m",
        {budget: [(labels, 0)], **ALL_NUMBERS},
    )


def test_each_environment_burns_its_own_budget(promtool):
    staging = [name.replace("-dev", "-staging") for name in (TOTAL, FAILED)]
    page = FIRING.replace("{", '{severity="page",')
    promtool.expect(
        {TOTAL: "0+600x90", staging[0]: "0+6x60 360x30", staging[1]: "0x60 0+6x30"},
        "85m",
        {
            page: [
                firing("GatewayAvailabilityBurnsFast", "page", 'namespace="todo-app-staging",'),
            ]
        },
    )


def test_slow_answers_page_for_the_latency_objective(promtool):
    promtool.slo = "gateway-latency"
    page = 'ALERTS{alertstate="firing",severity="page",slo="gateway-latency"}'
    labels = (
        'ALERTS{alertname="GatewayLatencyBurnsFast",alertstate="firing",'
        'namespace="todo-app-dev",service="api-gateway",severity="page",slo="gateway-latency"}'
    )
    promtool.expect({COUNT: "0+60x60", FAST: "0+60x30 1800x30"}, "45m", {page: [(labels, 1)]})


def test_fast_answers_are_silent_for_the_latency_objective(promtool):
    promtool.slo = "gateway-latency"
    firing_latency = 'ALERTS{alertstate="firing",slo="gateway-latency"}'
    promtool.expect({COUNT: "0+60x60", FAST: "0+60x60"}, "55m", {firing_latency: []})


OUTAGE = {TOTAL: "0+60x30 1800x30", FAILED: "0x30 0+60x30"}
PAGED = {FIRING.replace("{", '{severity="page",'): [firing("GatewayAvailabilityBurnsFast", "page")]}


def test_an_outage_pages_within_minutes(promtool):
    promtool.expect(OUTAGE, "33m", PAGED)


@pytest.mark.parametrize(
    ("broken", "by", "series", "at", "expected"),
    [
        (" or 0 * sum", " or absent", {TOTAL: "0+60x30"}, "25m", error_ratio("5m", 0)),
        (" * 0.001", " * 0.1", OUTAGE, "33m", PAGED),
        ("http_requests_total", "http_server_requests_total", OUTAGE, "33m", PAGED),
        (" > 0)", ")", {TOTAL: "5x30", FAILED: "3x30"}, "25m", error_ratio("5m", 0)),
    ],
    ids=["numerator without its zero", "wrong budget", "renamed metric", "division by zero"],
)
def test_a_broken_rule_is_noticed(  # noqa: PLR0917 - one argument a column of the table
    promtool, broken, by, series, at, expected
):
    promtool.expect(series, at, expected)
    promtool.rewrite = lambda text: text.replace(broken, by)
    assert promtool.run(series, at, expected).returncode != 0
