"""Reads a run folder with programs that others wrote and prints what they saw, as JSON.

Usage: read_back.py RUN SCHEMA
"""

import json
import sys
from pathlib import Path

import jsonschema
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from junitparser import JUnitXml


def histogram(path):
    """All intervals of a log in one histogram."""
    total = HdrHistogram(1, 3_600_000_000, 3)
    reader = HistogramLogReader(str(path), total)
    while True:
        interval = reader.get_next_interval_histogram()
        if interval is None:
            break
        total.add(interval)
    return {
        "count": total.get_total_count(),
        "p50_us": total.get_value_at_percentile(50.0),
        "p99_us": total.get_value_at_percentile(99.0),
    }


def main():
    run, schema = Path(sys.argv[1]), Path(sys.argv[2])
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    errors = [
        error.message
        for error in jsonschema.Draft202012Validator(json.loads(schema.read_text())).iter_errors(report)
    ]
    suites = JUnitXml.fromfile(str(run / "junit.xml"))
    print(
        json.dumps(
            {
                "schema_errors": errors[:5],
                "histograms": {name: histogram(run / f"{name}.hlog") for name in ("lateness", "service", "response")},
                "junit": {"tests": suites.tests, "failures": suites.failures},
            }
        )
    )


main()
