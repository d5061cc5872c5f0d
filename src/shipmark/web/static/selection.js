// The bar of actions on selected rows: their number, "select all", and ranges with Shift. Rows may be loaded later.
for (const bar of document.querySelectorAll(".bulk")) {
  const card = bar.closest(".card");
  const boxesOf = () => [...card.querySelectorAll("tbody input[type=checkbox]")];
  const all = card.querySelector("thead input[type=checkbox]");
  const count = bar.querySelector("[data-count]");
  let last = null;

  const update = () => {
    const boxes = boxesOf();
    const checked = boxes.filter((box) => box.checked).length;
    count.textContent = String(checked);
    count.parentElement.hidden = checked === 0;
    if (all) {
      all.checked = checked > 0 && checked === boxes.length;
      all.indeterminate = checked > 0 && checked < boxes.length;
    }
  };

  card.addEventListener("click", (event) => {
    const boxes = boxesOf();
    const index = boxes.indexOf(event.target);
    if (index < 0) return;
    const from = boxes.indexOf(last);
    if (event.shiftKey && from >= 0) {
      for (const each of boxes.slice(Math.min(from, index), Math.max(from, index) + 1)) each.checked = event.target.checked;
    }
    last = event.target;
    update();
  });
  all?.addEventListener("change", () => {
    for (const box of boxesOf()) box.checked = all.checked;
    update();
  });
  document.addEventListener("rows-loaded", update);
  update();
}
