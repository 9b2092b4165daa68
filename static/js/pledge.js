// The pledge box: four choices, slider, amount and drawing say the same; a sentence says what the choice means.
//
//   [data-picks] input[type=radio] choices; the value is an amount in major units ("259"), or "other"
//   input[type=range][data-range] the slider, min/max/step/value in minor units
//   input[data-amount]            the amount in major units, as it is typed
//   [data-qty] with button[data-step="-1|1"] around input[type=number]
//   script[type="application/json"][data-facts]
//     { "digits": 2, "locale": "en", "symbol_before": "¥", "symbol_after": "", "points": [[price, people], …],
//       "now": price or null, "cta": "Join at up to {price}",
//       "say": [{ "from": price, "text": "… {price} … {people} …" }, …] }   the last entry whose `from` is reached holds

const form = document.querySelector("form[data-pledge]");
if (form) start(form);

function start(form) {
  const facts = JSON.parse(form.querySelector("[data-facts]")?.textContent || "{}");
  const range = form.querySelector("[data-range]");
  const amount = form.querySelector("[data-amount]");
  const picks = [...form.querySelectorAll("[data-picks] input[type=radio]")];
  const say = form.querySelector("[data-say]");
  const cta = form.querySelector("[data-cta]");
  const scale = 10 ** (facts.digits ?? 2);

  const written = (minor) => {
    const whole = minor % scale === 0;
    const value = (minor / scale).toLocaleString(facts.locale, {
      minimumFractionDigits: whole ? 0 : facts.digits,
      maximumFractionDigits: whole ? 0 : facts.digits,
    });
    return `${facts.symbol_before ?? ""}${value}${facts.symbol_after ?? ""}`;
  };
  const plain = (minor) => (minor % scale === 0 ? String(minor / scale) : (minor / scale).toFixed(facts.digits ?? 2));
  const read = (text) => Math.round(Number(String(text).replace(",", ".")) * scale);
  const filled = (text, minor) =>
    text.replaceAll("{price}", written(minor)).replaceAll("{people}", people(facts.points, minor).toLocaleString(facts.locale));

  function set(minor, source) {
    if (!Number.isFinite(minor) || minor <= 0) return;
    if (range) range.value = minor;
    if (amount && source !== amount) amount.value = plain(minor);
    if (!picks.includes(source)) {
      const same = picks.find((pick) => pick.value !== "other" && read(pick.value) === minor);
      const chosen = same || picks.find((pick) => pick.value === "other");
      if (chosen) chosen.checked = true;
    }
    draw(form.querySelector("svg[data-demand]"), facts, minor);
    if (cta && facts.cta) cta.textContent = filled(facts.cta, minor);
    const meaning = (facts.say ?? []).filter((entry) => minor >= entry.from).at(-1);
    if (say && meaning) say.textContent = filled(meaning.text, minor);
    if (range) range.setAttribute("aria-valuetext", written(minor));
  }

  form.addEventListener("submit", () => {
    if (cta && form.dataset.busy) setTimeout(() => (cta.textContent = form.dataset.busy));
  });
  addEventListener("pageshow", (event) => event.persisted && amount && set(read(amount.value)));
  let waiting;
  range?.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => set(Number(range.value), range));
  });
  amount?.addEventListener("input", () => set(read(amount.value), amount));
  picks.forEach((pick) =>
    pick.addEventListener("change", () => (pick.value === "other" ? amount?.focus() : set(read(pick.value), pick))),
  );
  form.querySelectorAll("[data-qty]").forEach((group) => {
    const input = group.querySelector("input");
    group.querySelectorAll("[data-step]").forEach((button) =>
      button.addEventListener("click", () => {
        const next = Number(input.value || 1) + Number(button.dataset.step);
        input.value = Math.min(Number(input.max || 99), Math.max(Number(input.min || 1), next));
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    );
  });
}

// How many would pay this price: a straight line between the known points.
function people(points = [], minor) {
  for (let i = 0; i < points.length - 1; i += 1) {
    const [low, many] = points[i];
    const [high, few] = points[i + 1];
    if (low <= minor && minor <= high) return Math.round(many + ((few - many) * (minor - low)) / (high - low || 1));
  }
  return points.length && minor < points[0][0] ? points[0][1] : 0;
}

function draw(svg, facts, minor) {
  if (!svg) return;
  const { pad, w, low, high } = Object.fromEntries(["pad", "w", "low", "high"].map((key) => [key, Number(svg.dataset[key])]));
  const inside = Math.min(high, Math.max(low, minor));
  const x = pad + ((w - 2 * pad) * (inside - low)) / (high - low || 1);
  svg.querySelector("[data-you]").setAttribute("transform", `translate(${x} 0)`);
  svg.querySelector("[data-clip]").setAttribute("width", x);
  svg.querySelector("[data-people]").textContent = people(facts.points, minor).toLocaleString(facts.locale);
  svg.querySelector("[data-label]").setAttribute("transform", `translate(${x > w * 0.6 ? -112 : 28} 17)`);
}
