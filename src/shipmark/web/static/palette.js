// The search over everything, opened by ⌘K or Ctrl K; without scripts the same links lead to its page.
const palette = document.getElementById("palette");

const show = (event) => {
  event.preventDefault();
  palette.showModal();
  palette.querySelector("input").select();
};

if (palette) {
  for (const opener of document.querySelectorAll("[data-palette]")) opener.addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") show(event);
  });
  // A click on the dialog itself, and not on what is in it, is one on its backdrop.
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
  });
}
