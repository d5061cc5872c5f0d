// Absolute times in the reader's zone, where the server wrote them in UTC; also those of rows that are loaded later.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

const update = () => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.title = format.format(new Date(time.dateTime));
  }
};

update();
document.addEventListener("rows-loaded", update);
