// Fields with suggestions become comboboxes: arrows move, Enter picks, Escape closes.
import { optionsOf, packageOf } from "./options.js";

const enhance = (field) => {
  const known = [...field.list.options].map(({ value, text }) => ({ value, label: text }));
  const own = packageOf(field.value);
  const list = Object.assign(document.createElement("ul"), { id: `${field.id}-list`, role: "listbox", ariaLabel: "Releases", hidden: true });
  let active = -1;
  field.removeAttribute("list");
  field.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) field.setAttribute(name, value);

  const mark = (index) => {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    list.children[index]?.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", list.children[index]?.id ?? "");
  };
  const show = (isOpen) => {
    list.hidden = !isOpen || !list.children.length;
    field.ariaExpanded = String(!list.hidden);
  };
  const fill = (query) => {
    list.replaceChildren(...optionsOf(known, query, own, list.id));
    mark(-1);
    show(true);
  };
  const pick = (option) => { field.value = option.title; show(false); };

  show(false);
  field.addEventListener("input", () => fill(field.value.trim().toLowerCase()));
  field.addEventListener("blur", () => show(false));
  // The field keeps the focus.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => pick(event.target.closest("[role=option]")));
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (list.hidden) fill("");
      mark(Math.max(0, Math.min(list.children.length - 1, active + step)));
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(false);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      pick(list.children[active]);
    }
  });
};

for (const field of document.querySelectorAll(".combo > input[list]")) enhance(field);
