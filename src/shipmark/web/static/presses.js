// Keys that press a button: E resolves and A archives the issue, or the selected ones.
// The bar of the selection is not displayed while nothing is selected, so its buttons are skipped.
import { onKey } from "./single_keys.js";

let previous = "";

onKey((event) => {
  const isAfterG = previous === "g";
  previous = event.key;
  if (event.repeat || isAfterG || !/^[a-z]$/.test(event.key)) return;
  const buttons = [...document.querySelectorAll(`[data-press="${event.key}"]`)];
  buttons.find((button) => button.offsetParent !== null)?.click();
});

// Enter on a box of the list would submit its form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("form input[type=checkbox]")) event.preventDefault();
});
