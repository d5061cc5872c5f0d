// On narrow screens the tab of the page may be out of sight: its row is scrolled, and not the page.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const row = tab.closest(".tabs");
  const [own, around] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
  if (own.right > around.right) row.scrollLeft += own.right - around.right + row.clientWidth / 4;
}

// Browsers leave a focused link where it is if a part of it is in sight.
document.addEventListener("focusin", ({ target }) => {
  if (target.closest(".tabs, .sidenav")) target.scrollIntoView({ block: "nearest", inline: "nearest" });
});
