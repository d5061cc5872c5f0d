// Keys that press a button: E resolves and A archives the issue, or the selected ones, M opens the menu that assigns.
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

// Enter on a box of the list would submit its form, and in a field press the first button of the form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("form :is(input[type=checkbox], [data-enter])")) return;
  event.preventDefault();
  if ("enter" in event.target.dataset) event.target.parentElement.querySelector("button").click();
});
