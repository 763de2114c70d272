"""The real servers that tests run against: Apache Kafka and PostgreSQL, each private to the test session."""

import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

KAFKA_SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "kafka"
POSTGRES_START_SECONDS = 30.0
"""It takes 0.1 s on an idle machine."""


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class KafkaServer:
    """One KRaft node. `stop` and `start` again keep its data and its port."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """For `bus.open_bus`."""
        return f"kafka://{self.bootstrap}"

    @property
    def version(self) -> str:
        """What the broker itself wrote into its log."""
        log = (self.folder / "server.log").read_text(errors="replace")
        found = re.search(r"Kafka version: (\S+)[\s\S]*?Kafka commitId: (\S+)", log)
        assert found, "the broker did not name its version"
        return f"{found[1]} (commit {found[2]})"

    def start(self) -> None:
        self._script("start", "--port", str(self.port))

    def stop(self) -> None:
        self._script("stop")

    def kill(self) -> None:
        """SIGKILL: no controlled shutdown."""
        pid = int((self.folder / "kafka.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.02)

    def _script(self, command: str, *arguments: str) -> None:
        line = [sys.executable, str(KAFKA_SCRIPT), command, "--dir", str(self.folder), *arguments]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"scripts/kafka {command}: {done.stderr.strip()}")


def postgres_programs() -> Path:
    """Folder of `initdb` and `postgres`: on PATH, or where Debian keeps the newest version.

    Raises:
        RuntimeError: there are none.
    """
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))  # noqa: PTH207
    if not found:
        raise RuntimeError("PostgreSQL's server programs are missing: apt-get install postgresql")
    return Path(found[-1]).parent


class PostgresServer:
    """A private cluster on a free port of loopback; superuser `otklik` without a password, fsync off."""

    def __init__(self) -> None:
        self._programs = postgres_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="otklik-pg-"))
        self.port = free_port()
        # initdb refuses to run as root.
        self._user = self._other_user() if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        data = str(self.folder / "data")
        initdb = ["initdb", "-D", data, "-U", "otklik", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        done = self._popen(initdb, stdout=subprocess.PIPE)
        output = done.communicate()[0]
        if done.returncode:
            raise RuntimeError(f"initdb: {output}")
        postgres = ["postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"):
            postgres += ["-c", setting]
        self._command = postgres
        self.start()

    def start(self) -> None:
        """Start it; again, with its data and on its port, after `stop`."""
        self._log = (self.folder / "server.log").open("a")
        self._process = self._popen(self._command, stdout=self._log)
        self._wait()

    @staticmethod
    def _other_user() -> pwd.struct_passwd:
        try:
            return pwd.getpwnam("postgres")
        except KeyError:
            return pwd.getpwnam("nobody")

    def _popen(self, command: list[str], stdout: int | IO[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(self._programs / command[0]), *command[1:]],
            cwd=self.folder,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + POSTGRES_START_SECONDS
        ready = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'server.log').read_text()}")
            time.sleep(0.05)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://otklik@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            self._process.wait(20)
        self._log.close()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
