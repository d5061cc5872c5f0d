// Buttons that copy the text of their attribute, or else of the code beside them; they are hidden without scripts.
const write = async (text, button) => {
  // Browsers offer the clipboard to secure pages only, and users may refuse it; many servers run on plain http.
  if (await navigator.clipboard?.writeText(text).then(() => true, () => false)) return;
  const field = Object.assign(document.createElement("textarea"), { value: text });
  button.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
};

const say = (button, word, icon) => {
  button.title = word;
  button.setAttribute("aria-label", word);
  button.querySelector("use")?.setAttribute("href", icon);
};

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.title || button.textContent.trim();
  button.hidden = false;
  button.addEventListener("click", async () => {
    await write(button.dataset.copy || button.parentElement.querySelector("code").textContent, button);
    say(button, "Copied", "#i-yes");
    setTimeout(() => say(button, label, "#i-copy"), 1600);
  });
}
