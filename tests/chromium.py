"""A headless Chromium for the tests that read a page as people do. Without one they are skipped, except in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

MISSING = "There is no Chromium on this machine; on Debian: apt-get install -y chromium chromium-driver"

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(not (BROWSER and DRIVER) and "CI" not in os.environ, reason=MISSING)

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A browser with a fresh profile; its console and its network traffic are logged."""
    assert BROWSER is not None, MISSING
    assert DRIVER is not None, MISSING
    options = ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # With the path of the driver given, selenium has nothing to look for or to load from elsewhere.
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
