"""The explorer in a real browser: Chromium, driven by selenium. Skipped where there is none."""

from __future__ import annotations

import csv
import json
import shutil
import threading
import time
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

import ceasefire as cf
from ceasefire import explore, truce

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with chromedriver is found"),
    pytest.mark.slow,
]

from selenium.common.exceptions import WebDriverException  # noqa: E402  # after the skip
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

NAME = "november-2023"
PATIENCE = 60.0  # seconds; a busy machine is slow


@pytest.fixture(scope="module")
def explorer():
    made = explore.Explorer(cf.load(NAME))
    running = threading.Thread(target=made.run)
    running.start()
    assert made.solver.wait(120)
    yield made
    made.close()
    running.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    try:
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    except WebDriverException as error:
        pytest.skip(f"Chromium does not start here: {str(error).splitlines()[0]}")
    driver.set_window_size(1400, 1000)
    driver.downloads = tmp_path_factory.mktemp("downloads")
    told = {"behavior": "allow", "downloadPath": str(driver.downloads)}
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", told)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, explorer):
    """The page, freshly opened; after the test, nothing was logged and nothing left the machine."""
    browser.get_log("browser")
    browser.get_log("performance")
    yield open_at(browser, explorer.url)
    assert [line["message"] for line in browser.get_log("browser")] == []
    for url in requested(browser):
        assert url.startswith((explorer.url, "data:", f"blob:{explorer.url}", "about:")), url


def requested(browser):
    logged = (json.loads(line["message"])["message"] for line in browser.get_log("performance"))
    return [
        event["params"]["request"]["url"]
        for event in logged
        if event["method"] == "Network.requestWillBeSent"
    ]


def open_at(browser, url):
    browser.get("about:blank")
    browser.get(url)
    until(lambda: settled(browser) and browser.find_elements(By.CSS_SELECTOR, "[data-id=zone]"))
    return browser


def settled(browser):
    return int(browser.execute_script("return document.documentElement.dataset.settled") or 0)


def until(holds):
    """Wait until something holds; True, or the test fails."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return True


def after(browser, action):
    """Do something and wait until the page has answered it."""
    before = settled(browser)
    action()
    until(lambda: settled(browser) > before)


def field(browser, symbol):
    return browser.find_element(By.ID, f"p-{symbol}")


def headline(browser, name, column=0):
    return browser.find_elements(By.CSS_SELECTOR, f"#headline [data-name={name}] td")[column].text


def button(browser, name):
    return browser.find_element(By.ID, name)


def click(browser, element):
    """Click clear of the footer, which a driver does not see."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def write(browser, symbol, text):
    control = field(browser, symbol)

    def typed():
        control.send_keys(Keys.CONTROL, "a")
        control.send_keys(text)

    after(browser, typed)
    until(lambda: state(browser).get(symbol, [text]) == [text])


def state(browser):
    return parse_qs(urlsplit(browser.current_url).fragment)


def short(value):
    return f"{value:.3g}"


def test_the_page_loads_with_every_figure_and_label(page):
    assert headline(page, "mean_days") == short(truce.solve(cf.load(NAME)).course().mean_days)
    ids = [f.get_attribute("data-id") for f in page.find_elements(By.TAG_NAME, "figure")]
    assert ids == ["length", "held", "zone", "trust", "ends", "negotiation"]
    for svg in page.find_elements(By.CSS_SELECTOR, "figure svg"):
        assert svg.get_attribute("role") == "img"
        assert len(svg.get_attribute("aria-label")) > 20
    unlabelled = page.execute_script("""
        return [...document.querySelectorAll("input, select, button")].filter(
          (e) => !e.labels?.length && !e.getAttribute("aria-label") && !e.textContent.trim()
        ).map((e) => e.outerHTML)""")
    assert unlabelled == []
    ids = page.execute_script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_dragging_a_slider_solves_anew_and_the_address_follows(page):
    slider = page.find_element(By.ID, "p-x-range")
    chain = ActionChains(page).click_and_hold(slider)
    for _ in range(5):
        chain.move_by_offset(6, 0)
    after(page, chain.release().perform)
    value = float(field(page, "x").get_attribute("value"))
    assert value != 10
    until(lambda: state(page).get("x") == [f"{value:g}"])
    solved = truce.solve(cf.load(NAME).replace(x=value)).course()
    until(lambda: headline(page, "mean_days") == short(solved.mean_days))
    assert headline(page, "mean_left") == short(solved.mean_left)


