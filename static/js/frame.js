// What every page has: single keys (/ search, ? list of keys, g and a letter), and the service worker.
//
// body[data-keys=off] switches single keys off; they never act in a field, with a modifier, or while a dialog is open.

const inField = (el) => el.isContentEditable || el.matches?.("textarea, select, input:not([type=checkbox]):not([type=radio])");
let afterG = 0;

function search() {
  const field = document.querySelector("main input[type=search], .bo-top input[type=search]");
  if (field) {
    field.focus();
    field.select();
  } else document.querySelector("[data-search]")?.click();
}

function act(key) {
  const went = Date.now() - afterG < 1200 && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  afterG = key === "g" ? Date.now() : 0;
  if (went) location.assign(went.href);
  else if (key === "/") search();
  else if (key === "?" && !document.getElementById("keys")) document.getElementById("keyhelp")?.showModal();
  else return false;
  return true;
}

if (document.body.dataset.keys !== "off") {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (inField(event.target) || document.querySelector("dialog[open]")) return;
    if (!act(event.key.toLowerCase())) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the r of "g r" is not the r of a page's own keys
  });
}

const worker = document.body.dataset.worker;
if (worker && "serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => {}));
}
