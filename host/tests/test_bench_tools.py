import ingest
import pytest
import reanalyse
import simspeed
import year


def test_both_loggers_take_every_sample(tmp_path):
    result = ingest.measure(tmp_path, samples=2_000, repeats=1)
    assert result.samples == 2_000
    assert result.ratio > 0
    assert result.bytes_per_sample > 0


def test_the_sim_measurement_stores_what_it_claims_to_time(tmp_path):
    speed = simspeed.measure(tmp_path, virtual_s=30.0)
    assert 200 < speed.samples <= 301
    assert speed.factor > 0


def test_the_year_is_packed_small_and_drawn_whole(tmp_path):
    pytest.importorskip("pyarrow")
    got = year.measure(tmp_path, days=0.4)
    assert got.samples == 345_600
    assert set(got.draw_s) == {"hour"}
    assert got.span_bytes_per_sample <= 1.6  # entropy of this noise: 1.42
    assert got.span_bytes_per_sample < got.parquet_bytes_per_sample


def test_the_analysis_of_the_year_reads_every_sample(tmp_path):
    got = reanalyse.measure(tmp_path, days=0.1)
    assert got.samples == 86_400
    assert 20 < got.peak_mib < 2048
    assert abs(got.value_pa_s) < 1.0
    assert got.wall_s > 0
    assert got.cpu_s > 0
