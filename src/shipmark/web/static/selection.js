// The bar of actions on selected rows: their number, "select all", and ranges with Shift.
for (const bar of document.querySelectorAll(".bulk")) {
  const card = bar.closest(".card");
  const boxes = [...card.querySelectorAll("tbody input[type=checkbox]")];
  const all = card.querySelector("thead input[type=checkbox]");
  const count = bar.querySelector("[data-count]");
  let last = -1;

  const update = () => {
    const checked = boxes.filter((box) => box.checked).length;
    count.textContent = String(checked);
    count.parentElement.hidden = checked === 0;
    if (all) {
      all.checked = checked > 0 && checked === boxes.length;
      all.indeterminate = checked > 0 && checked < boxes.length;
    }
  };

  boxes.forEach((box, index) => {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, index), Math.max(last, index)];
        for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
      }
      last = index;
      update();
    });
  });
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    update();
  });
  update();
}
