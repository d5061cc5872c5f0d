// Absolute times in the reader's zone, where the server wrote them in UTC.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = format.format(new Date(time.dateTime));
}
