// An offer while it is written: kept soon after typing stops, shown as a card, prices pasted from a spreadsheet, a question
// about demand answered in place. Without this script the same buttons work with the page.
// Reads #offer-form[data-autosave], #kept, [data-preview] with [data-p], [data-ladder], [data-worth], form[data-reach],
// [data-reached].
const form = document.getElementById('offer-form')
const kept = document.getElementById('kept')
const PAUSE = 3000 // after the last key; what goes on being typed is kept every LONGEST
const LONGEST = 20000
let changed = 0 // when the first change was made that is not kept
let count = 0
let stale = false
let busy = false // an answer is awaited, and with it the mark of what is kept

async function keep() {
  if (!changed || busy || stale || form.dataset.sent) return
  const at = count
  const data = new FormData(form)
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name) // they went ahead
  busy = true
  try {
    const answer = await fetch(form.dataset.autosave, { method: 'POST', body: data })
    const said = await answer.json()
    kept.textContent = said.text
    if (said.seen) {
      form.elements.seen.value = said.seen
      if (at === count) changed = 0
    }
    if (said.page) {
      // a new offer has its own place now, also for what is sent or loaded next
      form.dataset.autosave = said.autosave
      form.action = said.page
      history.replaceState(null, '', said.page)
    }
    if (said.rows?.length && form.elements.pasted.value === data.get('pasted')) fill(said.rows)
    const worth = document.querySelector('[data-worth]')
    if (said.worth && worth) worth.innerHTML = said.worth
    stale ||= said.stale // somebody else's change is newer: it is theirs to look at
  } catch {
    kept.textContent = form.dataset.offline
  }
  busy = false
}

// What was pasted, as the server read it, into the rows above; the box is empty again, so that the rows count.
function fill(rows) {
  document.querySelectorAll('[data-ladder] tbody tr').forEach((line, i) => {
    const [units, price] = line.querySelectorAll('input')
    ;[units.value, price.value] = rows[i] ?? ['', '']
  })
  form.elements.pasted.value = ''
  form.dispatchEvent(new Event('filled'))
}

let pause
if (form?.dataset.autosave && kept) {
  setInterval(keep, LONGEST)
  form.addEventListener('input', (event) => {
    count += 1
    if (!changed) kept.textContent = form.dataset.changed
    changed = changed || Date.now()
    clearTimeout(pause)
    pause = setTimeout(keep, event.target.name === 'pasted' ? 400 : PAUSE)
  })
  addEventListener('visibilitychange', () => document.hidden && keep())
}

const preview = document.querySelector('[data-preview]')
if (form && preview) {
  const part = (name) => preview.querySelector(`[data-p="${name}"]`)
  const symbol = form.querySelector('[data-ladder] .money > span')?.textContent ?? ''
  const show = () => {
    if (form.elements.title.value) part('title').textContent = form.elements.title.value
    part('line').textContent = form.elements.selling_line.value
    const prices = [...form.querySelectorAll('[name^="tiers-"][name$="-unit_price"]')].map((field) => field.value.trim())
    const last = prices.filter(Boolean).pop()
    if (last) {
      const price = document.createElement('b')
      price.className = 'price'
      price.textContent = `${symbol}\u00a0${last}`
      part('price').replaceChildren(price)
    }
    const picture = form.querySelector('.ups img[data-large]')
    if (picture) part('picture').src = picture.src
  }
  form.addEventListener('input', show)
  form.addEventListener('filled', show)
}

// Rows out of a spreadsheet, pasted into any cell, go into the box below, which reads numbers in all their spellings.
document.querySelector('[data-ladder]')?.addEventListener('paste', (event) => {
  const text = event.clipboardData.getData('text').trim()
  if (!/[\t\n]/.test(text)) return
  event.preventDefault()
  form.elements.pasted.value = text
  form.elements.pasted.closest('details').open = true
  form.elements.pasted.focus()
  form.elements.pasted.dispatchEvent(new Event('input', { bubbles: true }))
})

const ask = document.querySelector('form[data-reach]')
ask?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const answer = await fetch(`${ask.dataset.reach}?at=${encodeURIComponent(ask.elements.at.value)}`)
  if (answer.ok) document.querySelector('[data-reached]').textContent = (await answer.json()).text
})
