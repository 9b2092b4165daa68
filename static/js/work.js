// How far long work is: asks every two seconds, more seldom in the background, and shows the page anew at the end.
// Reads [data-work] (the address to ask), #work-progress, #work-said.
const card = document.querySelector('[data-work]')
const bar = document.getElementById('work-progress')
const said = document.getElementById('work-said')

async function look() {
  try {
    const answer = await fetch(card.dataset.work, { headers: { Accept: 'application/json' } })
    if (answer.ok) {
      const now = await answer.json()
      if (now.over) return location.reload()
      if (said.textContent !== now.text) said.textContent = now.text
      if (now.total) {
        bar.max = now.total
        bar.value = now.done
      } else if (now.state === 'running') bar.removeAttribute('value')
    }
  } catch {} // no network just now: the next look finds it
  setTimeout(look, document.hidden ? 10000 : 2000)
}

if (card?.dataset.work) setTimeout(look, 1000)
