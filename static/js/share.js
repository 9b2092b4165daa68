// Passing a campaign on: the phone's own sheet where there is one, else a press that copies the link.
// [data-share-link] is the field with the link; button[data-copy] copies it and says [data-done]; button[data-share]
// opens the sheet with data-title and data-text. Both buttons are hidden until this script shows what works.

const field = document.querySelector("[data-share-link]");
const copy = document.querySelector("[data-copy]");
const sheet = document.querySelector("[data-share]");

if (field && sheet && navigator.share) {
  sheet.hidden = false;
  sheet.addEventListener("click", () => {
    const { title, text } = sheet.dataset;
    navigator.share({ title, text, url: field.value }).catch(() => {});
  });
}
if (field && copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value).catch(() => field.select());
    dispatchEvent(new CustomEvent("toast", { detail: { text: copy.dataset.done } }));
  });
}
field?.addEventListener("focus", () => field.select());
