// Single letters for reviewing: J K next and previous, P W R the verdicts, 1 to 4 a reason, X select, O open, U undo,
// ? the list. They never fire in a field and can be switched off (localStorage "keys" = "off").
//
// [data-rows] holds rows [data-row]; a row has a link and may have a checkbox. [data-rows="open"] follows the link
// at once, so that the pane beside the rows always shows the chosen one.
// button[data-key="p"] and the like are pressed; with several rows the button inside the chosen row comes first.
// dialog#keys is the list; [data-keys-open] opens it; input[data-keys-switch] turns the letters on and off.

const rows = [...document.querySelectorAll("[data-row]")];
const list = document.getElementById("keys");
let at = Math.max(0, rows.findIndex((row) => row.getAttribute("aria-selected") === "true"));

function go(to) {
  if (!rows.length) return;
  rows[at].removeAttribute("aria-selected");
  at = Math.min(rows.length - 1, Math.max(0, to));
  rows[at].setAttribute("aria-selected", "true");
  rows[at].scrollIntoView({ block: "nearest" });
  rows[at].querySelector("a")?.focus({ preventScroll: true });
}

function press(key) {
  const name = `[data-key="${CSS.escape(key)}"]`;
  const button = rows[at]?.querySelector(name) || document.querySelector(name);
  if (button && !button.disabled) button.click();
  return Boolean(button);
}

const inField = (el) => el.isContentEditable || el.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
const off = () => {
  try {
    return localStorage.getItem("keys") === "off";
  } catch {
    return false;
  }
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target)) return;
  if (event.key === "?" && list) list.showModal();
  if (off() || list?.open) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    go(at + (key === "j" ? 1 : -1));
    if (rows[at]?.closest('[data-rows="open"]')) rows[at].querySelector("a")?.click();
  }
  else if (key === "x") rows[at]?.querySelector("input[type=checkbox]")?.click();
  else if (key === "o") rows[at]?.querySelector("a")?.click();
  else if ("pwru1234".includes(key) && press(key)) event.preventDefault();
});

document.querySelectorAll("[data-keys-open]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => list?.showModal());
});
document.querySelectorAll("[data-keys-switch]").forEach((box) => {
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
});
