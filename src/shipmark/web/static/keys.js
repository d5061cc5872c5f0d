// Single keys, which do nothing while a field has the focus.
const rowsOf = () => [...document.querySelectorAll(".rows[data-keys] tbody tr")];
const links = { "[": "[rel=prev]", "]": "[rel=next]" };
let current = -1;
let isAfterG = false;

const move = (rows, step) => {
  current = Math.max(0, Math.min(rows.length - 1, current + step));
  rows[current].querySelector("th a, .main a").focus();
};

const goTo = (key) => document.querySelector(`.side [data-key="${key}"]`)?.click();

document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping) return;
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
    rows[current]?.querySelector("input[type=checkbox]")?.click();
  } else if (links[event.key]) {
    document.querySelector(links[event.key])?.click();
  }
});
