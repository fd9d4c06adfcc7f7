"""What each page is for is near: two presses of Enter with the keyboard, one tap on a phone."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages
from tests.browser.test_touch import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

MAIN_ACTIONS = {
    "home": "Drop a photo here or choose one",
    "sign-in": "Sign in",
    "sign-up": "Sign up",
    "reset": "Send link",
    "upload": "Drop a photo here or choose one",
    "queued": "Cancel",
    "running": "Cancel",
    "failed": "Use another photo",
    "cancelled": "Try again",
    "result": "Download GLB",
    "public": "Download GLB",
    "shared": "Download GLB",
    "collection-model": "Download GLB",
    "compare": "Version 1 of Lighthouse",
    "gallery": "New model",
    "bin": "Restore Old lighthouse",
    "explore": "Tower",
    "explore-collections": "Toy shop",
    "shared-collection": "Lighthouse",
    "collections": "New collection",
    "collection": "Lighthouse",
    "choose-collection": "Add to collection",
    "report": "Send report",
    "collection-report": "Send report",
    "profile": "Save",
    "email": "Add",
    "password": "Change password",
    "two-factor": "Set up an authenticator app",
    "connected-accounts": "Connect GitHub",
    "tokens": "Create token",
    "data": "Download everything",
    "delete-account": "Delete everything",
    "delete-model": "Delete",
    "delete-collection": "Delete collection",
    "confirm-password": "Continue",
    "sign-out": "Sign out",
}
"""The control that most people come for, by the beginning of its name."""
WITH_A_FINGER = {"home": "Choose or take a photo", "upload": "Choose a photo"}
"""What is called otherwise on a touch screen."""
MAX_STOPS = 10
"""Tab stops behind the link that skips the header."""
MAX_SCREENS = 2
"""How far down a phone's page it may stand, in heights of the window."""
NAME = """(element) => (element.getAttribute("aria-label") || element.labels?.[0]?.innerText ||
  element.innerText || element.querySelector("img")?.alt || "").trim()"""
"""What a screen reader would call the element, near enough."""
PLACE = """(wanted) => {
  const controls = document.querySelectorAll("main :is(a[href], button, input:not([type=hidden]), canvas)");
  const found = [...controls].find((control) => control.checkVisibility() && NAME(control).startsWith(wanted));
  if (!found) return "not to be seen";
  const visible = found.labels?.[0] ?? found; // a transparent file field lies in its label
  const top = visible.getBoundingClientRect().top + window.scrollY;
  if (top > SCREENS * window.innerHeight) return `${Math.round(top / window.innerHeight)} screens down`;
  visible.scrollIntoView({ block: "center", behavior: "instant" });
  const box = visible.getBoundingClientRect();
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const isFree = [found, visible].some((part) => part.contains(hit) || hit?.contains(part));
  return isFree ? "" : `covered by ${hit?.outerHTML.slice(0, 80)}`;
}""".replace("SCREENS", str(MAX_SCREENS)).replace("NAME", f"({NAME})")


def chosen(site: pages.Furnished) -> list[pages.Visit]:
    """The pages with a main action."""
    visits = [visit for visit in site.visits if visit.name in MAIN_ACTIONS]
    assert {visit.name for visit in visits} == set(MAIN_ACTIONS)
    return visits


def test_the_keyboard_reaches_it_with_two_presses_of_enter(showcase: pages.Furnished, browser: Browser) -> None:
    look = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, **look)
    far: list[str] = []
    for visit in chosen(showcase):
        page = pages.show(contexts[visit.signed_in], visit)
        passed = stops_until(page, MAIN_ACTIONS[visit.name])
        far += [f"{visit.name}: {json.dumps(passed)}"] if len(passed) > MAX_STOPS else []
        page.close()
    assert far == []


def stops_until(page: Page, wanted: str) -> list[str]:
    """The names of the stops behind the skip link, up to the wanted one or one too many."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    passed: list[str] = []
    while len(passed) <= MAX_STOPS:
        page.keyboard.press("Tab")
        passed.append(str(page.evaluate(f"({NAME})(document.activeElement)")))
        if passed[-1].startswith(wanted):
            break
    return passed


def test_a_finger_reaches_it_with_one_tap(showcase: pages.Furnished, browser: Browser) -> None:
    contexts = pages.open_contexts(browser, showcase.address, showcase.owner, color_scheme="dark", **PHONE)
    far: list[str] = []
    for visit in chosen(showcase):
        page = pages.show(contexts[visit.signed_in], visit)
        problem = page.evaluate(PLACE, (MAIN_ACTIONS | WITH_A_FINGER)[visit.name])
        far += [f"{visit.name}: {problem}"] if problem else []
        page.close()
    assert far == []
