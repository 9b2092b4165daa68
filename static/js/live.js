// Keeps the numbers of an open campaign fresh: asks every ten seconds while the page is seen.
// [data-live-said] has data-live-url (JSON: parts, price, said, open), data-price (the price now, or nothing) and is a
// polite live region; [data-live="name"] are the places of the parts. Tells countdown.js the server's time.

const said = document.querySelector("[data-live-said]");
const EVERY = 10000;
let price = said.dataset.price;
let last = "";
let timer;

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(said.dataset.liveUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const now = Date.parse(answer.headers.get("X-Now"));
    if (now) dispatchEvent(new CustomEvent("server-time", { detail: now - Date.now() }));
    const text = await answer.text();
    if (text !== last) show(JSON.parse(text));
    last = text;
    if (JSON.parse(text).open === false) return;
  } catch {
    // the next time may be better; what stands here was true
  }
  timer = setTimeout(ask, EVERY);
}

function show(fresh) {
  const crossed = String(fresh.price ?? "") !== price;
  for (const [name, html] of Object.entries(fresh.parts)) {
    const place = document.querySelector(`[data-live="${name}"]`);
    if (place && place.innerHTML.trim() !== html.trim()) {
      place.innerHTML = html;
      if (crossed && name === "ladder") place.querySelector(".cur")?.classList.add("filled");
    }
  }
  if (!crossed) return;
  price = String(fresh.price ?? "");
  said.textContent = fresh.said;
}

addEventListener("visibilitychange", () => !document.hidden && ask());
addEventListener("pageshow", ask);