def test_a_bad_value_is_told_beside_its_field_and_the_last_picture_fades(page):
    for text, said in [("abc", "valid number"), ("500", "larger than the pool"), ("-1", "above 0")]:
        write(page, "x", text)
        row = field(page, "x").find_element(By.XPATH, "..")
        assert said in row.find_element(By.CLASS_NAME, "fault").text
        assert field(page, "x").get_attribute("aria-invalid") == "true"
        assert page.find_element(By.CSS_SELECTOR, "#figures.stale")
    write(page, "x", "12")
    assert field(page, "x").get_attribute("aria-invalid") is None
    assert not page.find_elements(By.CSS_SELECTOR, "#figures.stale")


def test_a_fault_behind_more_opens_it(page):
    more = field(page, "Emax").find_element(By.XPATH, "../..")
    assert more.get_attribute("open") is None
    page.execute_script(f"location.hash = 'scenario={NAME}&Emax=0'")
    until(lambda: page.find_elements(By.CSS_SELECTOR, "[aria-invalid=true]"))
    more = field(page, "Emax").find_element(By.XPATH, "../..")
    assert more.get_attribute("open") is not None


def test_a_pinned_baseline_is_compared_and_come_back_to(page):
    base = headline(page, "mean_days")
    after(page, button(page, "pin").click)
    write(page, "x", "12")
    until(lambda: headline(page, "mean_days", 1) == base)
    assert headline(page, "mean_days", 0) == short(
        truce.solve(cf.load(NAME).replace(x=12)).course().mean_days
    )
    assert page.find_elements(By.CSS_SELECTOR, "[data-id=length] .pinned")
    assert page.find_elements(By.CSS_SELECTOR, "[data-id=zone] .pinned")
    until(lambda: state(page).get("pin") == [NAME])
    after(page, button(page, "back").click)
    assert field(page, "x").get_attribute("value") == "10"
    after(page, button(page, "unpin").click)
    assert not page.find_elements(By.CSS_SELECTOR, "figure .pinned")


def test_a_link_reproduces_the_page(page, explorer):
    fragment = f"#scenario={NAME}&x=12&pi0=0.3&show=P5&pin={NAME}&pin.k1=0.1"
    open_at(page, explorer.url + fragment)
    until(lambda: page.find_elements(By.CSS_SELECTOR, "[data-id=proposition] svg"))
    assert field(page, "x").get_attribute("value") == "12"
    assert field(page, "pi0").get_attribute("value") == "0.3"
    scenario = cf.load(NAME)
    for column, changed in enumerate((scenario.replace(x=12, pi0=0.3), scenario.replace(k1=0.1))):
        assert headline(page, "mean_days", column) == short(truce.solve(changed).course().mean_days)
    title = page.find_element(By.CSS_SELECTOR, "[data-id=proposition] h2").text
    assert title.startswith("P5: no extension below a floor price")
    tried = page.find_elements(By.CSS_SELECTOR, "[data-id=proposition] .try")
    assert tried[2].text == "x = 9.6"  # 0.8 of the price shown
    after(page, lambda: click(page, tried[2]))
    assert field(page, "x").get_attribute("value") == "9.6"


def test_a_link_to_what_is_not_there_says_so(page, explorer):
    open_at(page, explorer.url + "#scenario=elsewhere&x=12")
    assert until(lambda: "elsewhere" in button(page, "general").text)


