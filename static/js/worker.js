// The service worker. Pages come from the network; what carries its fingerprint in its address is kept; without a
// connection there is one page that says so. Of private pages only "Joined" is kept, as it was last seen, and it goes
// when somebody signs in or out, or when the server no longer shows it.

const asked = new URL(location).searchParams;
const OFFLINE = asked.getAll("offline"); // one page for each language
const FILES = `files-${asked.get("v")}`;
const PAGES = "pages";
const LASTING = /^\/static\//;
const JOINED = /^(\/[a-z-]+)?\/me\/joined$/;
const DOOR = /\/sign-(in|out)$/;

async function install() {
  const files = await caches.open(FILES);
  const named = new Set();
  for (const address of OFFLINE) {
    const page = await (await fetch(address)).text();
    await files.put(address, new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
    for (const found of page.matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)) named.add(found[1]);
  }
  await files.addAll([...named]);
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== FILES && name !== PAGES).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.status === 200) (await caches.open(FILES)).put(request, answer.clone());
  return answer;
}

// In the language of the address that was asked for.
function offline(path) {
  const own = OFFLINE.filter((address) => path.startsWith(address.replace(/offline$/, "")));
  return caches.match(own.sort((one, other) => other.length - one.length)[0]);
}

async function page(request, joined) {
  try {
    const answer = await fetch(request);
    if (joined) {
      const pages = await caches.open(PAGES);
      if (answer.status === 200) await pages.put(request.url, answer.clone());
      else await pages.delete(request.url);
    }
    return answer;
  } catch {
    return (joined && (await caches.match(request.url))) || (await offline(new URL(request.url).pathname)) || Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && DOOR.test(url.pathname)) event.waitUntil(caches.delete(PAGES));
  if (request.method !== "GET") return;
  if (LASTING.test(url.pathname) && (url.searchParams.has("v") || url.pathname.endsWith(".css"))) event.respondWith(kept(request));
  else if (request.mode === "navigate") event.respondWith(page(request, JOINED.test(url.pathname)));
});
