"""The site as an installed app, in a browser with its real service worker."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from jobs.models import Job, State
from scripts.ports import free_port, wait_for_port
from tests.browser.finished import opened
from tests.browser.looks import PHONE, four_looks
from tests.browser.steps import sign_up
from tests.conftest import make_user
from tests.live import Process, environment, start, wait_until

pytestmark = pytest.mark.browser

SHARE = """photo => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: "/share-target/", enctype: "multipart/form-data" });
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(photo)], "lamp.png", { type: "image/png" }));
  form.append(Object.assign(document.createElement("input"), { type: "file", name: "photo", files: files.files }));
  document.body.append(form);
  form.submit();
}"""
"""What a phone does when its gallery shares a photo with the installed site."""
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found.sort();
}"""
STORE = """() => new Promise((resolve) => {
  const opening = indexedDB.open("reconsite", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("photos");
  opening.onsuccess = () => {
    const request = opening.result.transaction("photos", "readwrite").objectStore("photos").%s;
    request.onsuccess = () => { resolve(request.result); opening.result.close(); };
  };
})"""
STORED, KEEP = STORE % "count()", STORE % "put({ files: [], at: Date.now() }, 'chosen')"
"""How many photos wait for the upload page, and one more."""
SHOWN = """(() => {
  window.shown = false;
  const show = ServiceWorkerRegistration.prototype.showNotification;
  ServiceWorkerRegistration.prototype.showNotification = function (...options) {
    return show.apply(this, options).then(() => { window.shown = true; });
  };
})()"""
"""Notes when chromium has shown a notification: asked for its notifications meanwhile, it may forget the one."""
NOTICES = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => [n.body, n.tag])"
CONTROLLED = """async () => {
  const container = navigator.serviceWorker;
  const changed = new Promise((done) => container.addEventListener("controllerchange", done));
  await container.ready;
  if (!container.controller) await changed;
}"""
SHELL = ["/offline/", "/static/dist/base.css", "/static/dist/theme.js", "/static/img/icon.svg"]


@contextmanager
def installed(browser: Browser, address: str, user: User | None = None, **options: Any) -> Iterator[Page]:
    """The home page, controlled by the service worker."""
    with opened(browser, address, user, service_workers="allow", **options) as page:
        page.goto("/")
        wait_for_worker(page)
        yield page


def wait_for_worker(page: Page) -> None:
    page.evaluate(CONTROLLED)
    wait_until(lambda: page.evaluate(CACHED) == SHELL, 10, "offline page in the cache")


def run_web(port: int) -> Process:
    daphne = [str(Path(sys.executable).with_name("daphne")), "-p", str(port)]
    web = start([*daphne, "reconsite.asgi:application"], environment(port))
    wait_for_port(port, web.popen)
    return web


def test_the_browser_finds_no_fault_in_the_manifest(browser: Browser, transactional_db: None, web: str) -> None:
    with installed(browser, web) as page:
        session = page.context.new_cdp_session(page)
        found = session.send("Page.getAppManifest")
        assert found["errors"] == []
        problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [problem["errorId"] for problem in problems if problem["errorId"] != "in-incognito"] == []
        manifest = json.loads(found["data"])
        for icon in manifest["icons"]:
            size = page.evaluate(
                "async (src) => { const i = new Image(); i.src = src; await i.decode(); return i.naturalWidth; }",
                icon["src"],
            )
            assert f"{size}x{size}" == icon["sizes"]
        assert {icon.get("purpose", "any") for icon in manifest["icons"]} == {"any", "maskable"}


def test_without_the_server_a_page_says_so_and_tries_again(browser: Browser, transactional_db: None) -> None:
    port = free_port()
    web = run_web(port)
    try:
        with installed(browser, f"http://localhost:{port}") as page:
            web.end()
            page.goto("/explore/")
            expect(page.get_by_role("heading", name="You're offline")).to_be_visible()
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui"), "no styles"
            web = run_web(port)
            page.get_by_role("link", name="Try again").click()
            expect(page.get_by_role("heading", level=1, name="Explore")).to_be_visible()
    finally:
        web.end()