def test_a_link_with_a_baseline_that_cannot_be_solved_says_so_and_shows_the_rest(page, explorer):
    open_at(page, explorer.url + f"#scenario={NAME}&x=12&pin={NAME}&pin.pi0=7")
    assert "baseline" in button(page, "general").text
    assert "captor.trust" in button(page, "general").text
    assert not page.find_elements(By.CSS_SELECTOR, "[aria-invalid], figure .pinned")
    wanted = truce.solve(cf.load(NAME).replace(x=12)).course().mean_days
    assert headline(page, "mean_days") == short(wanted)


def test_presets_and_scenarios_are_chosen(page):
    after(page, lambda: Select(button(page, "preset")).select_by_value("loss of momentum"))
    assert field(page, "k1").get_attribute("value") == "0"
    wanted = truce.solve(cf.load(NAME).replace(k1=0.0)).course().mean_days
    assert headline(page, "mean_days") == short(wanted)
    after(page, lambda: Select(button(page, "scenario")).select_by_value("no-pilot"))
    assert headline(page, "mean_days") == short(truce.solve(cf.load("no-pilot")).course().mean_days)
    after(page, lambda: Select(button(page, "show")).select_by_value("P2"))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "[data-id=proposition] svg"))


def test_figure_numbers_and_scenario_are_downloaded(page):
    write(page, "x", "12")
    for kind in ("svg", "csv"):
        click(page, page.find_element(By.CSS_SELECTOR, f"[data-id=length] button.{kind}"))
    click(page, button(page, "toml"))
    names = ("length.svg", "length.csv", "changed.toml")
    files = [page.downloads / f"{NAME}-{name}" for name in names]
    until(lambda: all(file.exists() and file.stat().st_size for file in files))
    scenario = cf.load(NAME).replace(x=12)
    root = ElementTree.fromstring(files[0].read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {e.get("fill") for e in root.iter() if e.tag.endswith("rect")} >= {"rgb(0, 114, 178)"}
    with files[1].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chances = truce.solve(scenario).course().length.tolist()
    assert [float(row["probability"]) for row in rows] == pytest.approx(chances, rel=1e-12)
    assert cf.load(files[2]).digest == scenario.digest


def test_numbers_stand_behind_each_figure(page):
    figure = page.find_element(By.CSS_SELECTOR, "[data-id=ends]")
    click(page, figure.find_element(By.TAG_NAME, "summary"))
    assert until(lambda: len(figure.find_elements(By.CSS_SELECTOR, "tbody tr")) == 10)


def focus_on(page, wanted):
    for _ in range(80):
        ActionChains(page).send_keys(Keys.TAB).perform()
        if page.switch_to.active_element.get_attribute("id") == wanted:
            return page.switch_to.active_element
    raise AssertionError(f"{wanted} is not reached by keyboard")


def test_everything_is_reached_by_keyboard(page):
    ActionChains(page).send_keys(Keys.TAB).perform()
    assert page.switch_to.active_element.text == "Skip to the figures"
    for name in ("scenario", "preset", "show", "pin"):
        focus_on(page, name)
    after(page, lambda: ActionChains(page).send_keys(Keys.ENTER).perform())
    focus_on(page, "p-x-range")
    after(page, lambda: ActionChains(page).send_keys(Keys.ARROW_RIGHT).perform())
    assert float(field(page, "x").get_attribute("value")) > 10
    assert page.find_elements(By.CSS_SELECTOR, "[data-id=length] .pinned")
    focus_on(page, "p-x")
    ActionChains(page).send_keys(Keys.TAB).perform()
    tip = page.find_element(By.ID, "p-x-tip")
    assert "captives that buy one more day" in tip.text  # shown while its button has the focus
    assert "Source: http" in tip.text
    ActionChains(page).send_keys(Keys.ENTER).send_keys(Keys.TAB).perform()
    assert tip.is_displayed()
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    ActionChains(page).send_keys(Keys.ESCAPE).send_keys(Keys.TAB).perform()
    assert not tip.is_displayed()


def test_meaning_and_source_show_on_hover(page):
    row = field(page, "W0").find_element(By.XPATH, "..")
    tip = row.find_element(By.CLASS_NAME, "tip")
    assert not tip.is_displayed()
    ActionChains(page).move_to_element(row.find_element(By.CLASS_NAME, "why")).perform()
    assert tip.is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page, explorer, scheme):
    told = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", told)
    try:
        open_at(page, explorer.url + f"#scenario={NAME}&resolve=on&foo=1&show=decomposition")
        write(page, "x", "500")  # a fault is text too
        faint = page.execute_script(CONTRAST)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert faint == []  # WCAG 2.2, 1.4.3


