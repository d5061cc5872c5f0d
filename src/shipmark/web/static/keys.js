// Keys of lists and pages: rows, neighbours, sections and the search.
import { onKey } from "./single_keys.js";

const rowsOf = () => [...document.querySelectorAll(".rows[data-keys] tbody tr")];
const links = {
  "[": "[rel=prev]",
  "]": "[rel=next]",
  j: "[data-step=next]",
  k: "[data-step=previous]",
};
let current = -1;
let isAfterG = false;

const move = (rows, step) => {
  current = Math.max(0, Math.min(rows.length - 1, current + step));
  rows[current].querySelector("th a, .main a").focus();
};

// A click with Shift selects all rows since the last one.
const select = (rows, shiftKey) => {
  const box = rows[current]?.querySelector("input[type=checkbox]");
  box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
};

const goTo = (key) => document.querySelector(`.side [data-key="${CSS.escape(key)}"]`)?.click();

onKey((event) => {
  if (isAfterG) {
    isAfterG = false;
    goTo(event.key);
    return;
  }
  isAfterG = event.key === "g";
  const rows = rowsOf();
  if (event.key === "/") {
    const field = document.querySelector(".search .in");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  } else if ((event.key === "j" || event.key === "k") && rows.length) {
    move(rows, event.key === "j" ? 1 : -1);
  } else if (event.key.toLowerCase() === "x" && current >= 0) {
    select(rows, event.shiftKey);
  } else if (links[event.key]) {
    document.querySelector(links[event.key])?.click();
  }
});
