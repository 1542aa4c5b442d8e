"""A build tells what it does: live on a terminal, as lines elsewhere."""

import io

from rich.console import Console

from ballast.supply.progress import Lines, Screen, terminal_progress


def test_lines_say_what_starts_and_how_it_ended() -> None:
    out = io.StringIO()
    lines = Lines(Console(file=out, width=80))
    lines.begin("etcd", 37.0)
    lines.step("etcd", "12 packages")
    lines.finish("etcd", "built", 36.44)
    assert out.getvalue() == "etcd: started, about 37 s\netcd: built in 36.4 s\n"


def test_a_screen_shows_the_elapsed_and_the_expected_seconds() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    screen = Screen(console)
    screen.begin("etcd", 37.0)
    screen.step("etcd", "12 packages, raft")
    console.print(screen)
    assert "etcd 0 s of about 37 s 12 packages, raft" in out.getvalue()


def test_a_finished_task_leaves_the_moving_part() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    screen = Screen(console)
    screen.begin("etcd", None)
    screen.finish("etcd", "built", 3.0)
    out.truncate(0)
    console.print(screen)
    assert "etcd" not in out.getvalue()


def test_a_pipe_gets_lines() -> None:
    with terminal_progress(Console(file=io.StringIO())) as progress:
        assert isinstance(progress, Lines)


def test_a_terminal_gets_a_screen() -> None:
    with terminal_progress(Console(file=io.StringIO(), force_terminal=True)) as progress:
        assert isinstance(progress, Screen)
