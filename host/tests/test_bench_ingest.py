import bench_ingest


def test_both_loggers_take_every_sample(tmp_path):
    result = bench_ingest.measure(tmp_path, samples=2_000, repeats=1)
    assert result.samples == 2_000
    assert result.ratio > 0
    assert result.bytes_per_sample > 0
