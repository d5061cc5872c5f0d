// Filters are applied when they change; the button that applies them is for readers without scripts.
for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

// A form is sent once, however often its button is clicked.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
  // The page may come back from the browser's cache.
  addEventListener("pageshow", () => { form.ariaBusy = null; });
}
