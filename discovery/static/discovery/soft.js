// Walking from page to page without loading the document again, so that what plays goes on. The browser's own router
// (the Navigation API) does it; where there is none, links load pages as they always did.
import { at } from "./page.js";
import { start } from "./pages.js";
import { leave } from "./visit.js";

const KEPT = ["places", "foot-note"]; // parts of the frame that say where one is

export function begin() {
  window.navigation?.addEventListener("navigate", (event) => {
    if (!event.canIntercept || event.hashChange || event.downloadRequest !== null || event.formData) return;
    if (event.navigationType === "reload" || event.sourceElement?.closest("[data-hard]")) return;
    const url = new URL(event.destination.url);
    if (event.navigationType === "replace" && url.pathname === location.pathname) return;
    event.intercept({ scroll: "manual", focusReset: "manual", handler: () => go(event, url) });
  });
}

let walks = 0;

async function go(event, url) {
  const walk = walks += 1;
  document.documentElement.classList.add("walking");
  try {
    const page = await fetched(url, event.signal);
    if (!page) return location.reload(); // no page of ours, or one that needs a document of its own
    await leave();
    if (event.signal.aborted) return undefined; // somebody walked on meanwhile
    show(page);
    const comesBack = event.navigationType === "traverse";
    if (!comesBack) event.scroll();
    focusHeading();
    await start();
    if (comesBack && !event.signal.aborted) event.scroll(); // to where it was, now that it is as long as it was
  } finally {
    if (walk === walks) document.documentElement.classList.remove("walking"); // a page that changes its own address aborts the walk to it
  }
  return undefined;
}

/** The document at this address, where it is a page that can be shown in this frame. */
async function fetched(url, signal) {
  const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
  if (answer.redirected || !answer.headers.get("Content-Type")?.startsWith("text/html")) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("main[data-page]") && page.documentElement.lang === document.documentElement.lang ? page : null;
}

function show(page) {
  document.title = page.title;
  at("main").replaceWith(document.adoptNode(page.getElementById("main")));
  for (const id of KEPT) {
    const fresh = page.getElementById(id);
    if (fresh) at(id)?.replaceWith(document.adoptNode(fresh));
  }
}

/** The heading says where one is now, to whoever does not see it. */
function focusHeading() {
  const heading = at("main").querySelector("h1") ?? at("main");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
