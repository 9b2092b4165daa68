// Single letters for reviewing: J K next and previous, P W R stage a verdict, 1 to 6 a reason, X tick, Enter open,
// U undo, S preview and send, ? the list. They never fire in a field and can be switched off (body[data-keys=off], the cookie "keys").
//
// [data-row] rows have a link, maybe a tick, and a cell .dec for the mark. The pane beside them (#pane, form#verdict) is
// fetched while rows are walked through. Verdicts are sent in the background; the mark is there at once and is taken
// back if the server says no. #staged is the bar of what is not sent, #said is read out and holds the sentences.

const rows = [...document.querySelectorAll("[data-row]")];
const pane = document.getElementById("pane");
const bar = document.getElementById("staged");
const said = document.getElementById("said");
const list = document.getElementById("keys");
const beside = Boolean(pane && rows.length && bar && document.querySelector('[data-rows="open"]'));
let at = Math.max(0, rows.findIndex((row) => row.getAttribute("aria-selected") === "true"));
let wanted; // W or R, while its reason is being chosen
let early; // a verdict that was pressed while the pane was still on its way
let timer;
const panes = new Map();

const say = (text) => {
  if (said) said.textContent = text || "";
};
const needs = (gone) => dispatchEvent(new CustomEvent("toast", { detail: { text: said?.dataset.needs, gone } }));
const idOf = (row) => row?.dataset.row;
const form = () => document.getElementById("verdict");
const field = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`);

function paneOf(row) {
  const id = idOf(row);
  if (!panes.has(id)) {
    const address = new URL(row.querySelector("a[href*='offer=']").href);
    const asked = new URL(`review/a/${id}?part=pane${address.searchParams.get("blind") ? "&blind=1" : ""}`, base());
    panes.set(id, fetch(asked, { credentials: "same-origin" }).then((answer) => (answer.ok ? answer.text() : "")));
  }
  return panes.get(id);
}

// The address of the site in the reader's language, read off a link that is on the page.
function base() {
  const here = location.pathname;
  return new URL(here.slice(0, here.indexOf("/review")) + "/", location.origin);
}

async function show(row) {
  const html = await paneOf(row).catch(() => "");
  if (row !== rows[at] || !html) return;
  pane.innerHTML = html;
  pane.querySelector(".pane-b")?.scrollTo(0, 0);
  history.replaceState(null, "", row.querySelector("a").href);
  const next = rows[at + 1];
  if (next) paneOf(next).catch(() => {});
  if (early) rule(early);
}

// The question for a reason is answered, or asked no more.
function settle() {
  if (wanted) needs(true);
  wanted = undefined;
}

function go(to) {
  if (!rows.length) return;
  rows[at].removeAttribute("aria-selected");
  at = Math.min(rows.length - 1, Math.max(0, to));
  settle();
  early = undefined;
  const row = rows[at];
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("a")?.focus({ preventScroll: true });
  if (!beside) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(row), 120);
}

async function post(address, data) {
  const headers = { Accept: "application/json" };
  const answer = await fetch(address, { method: "POST", body: data, headers, credentials: "same-origin" });
  if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error(String(answer.status));
  return answer.json();
}

// The chip of what is not sent counts along.
function countStaged(more) {
  const chip = document.querySelector('.rv-views .chip[href*="view=staged"] .n');
  if (chip && more && /^\d+$/.test(chip.textContent)) chip.textContent = String(Math.max(0, Number(chip.textContent) + more));
}

function take(answer, before) {
  for (const [id, html] of Object.entries(answer.rows)) {
    const cell = rows.find((row) => idOf(row) === id)?.querySelector(".dec");
    const had = (before?.get(id) ?? cell?.innerHTML ?? "").includes("staged");
    if (cell && (html || !answer.refused)) countStaged(Boolean(html) - had);
    if (cell) cell.innerHTML = html || (answer.refused ? before?.get(id) : "") || "–";
    panes.delete(id);
  }
  if (answer.refused) before?.forEach((html, id) => {
    const row = rows.find((one) => idOf(one) === id);
    if (row && !answer.rows[id]) row.querySelector(".dec").innerHTML = html;
  });
  bar.innerHTML = answer.bar;
  say(answer.said);
  if (answer.refused) dispatchEvent(new CustomEvent("toast", { detail: { text: answer.said } }));
}

// Stage a verdict for these rows: the mark is there at once, the server's own mark replaces it.
async function stage(chosen, address, data) {
  const before = new Map();
  const kind = { pass: "ok", wait: "warn", reject: "bad" }[data.get("ruling")];
  const label = field(data.get("ruling")[0])?.firstChild.textContent.trim() || "";
  for (const row of chosen) {
    const cell = row.querySelector(".dec");
    before.set(idOf(row), cell.innerHTML);
    const mark = document.createElement("span");
    mark.className = `tag tag-${kind} staged`;
    mark.textContent = label;
    cell.replaceChildren(mark);
  }
  try {
    take(await post(address, data), before);
  } catch {
    for (const row of chosen) row.querySelector(".dec").innerHTML = before.get(idOf(row));
    say(said?.dataset.failed);
    dispatchEvent(new CustomEvent("toast", { detail: { text: said?.dataset.failed } }));
  }
}

const ticked = () => rows.filter((row) => row.querySelector("input[name=offer]")?.checked);

function hasReason(data) {
  return data.getAll("reasons").some(Boolean) || Boolean(data.get("note")?.trim());
}

function rule(ruling) {
  const many = ticked();
  const typed = form();
  if (!many.length && (!typed || (beside && typed.dataset.offer !== idOf(rows[at])))) {
    if (!beside) return;
    early = ruling; // it is bound to what the pane will show
    show(rows[at]);
    return;
  }
  early = undefined;
  const data = new FormData(typed || document.getElementById("bulk"));
  data.set("ruling", ruling);
  data.set("batch", bar.dataset.batch || "");
  if (ruling !== "pass" && !hasReason(data)) {
    wanted = ruling;
    say(said?.dataset.needs);
    needs();
    return;
  }
  settle();
  if (!many.length) {
    stage([rows[at]], typed.action, data);
    if (at === rows.length - 1) say(said?.dataset.end);
    go(at + 1);
    return;
  }
  data.delete("stage");
  for (const row of many) {
    const id = idOf(row);
    data.append("offer", id);
    data.set(`seen-${id}`, row.querySelector(`input[name="seen-${id}"]`).value);
    row.querySelector("input[name=offer]").checked = false;
  }
  count();
  stage(many, document.getElementById("bulk").action, data);
}

async function undo(target) {
  const data = new FormData(target);
  data.set("batch", bar.dataset.batch || "");
  try {
    const answer = await post(target.action, data);
    take(answer);
    const back = rows.findIndex((row) => row.dataset.row in answer.rows);
    if (back >= 0) go(back);
  } catch {
    say(said?.dataset.failed);
  }
}

function count() {
  const box = document.getElementById("bulk-box");
  if (!box) return;
  const many = ticked().length;
  box.querySelector("[data-ticked]").textContent = many ? ` (${many})` : "";
  box.open = many > 0;
}

if (beside) {
  document.addEventListener("submit", (event) => {
    const ruling = event.submitter?.value;
    if (event.target.id === "verdict" && ruling) {
      event.preventDefault();
      rule(ruling);
    } else if ("undo" in event.target.dataset) {
      event.preventDefault();
      undo(event.target);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-row] a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || innerWidth < 1200) return;
    event.preventDefault();
    go(rows.indexOf(link.closest("[data-row]")));
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "offer") count();
    else if (event.target.name === "reasons" && wanted) needs(true);
  });
  const all = document.querySelector("[data-tick-all]");
  all.hidden = false;
  all.addEventListener("change", () => {
    rows.forEach((row) => {
      const box = row.querySelector("input[name=offer]");
      if (box) box.checked = all.checked;
    });
    count();
  });
}

const inField = (el) => el.isContentEditable || el.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
const off = () => document.body.dataset.keys === "off";

function press(key) {
  const button = field(key);
  if (!button || button.disabled) return false;
  button.click();
  if (wanted && button.matches("input:checked")) rule(wanted);
  return true;
}

function act(key, event) {
  if (key === "j" || key === "k") go(at + (key === "j" ? 1 : -1));
  else if (key === "x") rows[at]?.querySelector("input[type=checkbox]")?.click();
  else if (key === "o" || (key === "enter" && event.target.closest("[data-row]"))) {
    const full = pane?.querySelector("a[data-full]");
    if (full && form()?.dataset.offer === idOf(rows[at])) full.click();
    else rows[at]?.querySelector("a")?.click();
  } else return "pwrus123456".includes(key) && press(key);
  return true;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "?" && list) list.showModal();
  else if (!off() && act(event.key.toLowerCase(), event)) event.preventDefault();
});

document.querySelectorAll("[data-keys-open]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => list?.showModal());
});
document.querySelectorAll("[data-keys-switch]").forEach((box) => {
  box.checked = !off();
  box.addEventListener("change", () => {
    document.body.dataset.keys = box.checked ? "" : "off";
    document.cookie = `keys=${box.checked ? "" : "off"};path=/;max-age=${box.checked ? 0 : 31536000};samesite=lax`;
  });
});
