// The guide's check marks follow what arrives: the page is asked again while it is visible and steps are open.
import { swap } from "./swapping.js";

const SECONDS = 3;
const guide = document.querySelector("[data-guide]");

const check = async () => {
  if (document.hidden) return;
  const answer = await fetch(guide.dataset.guide, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const later = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-guide]");
  if (!later || later.dataset.state === guide.dataset.state) return;
  guide.dataset.state = later.dataset.state;
  swap(guide, later);
};

if (guide) {
  guide.querySelector("[data-checks]").hidden = false;
  const timer = setInterval(() => {
    if (guide.dataset.state.includes("false")) check().catch(() => {});
    else clearInterval(timer);
  }, SECONDS * 1000);
}
