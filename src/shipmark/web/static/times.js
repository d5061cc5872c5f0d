// Absolute times in the zone of the reader's choice, or else in the browser's own, where the server wrote UTC; also those
// of rows that are loaded later.
const timeZone = document.documentElement.dataset.zone;
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", timeZone });

const update = () => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.title = format.format(new Date(time.dateTime));
  }
  // Tooltips of charts have other words beside the time.
  for (const part of document.querySelectorAll("[data-words]")) {
    const [former, words] = [part.dataset.words, format.format(new Date(part.dataset.at))];
    const title = part.querySelector("title");
    if (title) title.textContent = title.textContent.replace(former, words);
    if (part.ariaLabel) part.ariaLabel = part.ariaLabel.replace(former, words);
    part.dataset.words = words;
  }
};

update();
document.addEventListener("rows-loaded", update);
