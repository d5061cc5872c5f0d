// The dialog that asks the user of a page what happened when an error occurred. SDKs load it by `showReportDialog()`.
// It runs on pages of others: it keeps to itself in a shadow root, and uses no style or script that their policies for
// content would refuse.
(() => {
  const texts = __TEXTS__;
  // The address of this script names the project and the event: reports are posted to it.
  const address = document.currentScript.src;
  const CLOSED = "__sentry_reportdialog_closed__"; // what SDKs wait for to call `onClose`

  const style = new CSSStyleSheet();
  style.replaceSync(`
    dialog { width: min(34rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); box-sizing: border-box; padding: 1.5rem;
      border: 0; border-radius: .75rem; overflow: auto; color: #17212a; background: #fff; font: 1rem/1.5 system-ui, sans-serif;
      box-shadow: 0 1rem 3rem rgb(6 12 16 / 35%); }
    dialog::backdrop { background: rgb(6 12 16 / 45%); }
    h2 { margin: 0 0 .25rem; font-size: 1.25rem; line-height: 1.3; }
    p { margin: 0 0 1rem; color: #4a5863; }
    [role="alert"] { color: #a3221a; } [role="alert"]:empty { display: none; }
    label { display: block; margin-bottom: 1rem; font-weight: 600; }
    input, textarea { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem .625rem;
      border: 1px solid #6c7a85; border-radius: .375rem; color: inherit; background: inherit; font: inherit; font-weight: 400; }
    textarea { min-height: 7rem; resize: vertical; }
    footer { display: flex; flex-wrap: wrap; gap: .75rem; justify-content: flex-end; }
    button { min-height: 2.5rem; padding: 0 1rem; border: 1px solid #6c7a85; border-radius: .375rem; color: inherit;
      background: inherit; font: inherit; font-weight: 600; cursor: pointer; }
    button[type="submit"] { border-color: #0b6b72; color: #fff; background: #0b6b72; }
    button:disabled { opacity: .6; cursor: default; }
    :focus-visible { outline: 2px solid #0b6b72; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      dialog { color: #e7eef2; background: #161d23; } p { color: #a9b6bf; } [role="alert"] { color: #ff9d94; }
      input, textarea, button { border-color: #7d8d99; }
      button[type="submit"] { border-color: #43bac1; color: #08191b; background: #43bac1; }
      :focus-visible { outline-color: #43bac1; }
    }
  `);

  const made = (name, properties = {}, ...inner) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...inner);
    return element;
  };
  const field = (name, label, control) => made("label", {}, label, Object.assign(control, { name }));

  const host = made("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [style];

  const problem = made("p");
  problem.setAttribute("role", "alert");
  const send = made("button", { type: "submit" }, texts.labelSubmit);
  const close = made("button", { type: "button", onclick: () => dialog.close() }, texts.labelClose);
  const form = made(
    "form",
    { method: "post" },
    field("name", texts.labelName, made("input", { autocomplete: "name", maxLength: 128, value: texts.name })),
    field(
      "email",
      texts.labelEmail,
      made("input", { type: "email", autocomplete: "email", maxLength: 75, value: texts.email }),
    ),
    field("comments", texts.labelComments, made("textarea", { required: true, maxLength: 4096 })),
    problem,
    made("footer", {}, close, send),
  );
  const title = made("h2", { id: "title" }, texts.title);
  const subtitle = made("p", {}, [texts.subtitle, texts.subtitle2].filter(Boolean).join(" "));
  const dialog = made("dialog", {}, title, subtitle, form);
  dialog.setAttribute("aria-labelledby", "title");
  dialog.addEventListener("close", () => {
    host.remove();
    window.postMessage(CLOSED, "*");
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = "";
    let status = 0;
    try {
      const body = new URLSearchParams(new FormData(form));
      status = (await fetch(address, { method: "POST", body, credentials: "omit" })).status;
    } catch {
      // Offline, or refused by the page's policy: said below.
    }
    send.disabled = false;
    if (status !== 200) {
      problem.textContent = status === 400 ? texts.errorFormEntry : texts.errorGeneric;
      return;
    }
    const thanks = made("p", {}, texts.successMessage);
    thanks.setAttribute("role", "status");
    subtitle.remove();
    form.replaceWith(thanks, made("footer", {}, close));
    close.focus();
  });

  root.append(dialog);
  document.body.append(host);
  dialog.showModal();
})();
