"""What `scripts/kafka` says where it cannot do what it is asked, and that it ends no process but its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import KAFKA_SCRIPT, KafkaServer, free_port


def kafka(*arguments: str, **environment: str) -> str:
    """What it says while it refuses."""
    done = subprocess.run(
        [sys.executable, str(KAFKA_SCRIPT), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.rstrip("\n")


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_second_start_in_the_same_folder(kafka_server: KafkaServer) -> None:
    pid = (kafka_server.folder / "kafka.pid").read_text()
    said = kafka("start", "--dir", str(kafka_server.folder), "--port", str(free_port()))
    assert said == f"Kafka уже работает из папки {kafka_server.folder} (pid {pid})."


def test_a_taken_port(kafka_server: KafkaServer, tmp_path: Path) -> None:
    said = kafka("start", "--dir", str(tmp_path), "--port", str(kafka_server.port))
    assert said == f"Порт {kafka_server.port} занят: выберите другой ключом --port."


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    said = kafka("start", "--dir", str(tmp_path), f"--port={port}")
    assert said == f"Порта {port} не бывает: допустимы числа от 1 до 65535."


@pytest.mark.parametrize("fetched", [False, True])
def test_without_java(tmp_path: Path, fetched: bool) -> None:
    if fetched:
        (tmp_path / "libs-4.3.1").mkdir()
    said = kafka(
        "start", "--dir", str(tmp_path / "node"), "--port", str(free_port()), PATH="", OTKLIK_KAFKA_HOME=str(tmp_path)
    )
    assert said == "Нет программы java: установите пакет openjdk-17-jre-headless (Debian, Ubuntu) и повторите."


def test_without_maven(tmp_path: Path) -> None:
    program(tmp_path, "java")
    said = kafka("fetch", PATH=str(tmp_path), OTKLIK_KAFKA_HOME=str(tmp_path / "home"))
    assert said == "Нет программы mvn: установите пакет maven (Debian, Ubuntu) и повторите."


def test_when_maven_has_no_network(tmp_path: Path) -> None:
    program(tmp_path, "java")
    program(tmp_path, "mvn", "echo '[ERROR] Network is unreachable'; exit 1")
    home = tmp_path / "home"
    said = kafka("fetch", PATH=f"{tmp_path}:/usr/bin:/bin", OTKLIK_KAFKA_HOME=str(home))
    assert said == ("Maven не смог скачать Kafka 4.3.1; проверьте сеть и settings.xml.\n[ERROR] Network is unreachable")
    assert list(home.iterdir()) == []


def test_a_broker_that_does_not_start(tmp_path: Path) -> None:
    """Java ends at once: the reason is in the log, and no pid file is left that would deny the next start."""
    program(tmp_path, "java", 'case "$*" in *StorageTool*) exit 0;; *) exit 3;; esac')
    (tmp_path / "libs-4.3.1").mkdir()
    node = tmp_path / "node"
    said = kafka(
        "start",
        "--dir",
        str(node),
        "--port",
        str(free_port()),
        PATH=f"{tmp_path}:/usr/bin:/bin",
        OTKLIK_KAFKA_HOME=str(tmp_path),
    )
    assert said == f"Kafka не запустилась; смотрите {node / 'server.log'}."
    assert not (node / "kafka.pid").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = kafka("start", "--dir", str(tmp_path / "file" / "node"), "--port", str(free_port()))
    assert said == f"{tmp_path / 'file' / 'node'}: Not a directory. Проверьте права и место на диске."


@pytest.mark.parametrize(
    "argument", ["", "/elsewhere{}/server.properties"], ids=["another", "of a folder that ends so"]
)
def test_a_stale_pid_file_ends_nobody(tmp_path: Path, argument: str) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)", argument.format(tmp_path)]
    with subprocess.Popen(command) as stranger:
        try:
            (tmp_path / "kafka.pid").write_text(str(stranger.pid))
            assert kafka("stop", "--dir", str(tmp_path)) == f"Из папки {tmp_path} Kafka не запущена."
            assert stranger.poll() is None
        finally:
            stranger.kill()
