// An offer while it is written: kept every twenty seconds, shown as a card, prices pasted from a spreadsheet, a question
// about demand answered in place. Without this script the same buttons work with the page.
// Reads #offer-form[data-autosave], #kept, [data-preview] with [data-p], [data-ladder], form[data-reach], [data-reached].
const form = document.getElementById('offer-form')
const kept = document.getElementById('kept')
let changed = 0 // when the first change was made that is not kept
let count = 0

async function keep() {
  if (!changed || form.dataset.sent) return
  const at = count
  const data = new FormData(form)
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name) // they went ahead
  try {
    const answer = await fetch(form.dataset.autosave, { method: 'POST', body: data })
    const said = await answer.json()
    kept.textContent = said.text
    if (said.seen) {
      form.elements.seen.value = said.seen
      if (at === count) changed = 0
    }
    if (said.stale) clearInterval(timer) // somebody else's change is newer: it is theirs to look at
  } catch {
    kept.textContent = form.dataset.offline
  }
}

let timer
if (form?.dataset.autosave && kept) {
  timer = setInterval(keep, 20000)
  form.addEventListener('input', () => {
    count += 1
    if (!changed) kept.textContent = form.dataset.changed
    changed = changed || Date.now()
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
