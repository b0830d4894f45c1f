"""The real server in a process of its own, and Debian's Chromium before it."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

STARTS_WITHIN = 60.0  # seconds, on a busy machine


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers."""

    url: str
    data: Path
    first_link: str
    """the one-time link of the operator's first user, as ``init`` printed it"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    """A browser without a window; skipped where none is installed, never with CI=true."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromium-driver are not installed")
        pytest.skip("chromium and chromium-driver are not installed")
    options = ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900", "--lang=de"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": "de"})
    browser = Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that was just set up, with its web and its jobs, on a port of its own."""
    data, port = tmp_path / "data", _free_port()
    url = f"http://127.0.0.1:{port}"
    data.mkdir(mode=0o700)
    (data / "settings.toml").write_text(f'[web]\nurl = "{url}"\nport = {port}\n')
    command = [sys.executable, "-m", "server", "--data", str(data)]
    environment = os.environ | {"GDP_LANGUAGE": "de"}
    environment.pop("GDP_DATABASE", None)
    told = subprocess.run(
        [*command, "init", "--operator", "Betreiber GmbH", "--email", "chef@betreiber.example"],
        env=environment, capture_output=True, text=True, check=True, timeout=STARTS_WITHIN,
    ).stdout  # fmt: skip
    link = re.search(r"http://\S+/invitation/\S+", told)
    assert link is not None, told
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([*command, "run"], env=environment, stdout=log, stderr=log)
        try:
            _wait_until_it_answers(url, running, tmp_path / "log")
            yield RunningServer(url, data, link[0])
        finally:
            running.terminate()
            running.wait(STARTS_WITHIN)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_it_answers(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(int(STARTS_WITHIN * 5)):
        if running.poll() is not None:
            break
        try:
            with urlopen(f"{url}/login", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            try:
                running.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"the server does not answer: {log.read_text()}")
