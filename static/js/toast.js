// A short message at the foot of the page; gone by itself, or undone by a press.
// Other scripts ask for one with: dispatchEvent(new CustomEvent("toast", { detail: { text, undo, action } })).
// With `gone` it is taken away.

// The region is there before its first words: a screen reader tells what changes in it, not what comes with it.
const stack = document.createElement("div");
stack.className = "toasts noprint";
stack.setAttribute("role", "status");
document.body.append(stack);

function show({ text, undo, action, gone }) {
  for (const old of [...stack.children]) if (old.firstChild.textContent === text) old.remove();
  if (gone) return;
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.className = "grow";
  words.textContent = text;
  box.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = undo;
    button.addEventListener("click", () => {
      action();
      box.remove();
    });
    box.append(button);
  }
  stack.append(box);
  setTimeout(() => box.remove(), undo ? 12000 : 6000);
}

addEventListener("toast", (event) => show(event.detail));

// A button that was pressed says so and cannot be pressed twice; the server refuses twins anyway.
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method !== "post") return;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => button.removeAttribute("aria-busy"), 8000);
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 8000); // the answer may have been a file
});

// Coming back by the browser's arrow: the page is as it was, so the forms may be sent again.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
});

// Menus close on Escape and on a press elsewhere.
function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The list of problems is where reading should go on.
document.querySelector(".errsum")?.focus();
