// Clearway's console: live news, theme, keyboard. No framework beyond htmx; no inline script.
(() => {
  "use strict";
  const root = document.documentElement;

  // News: one event stream a page; parts that listen (hx-trigger="facts from:body") refresh.
  function listen() {
    const mark = document.querySelector("[data-live]");
    if (!mark) return;
    const source = new EventSource(mark.dataset.live);
    let waiting = null;
    source.onopen = () => mark.classList.remove("is-lost");
    source.onerror = () => mark.classList.add("is-lost");
    source.onmessage = () => {
      if (waiting) return;
      waiting = setTimeout(() => {
        waiting = null;
        document.body.dispatchEvent(new CustomEvent("facts"));
      }, 700);
    };
    addEventListener("pagehide", () => source.close());
  }

  // Keyboard: g then a letter goes to a page, / searches, j and k move, Enter opens, ? helps.
  let waitingForPage = false;
  function typing(event) {
    return event.target.matches("input, textarea, select, [contenteditable]");
  }
  function move(step) {
    const rows = [...document.querySelectorAll("tr[data-href]")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus();
  }
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (waitingForPage) {
      waitingForPage = false;
      const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
      if (link) link.click();
      return;
    }
    if (event.key === "g") waitingForPage = true;
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "Enter" && event.target.matches("tr[data-href]")) {
      location.href = event.target.dataset.href;
    } else if (event.key === "?") {
      const help = document.querySelector("#keys");
      if (help) help.showModal();
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    listen();
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-href]");
      if (row && !event.target.closest("a, button, form, input")) location.href = row.dataset.href;
      if (event.target.closest("[data-theme-toggle]")) {
        root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
        localStorage.setItem("clearway-theme", root.dataset.bsTheme);
        document.dispatchEvent(new CustomEvent("clearway:theme"));
      }
      const closes = event.target.closest("[data-close]");
      if (closes) closes.closest("dialog").close();
    });
  });
})();
