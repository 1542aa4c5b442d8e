"""Raw samples: read back whole, refused when altered, half-written lines left out."""

import csv
from dataclasses import astuple

import pytest

from ballast.errors import BallastError
from ballast.gate.samples import COLUMNS, failures_by_answer, quantile, read_samples, within


def write(path, samples, tail: str = ""):
    with path.open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(astuple(sample) for sample in samples)
        out.write(tail)


def test_samples_are_read_in_intended_order(tmp_path, make_sample):
    samples = [make_sample(n) for n in range(5)]
    write(tmp_path / "s.csv", reversed(samples))
    assert read_samples(tmp_path / "s.csv") == samples


def test_a_line_that_is_still_being_written_is_left_out(tmp_path, make_sample):
    write(tmp_path / "s.csv", [make_sample(1)], tail="2,list,3,100")
    assert len(read_samples(tmp_path / "s.csv")) == 1


def test_an_altered_line_is_named(tmp_path, make_sample):
    write(tmp_path / "s.csv", [make_sample(1)], tail="2,list,x,,,,,,,\n")
    with pytest.raises(BallastError, match=r"s\.csv:3 is not a sample"):
        read_samples(tmp_path / "s.csv")


@pytest.mark.parametrize("times", ["nan,1,2", "1,inf,2", "1,2,nan", "1,2,inf"])
def test_times_that_are_no_numbers_are_refused(tmp_path, times: str):
    write(tmp_path / "s.csv", [], tail=f"1,list,3,{times},200,,,\n")
    with pytest.raises(BallastError, match="its times are no numbers"):
        read_samples(tmp_path / "s.csv")


def test_a_request_that_started_before_it_was_due_is_refused(tmp_path):
    write(tmp_path / "s.csv", [], tail="1,list,3,10.5,9.25,11.0,200,,,\n")
    with pytest.raises(BallastError, match="it started before it was due: a clock was set"):
        read_samples(tmp_path / "s.csv")


def test_an_answer_that_came_before_its_request_is_refused(tmp_path):
    write(tmp_path / "s.csv", [], tail="1,list,3,10.0,10.25,10.0,200,,,\n")
    with pytest.raises(BallastError, match="it ended before it started: a clock was set"):
        read_samples(tmp_path / "s.csv")


def test_a_timer_that_fired_early_and_an_answer_at_once_are_samples(tmp_path):
    write(tmp_path / "s.csv", [], tail="1,list,3,10.0,9.0,9.0,200,,,\n")
    assert len(read_samples(tmp_path / "s.csv")) == 1


def test_a_request_with_two_samples_is_refused(tmp_path, make_sample):
    write(tmp_path / "s.csv", [make_sample(1), make_sample(2), make_sample(2, status=503)])
    with pytest.raises(BallastError, match="has 2 samples of request 2"):
        read_samples(tmp_path / "s.csv")


@pytest.mark.parametrize("content", ["", "a,b\n"])
def test_a_file_without_header_is_refused(tmp_path, content: str):
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(BallastError, match="no sample header"):
        read_samples(tmp_path / "s.csv")


def test_no_file_is_no_samples(tmp_path):
    with pytest.raises(BallastError, match="no raw samples"):
        read_samples(tmp_path / "s.csv")


def test_latency_and_lag_count_from_the_intended_start(make_sample):
    sample = make_sample(at=1000.0, lag=0.25, latency=0.75)
    assert (sample.latency, sample.lag) == (0.75, 0.25)
    assert make_sample(at=1000.0, lag=-0.5).lag == 0.0


def test_a_window_is_closed_at_its_start_and_open_at_its_end(make_sample):
    samples = [make_sample(n, at=float(n)) for n in range(4)]
    assert [sample.intended for sample in within(samples, 1.0, 3.0)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.99, 0.0),
        ([1.0], 0.99, 1.0),
        ([1, 2, 3, 4], 0.5, 2),
        (range(1, 101), 0.99, 99),
        ([1, 2, 3, 4], 0.51, 3),
        ([1, 2], 0.0, 1),
        ([1, 2], 1.0, 2),
    ],
)
def test_quantiles_are_seen_values(values, share: float, expected: float):
    assert quantile(values, share) == expected


def test_failures_are_grouped_by_answer(make_sample):
    samples = [make_sample(n, status=status) for n, status in enumerate([200, 503, 503, 0])]
    assert failures_by_answer(samples) == "2 x 503, 1 x no answer"
