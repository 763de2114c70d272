"""A run in which a test against a real server was skipped, or none ran, does not pass for a whole one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVERS = "tests/bus/test_servers.py"
"""One test for each server."""


def verdict(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """What `scripts/require_tests.py` says of a run with these arguments: exit code, output, errors."""
    report = folder / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={report}", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        check=True,
        timeout=120,
    )
    done = subprocess.run(
        [sys.executable, "scripts/require_tests.py", str(report)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_skipped_test_is_named(tmp_path: Path) -> None:
    without_java = {"PATH": str(tmp_path), "OTKLIK_TEST_WITHOUT_KAFKA": "1"}
    assert verdict(tmp_path, SERVERS, **without_java) == (
        1,
        "kafka: 0 tests ran; postgres: 1 tests ran\n",
        "skipped: tests.bus.test_servers::test_kafka_answers\nno test ran against kafka\n",
    )


def test_a_run_without_any_such_test_is_told(tmp_path: Path) -> None:
    assert verdict(tmp_path, "tests/schemas") == (
        1,
        "kafka: 0 tests ran; postgres: 0 tests ran\n",
        "no test ran against kafka\nno test ran against postgres\n",
    )


def test_a_missing_server_fails_the_run_unless_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        verdict(tmp_path, SERVERS, PATH=str(tmp_path))
    assert failed.value.returncode == pytest.ExitCode.TESTS_FAILED
    assert b"Apache Kafka cannot be started, and OTKLIK_TEST_WITHOUT_KAFKA=1 is not set" in failed.value.stdout