CONTRAST = """
const parts = (css) => css.match(/[\\d.]+/g).map(Number);
const light = (css) => {
  const [r, g, b] = parts(css).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (e) => {
  for (let at = e; at; at = at.parentElement) {
    const own = getComputedStyle(at).backgroundColor;
    if (parts(own)[3] !== 0) return own;
  }
  throw new Error("no ground");
};
const faint = [];
for (const e of document.querySelectorAll("body *")) {
  const said = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!(said || e.matches("input[type=text]")) || !e.checkVisibility()) continue;
  const style = getComputedStyle(e);
  const ink = light(e instanceof SVGElement ? style.fill : style.color), paper = light(ground(e));
  const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  if (ratio < 4.5) faint.push([e.outerHTML.slice(0, 80), ratio]);
}
return faint;
"""


def test_nothing_moves_by_itself(page):
    moving = page.execute_script("""
        return [...document.querySelectorAll("*")].filter((e) => {
          const style = getComputedStyle(e);
          return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0
            || style.scrollBehavior === "smooth";
        }).map((e) => e.outerHTML.slice(0, 80))""")
    assert moving == []  # so that there is nothing for prefers-reduced-motion to stop


def switch(page, name):
    box = page.find_element(By.ID, f"on-{name}")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", box)
    after(page, lambda: ActionChains(page).send_keys(Keys.SPACE).perform())


def test_an_extension_is_switched_on_by_keyboard_and_tells_what_it_adds(page):
    assert not field(page, "nu0").is_displayed()
    switch(page, "resolve")
    scenario = cf.load(NAME).replace(resolve="on")
    wanted = short(truce.solve(scenario).course().mean_days)
    until(lambda: headline(page, "mean_days") == wanted)
    assert "reluctant cabinet" in page.find_element(By.CSS_SELECTOR, "[data-id=extension]").text
    zone = page.find_element(By.CSS_SELECTOR, "[data-id=zone]")
    until(lambda: "base model alone" in zone.text)
    assert not zone.find_elements(By.TAG_NAME, "svg")
    assert field(page, "nu0").is_displayed()
    write(page, "nu0", "0.3")
    until(lambda: state(page).get("resolve") == ["on"])
    switch(page, "mediator")
    until(lambda: state(page).get("mediator") == ["on"])
    assert set(state(page)) == {"scenario", "mediator"}  # one at a time, with its own parameters
    assert "cannot be combined" in button(page, "note").text
    switch(page, "mediator")
    until(lambda: page.find_elements(By.CSS_SELECTOR, "[data-id=zone] svg"))
    assert not page.find_elements(By.CSS_SELECTOR, "[data-id=extension]")


def test_a_link_to_an_extension_reproduces_it_and_compares_with_the_base_model(page, explorer):
    open_at(page, explorer.url + f"#scenario={NAME}&kappa=2&resolve=on&nu0=0.9&pin={NAME}")
    changed = {"resolve": {"prior": 0.9}, "kappa": 2}
    for column, scenario in enumerate((cf.load(NAME).replace(changed), cf.load(NAME))):
        assert headline(page, "mean_days", column) == short(
            truce.solve(scenario).course().mean_days
        )
    assert page.find_element(By.ID, "on-resolve").is_selected()


