// Absolute times in the zone of the reader's choice, or else in the browser's own, where the server wrote UTC; also those
// of rows that are loaded later.
const timeZone = document.documentElement.dataset.zone;
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", timeZone });

const update = () => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.title = format.format(new Date(time.dateTime));
  }
};

update();
document.addEventListener("rows-loaded", update);
