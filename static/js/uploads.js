// Files go ahead of their form, with a bar each; pictures are put in order, turned and cut in place.
// Without this script the same boxes and buttons work with the form.
// Reads [data-upload], data-spec, data-most, [data-do] and the words of #upload-words.
const words = document.getElementById('upload-words')
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])

function send(url, data, box, progress) {
  data.append('spec', box.dataset.spec)
  data.append('csrf_token', box.closest('form').elements.csrf_token?.value ?? '')
  return new Promise((done) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.responseType = 'json'
    request.upload.onprogress = (event) => progress?.(event.loaded / event.total)
    request.onloadend = () => done(request.response ?? { problem: words.dataset.failed })
    request.send(data)
  })
}

function item(html) {
  const holder = document.createElement('template')
  holder.innerHTML = html // our own server's markup
  return holder.content.firstElementChild
}

function problem(line, text) {
  line.querySelector('.errm')?.remove()
  const said = document.createElement('p')
  said.className = 'errm'
  said.setAttribute('role', 'alert')
  said.textContent = text
  line.append(said)
}

const tell = (box, text) => (box.querySelector('[data-said]').textContent = text)
const changed = (box) => box.dispatchEvent(new Event('input', { bubbles: true }))

// A form that is sent while a file is still on its way waits for it.
const onTheWay = new Map()

function sending(form, by) {
  const state = onTheWay.get(form) ?? { count: 0 }
  state.count += by
  onTheWay.set(form, state)
  if (state.count || !state.waiting) return
  onTheWay.delete(form)
  form.requestSubmit(state.waiting.button ?? undefined)
}

addEventListener(
  'submit',
  (event) => {
    const state = onTheWay.get(event.target)
    if (!state?.count) return
    event.preventDefault()
    event.stopImmediatePropagation()
    state.waiting = { button: event.submitter }
    event.submitter?.setAttribute('aria-busy', 'true')
  },
  { capture: true },
)

async function add(box, list, file) {
  const form = box.closest('form')
  sending(form, 1)
  await addOne(box, list, file)
  sending(form, -1)
}

async function addOne(box, list, file) {
  const line = document.createElement('li')
  const bar = document.createElement('progress')
  const label = document.createElement('label')
  bar.max = 1
  bar.value = 0
  label.textContent = say(words.dataset.sending, { name: file.name })
  label.append(bar)
  line.append(label)
  list.append(line)
  const data = new FormData()
  data.append('file', file)
  const answer = await send(box.dataset.upload, data, box, (part) => (bar.value = part))
  if (!answer.html) {
    label.textContent = file.name
    return problem(line, answer.problem ?? words.dataset.failed)
  }
  if (box.dataset.most === '1') list.replaceChildren(line)
  line.replaceWith(item(answer.html))
  tell(box, say(words.dataset.kept, { name: file.name }))
  changed(box)
}

async function change(box, line, verb, more = {}) {
  const data = new FormData()
  const values = { do: verb, token: line.querySelector('[name$="-there"]').value, ...more }
  values.alt = line.querySelector('[name$="-alt"]')?.value ?? ''
  for (const [name, value] of Object.entries(values)) data.append(name, value)
  line.setAttribute('aria-busy', 'true')
  const answer = await send(words.dataset.change, data, box)
  line.removeAttribute('aria-busy')
  if (!answer.html) return problem(line, answer.problem ?? words.dataset.failed)
  const fresh = item(answer.html)
  line.replaceWith(fresh)
  fresh.querySelector(`[data-do="${verb === 'cut' ? 'square' : verb}"]`)?.focus()
  tell(box, say(words.dataset.changed, { name: answer.name }))
  changed(box)
}

function move(box, line, before) {
  const list = line.parentElement
  list.insertBefore(line, before)
  const place = [...list.children].indexOf(line) + 1
  tell(box, say(words.dataset.moved, { name: line.querySelector('.check').textContent.trim(), place }))
  changed(box)
}

// The square: a box over the picture, moved by pointer or arrow keys, its size by a slider.
function crop(box, line) {
  const dialog = words.content.querySelector('dialog').cloneNode(true)
  const picture = dialog.querySelector('img')
  const square = dialog.querySelector('.crop-box')
  const size = dialog.querySelector('input')
  let x = 0
  let y = 0
  let numbers = {}
  const wide = () => picture.clientWidth
  const high = () => picture.clientHeight
  const side = () => (Math.min(wide(), high()) * size.value) / 1000
  function place(left, top) {
    x = Math.max(0, Math.min(wide() - side(), left))
    y = Math.max(0, Math.min(high() - side(), top))
    Object.assign(square.style, { left: `${x}px`, top: `${y}px`, width: `${side()}px`, height: `${side()}px` })
    const part = (value, whole) => Math.round((1000 * value) / whole)
    numbers = { x: part(x, wide()), y: part(y, high()), side: size.value }
  }
  const centre = () => place((wide() - side()) / 2, (high() - side()) / 2)
  picture.onload = centre
  picture.src = line.querySelector('img').dataset.large
  size.oninput = () => place(x, y)
  square.onkeydown = (event) => {
    const by = event.shiftKey ? 20 : 5
    const ways = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }
    if (!ways[event.key]) return
    event.preventDefault()
    place(x + ways[event.key][0], y + ways[event.key][1])
  }
  square.onpointerdown = (event) => {
    const from = [event.clientX - x, event.clientY - y]
    square.setPointerCapture(event.pointerId)
    square.onpointermove = (now) => place(now.clientX - from[0], now.clientY - from[1])
  }
  square.onpointerup = () => (square.onpointermove = null)
  dialog.onclose = () => {
    const cut = dialog.returnValue === 'cut'
    dialog.remove()
    if (cut) change(box, line, 'cut', numbers)
    else line.querySelector('[data-do="square"]').focus()
  }
  document.body.append(dialog)
  dialog.showModal()
  square.focus()
}

function begin(box) {
  const list = box.querySelector('.ups')
  const input = box.querySelector('input[type=file]')
  input.addEventListener('change', () => {
    const files = [...input.files]
    const room = Number(box.dataset.most) - (box.dataset.most === '1' ? 0 : list.children.length)
    input.value = '' // they are sent here, not with the form
    if (files.length > room) tell(box, say(words.dataset.toomany, { count: box.dataset.most }))
    files.slice(0, Math.max(0, room)).forEach((file) => add(box, list, file))
  })
  list.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]')
    const line = event.target.closest('li')
    if (!button) return
    event.preventDefault()
    const verb = button.dataset.do
    if (verb === 'square') return crop(box, line)
    if (verb !== 'earlier' && verb !== 'later') return change(box, line, verb)
    const other = verb === 'earlier' ? line.previousElementSibling : line.nextElementSibling?.nextElementSibling
    if (verb === 'earlier' && !other) return
    move(box, line, other ?? null)
    button.focus()
  })
  if (box.dataset.most === '1') return
  let held = null
  list.addEventListener('pointerover', (event) => event.target.closest('li > img')?.setAttribute('draggable', 'true'))
  list.addEventListener('dragstart', (event) => (held = event.target.closest('li')))
  list.addEventListener('dragover', (event) => held && event.preventDefault())
  list.addEventListener('drop', (event) => {
    const over = event.target.closest('li')
    event.preventDefault()
    if (held && over && over !== held) move(box, held, event.offsetY > over.clientHeight / 2 ? over.nextElementSibling : over)
    held = null
  })
}

document.querySelectorAll('[data-upload]').forEach(begin)
