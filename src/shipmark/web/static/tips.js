// The text of a chart's step beside the pointer, or beside the step that the arrow keys lead to.
const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true, ariaHidden: "true" });

const show = (zone) => {
  const box = zone.getBoundingClientRect();
  tip.textContent = zone.getAttribute("aria-label");
  tip.hidden = false;
  const left = box.left + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(4, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.max(4, box.top - tip.offsetHeight)}px`;
};

const hide = () => { tip.hidden = true; };
const charts = document.querySelectorAll("[data-zones]");
if (charts.length) document.body.append(tip);

for (const chart of charts) {
  const zones = [...chart.querySelectorAll(".hit")];
  // The browser's own tooltip would stand beside this one.
  for (const zone of zones) zone.querySelector("title").remove();
  for (const name of ["pointerover", "focusin"]) {
    chart.addEventListener(name, (event) => (event.target.matches(".hit") ? show(event.target) : hide()));
  }
  for (const name of ["pointerleave", "focusout"]) chart.addEventListener(name, hide);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    const next = step && zones[zones.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}
