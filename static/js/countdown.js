// Keeps <time data-countdown datetime data-now data-days data-hours data-minutes data-over> running on the server's
// clock: `data-now` was the time when the page was written. It never restarts; at zero it says `data-over`.

const pad = (n) => String(n).padStart(2, "0");

function words(el, seconds) {
  if (seconds <= 0) return el.dataset.over;
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60);
  const fill = (text, parts) => text.replace(/\{(\w)\}/g, (_, key) => parts[key]);
  if (seconds >= 172800) return fill(el.dataset.days, { d: days, h: pad(hours % 24) });
  if (seconds >= 3600) return fill(el.dataset.hours, { h: hours, m: pad(minutes % 60) });
  return fill(el.dataset.minutes, { m: minutes, s: pad(seconds % 60) });
}

document.querySelectorAll("[data-countdown]").forEach((el) => {
  let ahead = Date.parse(el.dataset.now) - Date.now();
  let timer;
  const end = Date.parse(el.dateTime);
  const tick = () => {
    clearTimeout(timer);
    const seconds = Math.floor((end - Date.now() - ahead) / 1000);
    const text = words(el, seconds);
    if (el.textContent !== text) el.textContent = text;
    if (seconds > 0) timer = setTimeout(tick, seconds <= 3600 ? 1000 : 20000);
  };
  // The page may come from the browser's store: then the server is asked what time it is (live.js).
  addEventListener("server-time", (event) => {
    ahead = event.detail;
    tick();
  });
  tick();
});
