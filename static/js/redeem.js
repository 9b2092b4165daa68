// A code that a camera opened stands behind the # of the address: it goes into the field, and out of the address.
// Reads [data-code].
const field = document.querySelector('[data-code]')
const code = decodeURIComponent(location.hash.slice(1)).replace(/[^A-Za-z0-9]/g, '').slice(0, 10)
if (field && code) {
  field.value = code
  history.replaceState(null, '', location.pathname)
  field.form.querySelector('button').focus()
}
