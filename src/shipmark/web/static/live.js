// The list of releases and the guide follow what arrives. The server reports that something changed, and the page loads
// its own address again. Readers of the list who are on a later page or have selected rows get a link instead; the guide
// has only marks to exchange, and the lines that it shows stay.
import { swap } from "./swapping.js";

const area = document.querySelector("[data-live]");
const news = area?.querySelector("[data-news]");
const here = new URL(location.href);
const first = new URL(here);
first.searchParams.delete("cursor");
let source;
let loading = Promise.resolve();

const isInUse = () => {
  const isSelecting = !getSelection().isCollapsed && area.contains(getSelection().anchorNode);
  return here.searchParams.has("cursor") || isSelecting || area.querySelector("tbody input:checked") !== null;
};

const newIn = (part) => {
  const isNew = (row) => Date.parse(row.dataset.created) > Date.parse(area.dataset.at);
  const count = [...part.querySelectorAll("tr[data-created]")].filter(isNew).length;
  return count === 1 ? "1 new release" : `${count || "New deploys or"} ${count ? "new " : ""}releases`;
};

const offer = (text) => {
  news.replaceChildren(Object.assign(document.createElement("a"), { href: first.href, textContent: text }));
};

const load = async () => {
  const answer = await fetch(first, { headers: { Accept: "text/html" } });
  if (answer.redirected) return;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const later = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (!later) return;
  // What is said aloud must not be said again.
  if (later.dataset.state && later.dataset.state === area.dataset.state) return;
  if (news && isInUse()) {
    offer(newIn(later));
  } else if (swap(area, later)) {
    Object.assign(area.dataset, { ...later.dataset, live: area.dataset.live });
    news?.replaceChildren();
  } else if (news && !document.activeElement.matches("input, select, textarea")) {
    location.reload();
  }
};

// Only visible pages have a stream, as browsers open few connections to a server.
const follow = () => {
  source?.close();
  if (document.hidden) return;
  source = new EventSource(area.dataset.live);
  source.addEventListener("message", (event) => {
    const address = new URL(area.dataset.live, location.href);
    address.searchParams.set("after", event.lastEventId);
    area.dataset.live = address.href;
    loading = loading.then(load).catch(() => news && offer("This list changed, but loading it failed: try again"));
  });
};

if (area) {
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", follow);
}
