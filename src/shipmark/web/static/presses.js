// Keys that press a button: E resolves and A archives the issue, or the selected ones.
// The bar of the selection is not displayed while nothing is selected, so its buttons are skipped.
let previous = "";

document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  const isAfterG = previous === "g";
  previous = event.key;
  if (event.metaKey || event.ctrlKey || event.altKey || event.repeat || isTyping || isAfterG) return;
  if (event.target.closest?.("[contenteditable], dialog") || !/^[a-z]$/.test(event.key)) return;
  const buttons = [...document.querySelectorAll(`[data-press="${event.key}"]`)];
  buttons.find((button) => button.offsetParent !== null)?.click();
});

// Enter on a box of the list would submit its form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("form input[type=checkbox]")) event.preventDefault();
});
