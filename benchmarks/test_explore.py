"""From slider to picture: what the page of `ceasefire explore` asks, and the page itself.

The whole path is timed in Chromium where it is installed: a slider moves, the page asks, the
solver's process solves, the page draws and the frame is painted. Zones of agreement come last.
"""

from __future__ import annotations

import shutil
import threading

import pytest

import ceasefire as cf
from ceasefire import explore
from ceasefire.explore import answers

PRICES = [8.0 + 0.5 * i for i in range(13)]
MOVED = """
const [value, all] = arguments, done = arguments[arguments.length - 1];
const root = document.documentElement, slider = document.getElementById("p-x-range");
const course = root.dataset.course, settled = root.dataset.settled;
const seen = () => {
  const there = all ? root.dataset.settled !== settled : root.dataset.course !== course;
  if (there) requestAnimationFrame(() => setTimeout(done, 0)); else setTimeout(seen, 1);
};
slider.value = value;
slider.dispatchEvent(new Event("input", { bubbles: true }));
seen();
"""
IDLE = """
const done = arguments[arguments.length - 1], root = document.documentElement;
const seen = (last) => setTimeout(
  () => (root.dataset.settled === last ? done() : seen(root.dataset.settled)), 300);
seen("");
"""


@pytest.fixture
def prices():
    """Prices of a day, never the one just asked for."""
    at = iter(range(10**6))
    return lambda: PRICES[next(at) % len(PRICES)]


@pytest.mark.benchmark(group="one part of the page, solve included, warm")
@pytest.mark.parametrize("what", ["course", "windows", "decomposition"])
def test_answers(benchmark, prices, what):
    scenario = cf.load("november-2023")

    def asked(changed):
        answers._SOLVED.clear()
        return explore.answer(what, changed)

    asked(scenario)  # compile first
    benchmark.pedantic(asked, setup=lambda: ((scenario.replace(x=prices()),), {}), rounds=30)


@pytest.fixture(scope="module")
def page():
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium with chromedriver is found")
    made = explore.Explorer(cf.load("november-2023"))
    running = threading.Thread(target=made.run)
    running.start()
    made.solver.wait(120)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.set_window_size(1400, 1000)
    browser.get(made.url)
    yield browser
    browser.quit()
    made.close()
    running.join()


@pytest.mark.benchmark(group="from slider to painted picture in Chromium, warm")
@pytest.mark.parametrize("all_drawn", [False, True], ids=["course", "course and zones"])
def test_slider_to_picture(benchmark, page, prices, all_drawn):
    def setup():
        page.execute_async_script(IDLE)
        return (), {}

    benchmark.pedantic(
        lambda: page.execute_async_script(MOVED, prices(), all_drawn), setup=setup, rounds=30
    )
