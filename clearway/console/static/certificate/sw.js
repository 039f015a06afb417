// Keeps the page on the device, so that it opens without a network; a newer page takes its place.
"use strict";

const CACHE = "clearway-certificates-1";
const PARTS = ["./", "manifest.webmanifest", "mark.svg"];

self.addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PARTS)).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || !event.request.url.startsWith(self.registration.scope)) return;
  event.respondWith(caches.open(CACHE).then(async (cache) => {
    const fresh = await fetch(event.request).catch(() => null);
    if (fresh?.ok) await cache.put(event.request, fresh.clone());
    return fresh ?? (await cache.match(event.request, { ignoreSearch: true })) ?? Response.error();
  }));
});
