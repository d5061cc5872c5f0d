// Filters are applied when they change; the button that applies them is for readers without scripts.
for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

// A form is sent once, however often its button is clicked, unless the answer was not awaited.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
  const release = () => { form.ariaBusy = null; };
  globalThis.navigation?.addEventListener("navigateerror", release);
  // The page may come back from the browser's cache.
  addEventListener("pageshow", release);
}

// Going back after a text was stored, the browser fills it in again, beside the stored one.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("[data-stored]")) {
    const stored = [...document.querySelectorAll(field.dataset.stored)].map((each) => each.textContent.trim());
    if (stored.includes(field.value.trim())) field.value = field.defaultValue;
  }
});

// Readers who do not see what a form led to begin there: at the first wrong field, or else at the result.
const result = document.querySelector("main[data-result] [aria-invalid=true]")
  ?? document.querySelector("main[data-result] :is(.note, .line)[role]:not([data-part])");
if (result && document.activeElement === document.body) {
  if (!result.matches("input, select, textarea")) result.tabIndex = -1;
  result.focus();
}
