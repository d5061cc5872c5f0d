// Absolute times in the zone of the reader's choice, or else in the browser's own, where the server wrote UTC.
const timeZone = document.documentElement.dataset.zone;
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", timeZone });

for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = format.format(new Date(time.dateTime));
}
