// Keeps the page that is open as the chain is. Without this script it is a page like any other.
"use strict";

const page = document.documentElement;
let source = null;
let busy = false;
let wanted = "";

function tell(text) {
  document.getElementById("live").textContent = text;
}

/** A page in the background lets go of its connection: a browser opens few of them to one server. */
function listen() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source || source.readyState === EventSource.CLOSED) {
    source = new EventSource("/live");
    source.addEventListener("block", (event) => arrived(JSON.parse(event.data)));
    source.addEventListener("open", () => tell(page.dataset.live));
    source.addEventListener("error", () => {
      tell(page.dataset.lost);
      if (source?.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
    });
  }
}

async function arrived({ mark }) {
  wanted = mark;
  if (busy) return;
  busy = true;
  try {
    while (page.dataset.mark !== wanted && !document.getElementById("drop")) {
      const asked = wanted;
      if (!(await refresh()) && asked === wanted) break;
    }
  } catch {
    tell(page.dataset.lost);
  } finally {
    busy = false;
  }
}

/** Puts the page as it is now in the place of the one that is shown; whether it is of a newer moment. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { "Accept-Language": page.lang } });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = next.getElementById("main");
  const before = page.dataset.mark;
  if (!main || !next.documentElement.dataset.mark) return false;
  const old = new Set([...document.querySelectorAll("#main tbody tr, #main dd")].map((item) => item.innerHTML));
  for (const item of main.querySelectorAll("tbody tr, dd")) item.classList.toggle("new", !old.has(item.innerHTML));
  const focused = document.activeElement?.getAttribute("href");
  document.getElementById("main").replaceWith(document.adoptNode(main));
  document.querySelector("#footer p").replaceWith(document.adoptNode(next.querySelector("#footer p")));
  page.dataset.mark = next.documentElement.dataset.mark;
  document.title = next.title;
  if (focused && document.activeElement === document.body) {
    [...document.querySelectorAll("#main a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  return page.dataset.mark !== before;
}

document.addEventListener("visibilitychange", listen);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("q").focus();
  }
});
listen();
