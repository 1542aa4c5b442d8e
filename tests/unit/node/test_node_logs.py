from ballast.node import logs


def test_tail_gives_the_last_lines(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("".join(f"{number}\n" for number in range(100)))
    assert logs.tail(path, 3) == ["97", "98", "99"]


def test_tail_of_no_log_is_empty(tmp_path):
    assert logs.tail(tmp_path / "none.log") == []


def test_a_small_log_is_left_alone(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("small")
    assert not logs.rotate(path, limit=10)
    assert path.read_text() == "small"


def test_a_big_log_moves_aside_while_its_writer_goes_on(tmp_path):
    path = tmp_path / "a.log"
    with path.open("a") as writer:
        writer.write("x" * 50)
        writer.flush()
        assert logs.rotate(path, limit=10)
        writer.write("next")
    assert (tmp_path / "a.log.1").read_text() == "x" * 50
    assert path.read_text() == "next"


def test_follow_gives_new_whole_lines_and_survives_a_rotation(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("old\n")
    lines = logs.follow([path], pause=0.01)

    def write(text: str, mode: str = "a") -> None:
        with path.open(mode) as stream:
            stream.write(text)

    original = logs.time.sleep
    script = iter([("one\ntw", "a"), ("o\n", "a"), ("n\n", "w")])

    def step(_: float) -> None:
        write(*next(script))

    logs.time.sleep = step
    try:
        assert [next(lines)[1] for _ in range(3)] == ["one", "two", "n"]
    finally:
        logs.time.sleep = original
