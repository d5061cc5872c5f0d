// Parts of a page are replaced by those of a later answer. Rows are known by a key, and the focus stays on its row.
const FOCUSABLE = "a, button, input, summary";

const placeOf = (element) => {
  const row = element?.closest("[data-row]");
  return row && { key: row.dataset.row, index: [...row.querySelectorAll(FOCUSABLE)].indexOf(element) };
};

const restore = (part, place) => {
  const row = part.querySelector(`[data-row="${CSS.escape(place.key)}"]`);
  row?.querySelectorAll(FOCUSABLE)[place.index]?.focus({ preventScroll: true });
};

const keysOf = (part) => new Set([...part.querySelectorAll("[data-row]")].map((row) => row.dataset.row));

// Replace the parts of an area and mark rows that were not there; return false if the parts are not the same ones.
export const swap = (area, later) => {
  const parts = [...area.querySelectorAll("[data-part]")];
  const laterOf = (part) => later.querySelector(`[data-part="${part.dataset.part}"]`);
  if (parts.length !== later.querySelectorAll("[data-part]").length || !parts.every(laterOf)) return false;
  for (const part of parts) {
    const [known, place] = [keysOf(part), part.contains(document.activeElement) && placeOf(document.activeElement)];
    part.replaceChildren(...laterOf(part).childNodes);
    for (const row of part.querySelectorAll("tr[data-row]")) row.classList.toggle("fresh", !known.has(row.dataset.row));
    if (place) restore(part, place);
  }
  document.dispatchEvent(new Event("rows-loaded"));
  return true;
};
