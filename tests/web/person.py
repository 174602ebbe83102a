"""A person in front of a real browser: opens, reads, presses, types, and waits no longer than it takes."""

import json
from urllib.parse import urlsplit

from selenium.common.exceptions import (
    ElementNotInteractableException,
    JavascriptException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.processes import wait_for

PASSWORD = "fair winds 7"
PHONE, DESKTOP = (390, 844), (1280, 900)
NARROW = 360
PATIENCE = 45  # seconds; a busy machine may need them, an idle one never


class Person:
    def __init__(self, browser, origin, axe=None, screenshots=None):
        self.browser, self.origin, self.axe, self.screenshots = browser, origin, axe, screenshots
        self.clicks = 0  # presses of a button or link, and of a field that had not the keyboard

    # what they see

    def find(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.browser.execute_script(
            "return document.querySelector(arguments[0])?.textContent ?? ''", selector
        )

    def texts(self, selector):
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector
        )

    def sees(self, selector, words, *, seconds=PATIENCE):
        """Wait until the first such element holds these words."""
        try:
            wait_for(lambda: words in self.text(selector), seconds=seconds, what="words")
        except AssertionError:
            said = f"{self.text(selector)!r}; status: {self.text('#status')!r}"
            raise AssertionError(f"{words!r} is not in {selector}: {said}") from None

    def until(self, condition, what):
        return wait_for(condition, seconds=PATIENCE, what=what)

    # what they do

    def opens(self, page, *, name="ada"):
        self.browser.get(self.origin + page)
        if self.find("#id_login"):
            self.signs_in(name)

    def signs_in(self, name="ada"):
        self.types("#id_login", name)
        self.types("#id_password", PASSWORD)
        self.submits()
        self.until(lambda: not self.find("#id_login"), "signed in")

    def presses(self, selector):
        """Press the first such element once it is shown; where it is drawn anew under the finger, the new one."""
        self.until(lambda: self._pressed(selector), f"{selector} to press")

    def _pressed(self, selector):
        try:
            (element, *_) = self.find(selector)
            if not element.is_enabled():
                return False
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            self.clicks += 1
        except (ValueError, StaleElementReferenceException, ElementNotInteractableException):
            return False
        return True

    def submits(self, selector="main form button"):
        """Press the button of a form that loads a page, and wait for the page that answers."""
        self.browser.execute_script("window.before = true")
        self.presses(selector)
        self.until(self._loaded_anew, f"an answer to {selector}")

    def _loaded_anew(self):
        try:
            return self.browser.execute_script(
                "return window.before === undefined && document.readyState === 'complete'"
            )
        except JavascriptException:  # the document went away while it was asked
            return False

    def types(self, selector, text):
        self.until(lambda: self.find(selector), f"{selector} to type into")
        (field, *_) = self.find(selector)
        self.clicks += field != self.browser.switch_to.active_element
        field.send_keys(text)

    def key(self, *keys):
        chain = ActionChains(self.browser)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def tabs_to(self, selector, *, most=80):
        """Reach an element by the Tab key alone; whatever has the focus on the way must show it."""
        for _ in range(most):
            self.key(Keys.TAB)
            here, outline = self.browser.execute_script(
                "const one = document.activeElement;"
                "return [one.matches(arguments[0]), getComputedStyle(one).outlineStyle]",
                selector,
            )
            assert outline != "none", f"no visible focus at {self.focused()}"
            if here:
                return
        raise AssertionError(f"{most} tabs did not lead to {selector}, but to {self.focused()}")

    def focused(self):
        return self.browser.execute_script("return document.activeElement.outerHTML.slice(0, 200)")

    # what we look at meanwhile

    def origins(self):
        """Where the browser sent requests or opened sockets since the last call."""
        messages = (json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance"))
        urls = [
            message["params"]["request"]["url"]
            if message["method"] == "Network.requestWillBeSent"
            else message["params"]["url"]
            for message in messages
            if message["method"] in {"Network.requestWillBeSent", "Network.webSocketCreated"}
        ]
        parts = [urlsplit(url) for url in urls]
        return {
            f"{part.scheme.replace('ws', 'http')}://{part.netloc}"
            for part in parts
            if part.scheme not in {"data", "blob", "chrome"}
        }

    def complaints(self):
        """What the browser's console holds against the page: errors of scripts, refused by the policy."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]

    def violations(self, *schemes):
        """Rules of axe-core that the page breaks seriously, in these color schemes, with where. [] without axe."""
        if self.axe is None:
            return []
        faults = []
        self.until(lambda: not self.find("html.walking"), "the page, which is pale until it is there")
        self.browser.execute_script(self.axe)
        for scheme in schemes or ("light",):
            self._emulate("setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            results = self.browser.execute_async_script(
                "axe.run({ resultTypes: ['violations'] }).then(arguments[0])"
            )
            faults += [
                (scheme, rule["id"], node["html"], node["failureSummary"])
                for rule in results["violations"]
                if rule["impact"] in {"serious", "critical"}
                for node in rule["nodes"]
            ]
        self._emulate("setEmulatedMedia", features=[])
        return faults

    def looks(self, name, *schemes):
        """Keep pictures of the whole page on a phone and on a desk, and see that it fits a narrow phone."""
        for scheme in schemes or ("light",):
            self._emulate("setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            for device, (width, height) in {"phone": PHONE, "desktop": DESKTOP}.items():
                self._size(width, height)
                picture = self.browser.execute_cdp_cmd(
                    "Page.captureScreenshot", {"captureBeyondViewport": True}
                )
                dark = "" if scheme == "light" else f"-{scheme}"
                self.screenshots(f"{name}-{device}{dark}.png", picture["data"])
        self._emulate("setEmulatedMedia", features=[])
        self._size(NARROW, 740)
        wide = self.browser.execute_script("return document.documentElement.scrollWidth")
        self._emulate("clearDeviceMetricsOverride")
        assert wide <= NARROW, f"{name} scrolls sideways: {wide}"

    def _size(self, width, height):
        self._emulate(
            "setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def _emulate(self, command, **parameters):
        self.browser.execute_cdp_cmd(f"Emulation.{command}", parameters)
