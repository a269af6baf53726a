from results.experiments.timing import Timing


def test_remembers_each_stage_and_the_latest_time(tmp_path):
    timing = Timing(tmp_path / "new" / "timing.json")
    assert timing.kept("data") is None
    timing.keep("data", 12.3456)
    timing.keep("test", 1.0)
    timing.keep("data", 10.0)
    assert (timing.kept("data"), timing.kept("test")) == (10.0, 1.0)


def test_a_damaged_file_knows_nothing_and_is_written_anew(tmp_path):
    for broken in ("{", "[]", '{"data": []}', "\xff"):
        (tmp_path / "timing.json").write_text(broken, encoding="latin-1")
        timing = Timing(tmp_path / "timing.json")
        assert timing.kept("data") is None
        timing.keep("data", 1.0)
        assert timing.kept("data") == 1.0
