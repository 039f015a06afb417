// What both pages show with: elements made as text, never as markup; texts in the reader's language.
"use strict";

const byId = (id) => document.getElementById(id);
const node = (name, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};

let language = Object.keys(TEXTS).find((code) => navigator.language.startsWith(code)) ?? "en";
const t = (text, values = {}) => (TEXTS[language]?.[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? t(String(values[name])) : whole));

/** Put every text into the reader's language; `again` shows the result anew. */
function translate(title, again) {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-t]")) {
    each.dataset.t ||= each.textContent.trim();
    each.textContent = t(each.dataset.t);
  }
  document.title = `${t(title)} · Clearway`;
  byId("languages").replaceChildren(...Object.entries(LANGUAGES).map(([code, name]) => {
    const button = node("button", { type: "button", lang: code, onclick: () => { language = code; translate(title, again); again(); } }, name);
    button.setAttribute("aria-pressed", String(code === language));
    return button;
  }));
}

const verdict = (colour, title, ...lines) => node("div", { className: `verdict ${colour}` }, node("h2", {}, t(title)), ...lines.filter(Boolean).map((line) => node("p", {}, line)));

const rowsOf = (rows) => node("table", {}, node("tbody", {}, ...rows.filter(([, value]) => value !== "" && value != null).map(([name, value]) => node("tr", {}, node("th", { scope: "row" }, t(name)), node("td", {}, value)))));
