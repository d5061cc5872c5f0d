// The options of a combobox: versions that contain what is typed, those of the same package first.
export const packageOf = (version) => version.slice(0, version.lastIndexOf("@") + 1);

// The text with its first match in bold.
const marked = (text, query) => {
  const at = query ? text.toLowerCase().indexOf(query) : -1;
  if (at < 0) return [text];
  const match = Object.assign(document.createElement("b"), { textContent: text.slice(at, at + query.length) });
  return [text.slice(0, at), match, text.slice(at + query.length)];
};

const optionOf = (known, query, id) => {
  const option = Object.assign(document.createElement("li"), { className: "option", id, role: "option", title: known.value });
  const name = Object.assign(document.createElement("span"), { className: "grow cut" });
  name.append(...marked(known.value, query));
  option.append(name, Object.assign(document.createElement("span"), { className: "faint xs nowrap", textContent: known.label }));
  return option;
};

export const optionsOf = (known, query, own, id) => {
  const found = known.filter(({ value }) => value.toLowerCase().includes(query));
  found.sort((a, b) => (packageOf(b.value) === own) - (packageOf(a.value) === own));
  return found.slice(0, 50).map((each, at) => optionOf(each, query, `${id}-${at}`));
};
