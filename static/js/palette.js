// Ctrl-K or Cmd-K: a list of everywhere one can go, filtered by what is typed; arrows, Enter and Escape.
//
// dialog#palette holds input[role=combobox] and [role=option]s: [data-url] is where one leads; [data-search] takes the
// words along, with its text from data-words. [data-palette-open] opens it too. [role=status][data-none] speaks.

const palette = document.getElementById("palette");
if (palette) start(palette);

function start(dialog) {
  const field = dialog.querySelector("input");
  const options = [...dialog.querySelectorAll("[role=option]")];
  const searches = options.filter((option) => option.dataset.search);
  const status = dialog.querySelector("[role=status]");
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  let at = 0;

  const shown = () => options.filter((option) => !option.hidden);

  function choose(index) {
    const list = shown();
    at = (index + list.length) % (list.length || 1);
    options.forEach((option) => option.setAttribute("aria-selected", option === list[at]));
    if (list[at]) field.setAttribute("aria-activedescendant", list[at].id);
    else field.removeAttribute("aria-activedescendant");
    list[at]?.scrollIntoView({ block: "nearest" });
  }

  function filter() {
    const words = fold(field.value).split(/\s+/).filter(Boolean);
    options.forEach((option) => {
      if (!searches.includes(option)) option.hidden = !words.every((word) => fold(option.textContent).includes(word));
    });
    searches.forEach((search) => {
      search.hidden = !words.length;
      search.querySelector("span").textContent = search.dataset.words.replace("{words}", field.value.trim());
    });
    status.textContent = shown().length > searches.length || !words.length ? "" : status.dataset.none;
    choose(0);
  }

  function go(option) {
    if (option) location.assign(option.dataset.url || option.dataset.search + encodeURIComponent(field.value.trim()));
  }

  function open() {
    field.value = "";
    filter();
    dialog.showModal();
    field.focus();
  }

  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else if (!document.querySelector("dialog[open]")) open();
  });
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(at + step);
    else if (event.key === "Enter" && !event.isComposing) go(shown()[at]);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
    go(event.target.closest("[role=option]"));
  });
  document.querySelectorAll("[data-palette-open]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", open);
  });
}