def test_the_decomposition_is_shown_with_its_numbers(page):
    after(page, lambda: Select(button(page, "show")).select_by_value("decomposition"))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "[data-id=decomposition] svg"))
    figure = page.find_element(By.CSS_SELECTOR, "[data-id=decomposition]")
    assert "Most days come back without distrust: 6.51 become 7.01" in figure.text  # MODEL.md 5
    assert state(page)["show"] == ["decomposition"]
    click(page, figure.find_element(By.TAG_NAME, "summary"))
    until(lambda: len(figure.find_elements(By.CSS_SELECTOR, "tbody tr")) == 12)


def test_what_a_link_names_and_the_page_does_not_know_is_told(page, explorer):
    open_at(page, explorer.url + f"#scenario={NAME}&x=12&y=3&show=P99&pin=nowhere&pin.x=4")
    said = button(page, "general").text
    assert all(word in said for word in ("y", "show=P99", "pin=nowhere", "pin.x"))
    assert field(page, "x").get_attribute("value") == "12"


@pytest.mark.parametrize("key", ["__proto__", "constructor", "hasOwnProperty"])
def test_names_that_every_object_has_are_unknown_too(page, explorer, key):
    open_at(page, explorer.url + f"#scenario={key}&show={key}&pin={key}&{key}=1")
    assert f"does not know the scenario {key}" in button(page, "general").text
    assert headline(page, "modal_days") == "7"


def test_a_phone_shows_it_without_scrolling_sideways(page, explorer):
    size = {"width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        open_at(page, explorer.url + f"#scenario={NAME}&x=12&show=P5&pin={NAME}")
        assert page.execute_script("return document.documentElement.scrollWidth") <= 360
        small = page.execute_script("""
            return [...document.querySelectorAll(".bar button, .bar select, .row .value, .why")]
              .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24)
              .map((e) => e.id)""")
        assert small == []  # WCAG 2.2, 2.5.8
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_new_value_overtakes_one_that_is_being_solved(page):
    control = field(page, "W0")
    after(page, lambda: (control.send_keys(Keys.CONTROL, "a"), control.send_keys("150")))
    write(page, "W0", "98")
    base = truce.solve(cf.load(NAME)).course().mean_days
    assert until(lambda: headline(page, "mean_days") == short(base))


def test_the_built_file_works_from_the_disk_without_a_server(browser, tmp_path):
    axes = [explore.Axis.parse("pi0=0.2,0.3")]
    file = tmp_path / "truce.html"
    file.write_text(explore.standalone(cf.load(NAME), axes), encoding="utf-8")
    browser.get_log("browser")
    browser.get_log("performance")
    open_at(browser, file.as_uri() + f"#scenario={NAME}&pi0=0.3")
    solved = truce.solve(cf.load(NAME).replace(pi0=0.3)).course()
    assert headline(browser, "mean_days") == short(solved.mean_days)
    after(browser, lambda: Select(field(browser, "pi0")).select_by_value("0.2"))
    solved = truce.solve(cf.load(NAME)).course()
    assert headline(browser, "mean_days") == short(solved.mean_days)
    after(browser, lambda: Select(button(browser, "preset")).select_by_value("distrust"))
    solved = truce.solve(cf.load(NAME).replace(pi0=1.0)).course()
    assert headline(browser, "mean_days") == short(solved.mean_days)
    assert Select(field(browser, "pi0")).first_selected_option.text == "1"  # not of the grid
    after(browser, lambda: Select(button(browser, "preset")).select_by_index(0))
    for shown in ("decomposition", "P2"):
        after(browser, lambda shown=shown: Select(button(browser, "show")).select_by_value(shown))
        kind = shown if shown == "decomposition" else "proposition"
        until(lambda kind=kind: browser.find_elements(By.CSS_SELECTOR, f"[data-id={kind}] svg"))
    until(lambda: state(browser).get("show") == ["P2"])
    open_at(browser, browser.current_url + "&k0=4")
    assert "left out: k0" in button(browser, "general").text
    assert [line["message"] for line in browser.get_log("browser")] == []
    assert {urlsplit(url).scheme for url in requested(browser)} <= {"file", "data", "about"}
