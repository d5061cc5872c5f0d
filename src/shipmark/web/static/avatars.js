// A photo that was chosen is shown before it is sent. What is not square, or too small or large, is cut from its middle:
// the limits stand at the field, and the server checks them.
const read = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => resolve(reader.result));
  reader.addEventListener("error", reject);
  reader.readAsDataURL(file);
});

const decode = async (file) => {
  const image = new Image(64, 64);
  image.src = await read(file);
  await image.decode();
  return image;
};

const cut = (image, side, kind) => {
  const shortest = Math.min(image.naturalWidth, image.naturalHeight);
  const left = (image.naturalWidth - shortest) / 2;
  const top = (image.naturalHeight - shortest) / 2;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  canvas.getContext("2d").drawImage(image, left, top, shortest, shortest, 0, 0, side, side);
  return new Promise((resolve) => { canvas.toBlob(resolve, kind); });
};

const fitted = async (file, image, { sideMin, sideMax }) => {
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const side = Math.min(Math.max(Math.min(width, height), Number(sideMin)), Number(sideMax));
  if (width === height && width === side) return file;
  const kind = file.type === "image/jpeg" ? file.type : "image/png";
  return new File([await cut(image, side, kind)], file.name, { type: kind });
};

for (const field of document.querySelectorAll("[data-photo]")) {
  const preview = field.form.querySelector("[data-preview]");
  field.addEventListener("change", async () => {
    const [file] = field.files;
    if (!file) return;
    try {
      const chosen = await fitted(file, await decode(file), field.dataset);
      const files = new DataTransfer();
      files.items.add(chosen);
      field.files = files.files;
      preview.replaceChildren(await decode(chosen));
    } catch {
      // It is no image that this browser knows: the server says what it takes.
    }
  });
}
