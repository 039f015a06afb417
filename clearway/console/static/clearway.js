// Clearway's console: live news, theme, keyboard. No framework beyond htmx; no inline script.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // News. One event stream a page; parts that listen (hx-trigger="facts from:body") refresh.
  const BURST_MS = 700;
  function tell() { document.body.dispatchEvent(new CustomEvent("facts")); }

  // A hidden page hangs up: browsers hold few connections to one host, and nobody looks at it.
  function listen() {
    const mark = $("[data-live]");
    if (!mark) return;
    let source = null;
    let waiting = null;
    let isMissed = false;
    const show = (isLive) => {
      mark.classList.toggle("is-lost", !isLive);
      mark.textContent = isLive ? mark.dataset.liveWord : mark.dataset.lostWord;
    };
    function open() {
      source = new EventSource(mark.dataset.live);
      source.onopen = () => { show(true); if (isMissed) { isMissed = false; tell(); } };
      source.onerror = () => { show(false); isMissed = true; };
      source.onmessage = () => {
        if (!waiting) waiting = setTimeout(() => { waiting = null; tell(); }, BURST_MS);
      };
    }
    function close() { source.close(); isMissed = true; }
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    open();
  }

  // A refresh never disturbs whoever works: while somebody types in a part, marks text in it or
  // holds the mouse down on it, the part waits and is refreshed afterwards.
  const FIELDS = "input:not([type=hidden]), textarea, select";
  const waitingParts = new Set();
  let pressed = null;

  function isBusy(part) {
    const at = document.activeElement;
    if (at && part.contains(at) && at.matches(FIELDS)) return true;
    if (pressed && part.contains(pressed)) return true;
    const marked = getSelection();
    return Boolean(marked && !marked.isCollapsed && part.contains(marked.anchorNode));
  }
  function resume() {
    setTimeout(() => {
      const ready = [...waitingParts].filter((part) => !isBusy(part));
      ready.forEach((part) => waitingParts.delete(part));
      if (ready.length) tell();
    }, 250);
  }
  document.addEventListener("htmx:before:request", (event) => {
    const part = event.detail?.ctx?.sourceElement;
    if (part?.matches("[data-live-part]") && isBusy(part)) {
      event.preventDefault();
      waitingParts.add(part);
    }
  });
  document.addEventListener("focusout", resume);
  document.addEventListener("selectionchange", () => { if (waitingParts.size) resume(); });
  document.addEventListener("pointerdown", (event) => { pressed = event.target; });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => { pressed = null; if (waitingParts.size) resume(); });
  }

  // If the focused row went away (a colleague began it), the row in its place takes the focus.
  let lostAt = null;
  document.addEventListener("htmx:before:swap", () => {
    const row = document.activeElement?.closest("tr[data-href]");
    lostAt = row ? rows().indexOf(row) : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (lostAt !== null && document.activeElement === document.body) focusRow(lostAt, true);
    lostAt = null;
    announce();
  });

  // What came newly is told once, politely, to whoever listens instead of looks.
  let lastAlarm = null;
  function announce() {
    const found = $("[data-alarm]");
    const number = found ? Number(found.dataset.alarm) : 0;
    if (lastAlarm !== null && number > lastAlarm) $("#announce").textContent = found.dataset.announce;
    if ($("#alarm-count")) lastAlarm = Math.max(lastAlarm ?? 0, number);
  }

  // Keyboard: g then a letter goes to a page, / searches, j and k move, Enter opens, ? helps.
  const areKeysOn = () => localStorage.getItem("clearway-keys") !== "off";
  const rows = () => all("tr[data-href]");
  const linkOf = (row) => $("a[href]", row);
  let isWaitingForPage = false;

  function focusRow(place, isQuiet = false) {
    const found = rows();
    if (!found.length) return;
    const row = found[Math.min(found.length - 1, Math.max(0, place))];
    linkOf(row)?.focus({ preventScroll: isQuiet });
  }
  function move(step) {
    const row = document.activeElement?.closest("tr[data-href]");
    focusRow(row ? rows().indexOf(row) + step : 0);
  }
  function press(key) {
    const row = document.activeElement?.closest("tr[data-href]");
    const target = (row && $(`[data-press="${key}"]`, row)) || (row ? null : $(`[data-press="${key}"]`));
    target?.click();
  }
  const acts = {
    g: () => { isWaitingForPage = true; },
    "/": (event) => {
      const search = $("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    },
    j: () => move(1),
    k: () => move(-1),
    b: () => press("b"),
    r: () => press("r"),
    "?": () => $("#keys")?.showModal(),
  };
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.matches("input, textarea, select, [contenteditable]") || $("dialog[open]")) return;
    if (event.key === "Shift" || !areKeysOn()) return;
    if (isWaitingForPage) {
      isWaitingForPage = false;
      if (/^[a-z]$/.test(event.key)) $(`a[data-key="${event.key}"]`)?.click();
      return;
    }
    if (Object.hasOwn(acts, event.key)) acts[event.key](event);
  }

  // Forms: a part that only some answers need, spare lines, no sending twice.
  function result(form) {
    const part = $("[data-needs]", form);
    if (!part) return;
    const show = () => {
      const chosen = $("input[name=outcome]:checked", form);
      const isOn = chosen?.value === part.dataset.needs;
      part.toggleAttribute("data-off", !isOn);
      part.disabled = !isOn;
    };
    form.addEventListener("change", show);
    show();
    const more = $("[data-more]", form);
    const spare = () => $("[data-spare]", form);
    more.hidden = !spare();
    more.addEventListener("click", () => {
      const line = spare();
      line.removeAttribute("data-spare");
      $("select, input", line).focus();
      more.hidden = !spare();
    });
  }

  // An open page in use keeps its session; one that only refreshes by itself does not.
  const PRESENT_MS = 4 * 60 * 1000;
  let presentAt = Date.now();
  function present() {
    if (Date.now() - presentAt < PRESENT_MS || !$("[data-live]")) return;
    presentAt = Date.now();
    fetch("/console/present", { headers: { "X-Clearway-Present": "1" } }).catch(() => {});
  }

  function onClick(event) {
    const row = event.target.closest("tr[data-href]");
    const isText = getSelection() && !getSelection().isCollapsed;
    if (row && !isText && !event.target.closest("a, button, form, input, select, label")) {
      location.href = row.dataset.href;
    }
    if (event.target.closest("[data-theme-toggle]")) {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      localStorage.setItem("clearway-theme", root.dataset.bsTheme);
      document.dispatchEvent(new CustomEvent("clearway:theme"));
    }
    const opens = event.target.closest("[data-opens]");
    if (opens) $(`#${opens.dataset.opens}`).showModal();
    event.target.closest("[data-close]")?.closest("dialog").close();
  }

  // A table wider than the page is scrolled with the keyboard only where it can have the focus.
  function reach() {
    for (const box of all(".table-responsive")) {
      const isHidden = box.scrollWidth > box.clientWidth && !$("a, button, input, select, summary", box);
      if (isHidden) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", reach);
  document.addEventListener("htmx:after:swap", reach);
  document.addEventListener("DOMContentLoaded", reach);

  document.addEventListener("DOMContentLoaded", () => {
    listen();
    all("form").forEach(result);
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
    for (const name of ["keydown", "pointerdown"]) document.addEventListener(name, present);
    all("[data-submits]").forEach((field) => field.addEventListener("change", () => field.form.submit()));
    const toggle = $("[data-keys-toggle]");
    toggle.checked = areKeysOn();
    toggle.addEventListener("change", () => localStorage.setItem("clearway-keys", toggle.checked ? "on" : "off"));
    document.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (button) setTimeout(() => { button.disabled = true; }, 0);
    });
    addEventListener("pageshow", () => all("button:disabled").forEach((one) => { one.disabled = false; }));
  });
})();
