// While a title is typed: what others wish for already. input[data-similar] has the address to ask (JSON: title, url,
// line); [data-similar-box] is shown with [data-similar-list] filled. Without this script it is shown after "Go on".

const field = document.querySelector("[data-similar]");
const box = document.querySelector("[data-similar-box]");
const list = document.querySelector("[data-similar-list]");
let timer;
let asked = "";

function show(found) {
  list.replaceChildren(
    ...found.map(({ title, url, line }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = url;
      link.textContent = title;
      item.append(link, ` ${line}`);
      return item;
    }),
  );
  box.hidden = !found.length;
}

async function ask() {
  const words = field.value.trim();
  if (words === asked) return;
  asked = words;
  if (words.length < 2) return show([]);
  try {
    const answer = await fetch(`${field.dataset.similar}?q=${encodeURIComponent(words)}`);
    if (answer.ok && words === asked) show(await answer.json());
  } catch {
    // it is shown after "Go on" too
  }
}

field?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 350);
});
if (field?.value) ask();