def test_a_shared_photo_is_ready_on_the_upload_page(
    browser: Browser, transactional_db: None, web: str, photo: bytes
) -> None:
    user = make_user("Ada")
    with installed(browser, web, user) as page:
        page.evaluate(SHARE, list(photo))
        page.wait_for_url("**/new/")
        expect(page.get_by_role("button", name="Create model")).to_be_enabled()
        expect(page.locator("[data-shots] li")).to_have_count(1)
        assert page.evaluate(STORED) == 0
        assert not Job.objects.exists(), "nothing is sent before the visitor presses the button"


@four_looks
def test_a_photo_shared_before_sign_up_is_kept(
    browser: Browser, transactional_db: None, web: str, photo: bytes, look: dict[str, Any]
) -> None:
    with installed(browser, web, **look) as page:
        assert page.evaluate("document.documentElement.dataset.bsTheme") == look["color_scheme"]
        page.evaluate(SHARE, list(photo))
        page.wait_for_url("**/accounts/signup/?next=*")
        expect(page.get_by_text("Your photo is kept in this browser.")).to_be_visible()
        page.fill('[name="email"]', "ada@example.org")
        page.fill('[name="password1"]', "a-long-enough-word")
        page.click('main button[type="submit"]')
        page.wait_for_url("**/new/")
        expect(page.locator("[data-shots] li")).to_have_count(1)


def test_only_the_offline_page_is_kept_and_sign_out_forgets_the_rest(
    browser: Browser, transactional_db: None, web: str
) -> None:
    with installed(browser, web) as page:
        sign_up(page)
        for path in ("/models/", "/accounts/profile/", "/jobs/"):
            page.goto(path)
        assert page.evaluate(CACHED) == SHELL
        page.goto("/accounts/logout/")
        page.evaluate(KEEP)
        assert page.evaluate(STORED) == 1
        page.evaluate("localStorage.setItem('watched', JSON.stringify([{ api: '/a/', page: '/b/' }]))")
        page.locator("main").get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{web}/")
        assert page.evaluate(STORED) == 0
        assert page.evaluate("localStorage.getItem('watched')") == "[]"
        wait_for_worker(page)
        assert page.evaluate(CACHED) == SHELL


def test_the_end_of_a_job_is_reported_on_another_page(
    transactional_db: None, job: Job, browser: Browser, web: str
) -> None:
    with installed(browser, web, job.owner, permissions=["notifications"]) as page:
        page.goto(job.get_absolute_url())
        expect(page.get_by_text("Waiting: no worker is running")).to_be_visible()
        page.add_init_script(SHOWN)
        page.goto("/models/")
        assert page.evaluate(NOTICES) == []
        Job.objects.filter(pk=job.pk).update(state=State.CANCELLED, finished_at=timezone.now())
        wait_until(lambda: page.evaluate("window.shown"), 20, "notification")
        ((message, tag),) = page.evaluate(NOTICES)
        assert message.startswith("Lamp: "), message
        assert tag == job.get_absolute_url()
        assert page.evaluate("localStorage.getItem('watched')") == "[]"


def test_a_phone_takes_a_photo_on_the_upload_page(
    browser: Browser, transactional_db: None, web: str, photo: bytes
) -> None:
    with opened(browser, web, make_user("Ada"), **PHONE) as page:
        page.add_init_script("HTMLInputElement.prototype.capture = ''")  # chromium has it on phones only
        page.goto("/new/")
        camera = page.get_by_label("Take a photo")
        assert camera.get_attribute("capture") == "environment"
        expect(page.get_by_text("Take a photo")).to_be_visible()
        camera.set_input_files({"name": "image.png", "mimeType": "image/png", "buffer": photo})
        expect(page.locator("[data-shots] li")).to_have_count(1)
