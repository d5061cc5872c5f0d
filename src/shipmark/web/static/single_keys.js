// Single keys do nothing with a modifier, while a field or dialog has the focus, or if the reader turned them off.
const isOff = document.documentElement.dataset.singleKeys === "off";

// What had the focus in a dialog, a field perhaps, keeps it until the next frame after the dialog is closed.
const isTyping = (target) =>
  !target.closest?.("dialog:not([open])") &&
  ((/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox") ||
    Boolean(target.closest?.("[contenteditable], dialog")));

export const onKey = (handle) => {
  if (isOff) return;
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    handle(event);
  });
};
