// A form[data-want] answers at once: its button changes first and changes back if the server refuses.
// data-on and data-off are the button's two words. Without this script it is a plain form.

addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-want]");
  if (!form) return;
  const button = form.querySelector("button");
  const was = button.getAttribute("aria-pressed") === "true";
  if (was) return; // leaving is a page of its own
  event.preventDefault();
  const say = (on) => {
    button.setAttribute("aria-pressed", on);
    button.textContent = on ? form.dataset.on : form.dataset.off;
  };
  say(!was);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (answer.redirected && !answer.ok) throw new Error(answer.status);
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) location.assign(answer.url);
    else if (!answer.ok) throw new Error(answer.status);
  } catch {
    say(was);
    form.submit(); // the plain way, whose page says what is wrong
  }
});
