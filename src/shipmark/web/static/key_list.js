// The list of keys as a dialog, opened by ? or by the links to its page.
import { onKey } from "./single_keys.js";

const dialog = document.getElementById("keys");

const show = (event) => {
  event.preventDefault();
  dialog.showModal();
};

if (dialog) {
  onKey((event) => {
    if (event.key === "?") show(event);
  });
  for (const link of document.querySelectorAll("[data-shortcuts]")) link.addEventListener("click", show);
  // A click on the dialog itself, and not on what is in it, is one on its backdrop.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
