from stats.legacy import report


def test_legacy_report():
    assert report([1, 2]) == "mean=1.50"
