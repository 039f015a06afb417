// The page: reads a code, shows what is known of the certificate, and keeps lists.
"use strict";

const TITLES = { green: "It can be relied on", amber: "It cannot be known here", red: "Do not rely on it" };
const MARKS = { G: ["✓", "ok"], A: ["?", "unknown"], R: ["✕", "bad"] };
let lastText = null;

const kilograms = (grams) => (grams === null ? "–" : `${(grams / 1000).toLocaleString(language)} kg`);
const date = (at) => new Date(at).toISOString().slice(0, 10);

function reasonsOf(answers) {
  const gravest = [...answers].sort((one, other) => "GAR".indexOf(other.code[0]) - "GAR".indexOf(one.code[0]));
  return node("ul", { className: "reasons" }, ...gravest.map(({ code, value }) => {
    const [mark, kind] = MARKS[code[0]];
    return node("li", {}, node("span", { className: `mark ${kind}`, ariaHidden: "true" }, mark), node("span", {}, t(SAID[code]), value ? ` (${value})` : "", node("span", { className: "code" }, code)));
  }));
}

function goodsTable(goods) {
  const heads = ["Line", "HS", "Goods", "Net mass", "Packages"].map((each) => node("th", { scope: "col" }, t(each)));
  const rows = goods.lines.map((line) => node("tr", {}, ...[line.number, line.hs, line.name, kilograms(line.grams), line.packages ?? "–"].map((each) => node("td", {}, String(each)))));
  const more = goods.lineCount - goods.lines.length;
  return [node("h3", {}, t("Goods")), node("table", { className: "goods" }, node("thead", {}, node("tr", {}, ...heads)), node("tbody", {}, ...rows)), ...(more ? [node("p", { className: "soft" }, t("{count} more lines stand in the document.", { count: more }))] : [])];
}

function claimsOf({ claims, isProved }) {
  const goods = claims.goods;
  return node("div", { className: "card" },
    node("h2", {}, t("What the seal says")),
    ...(isProved ? [] : [node("p", { className: "unproved" }, t("Not proved: compare nothing by this."))]),
    rowsOf([
      ["Number", claims.number], ["Kind", claims.type], ["Issued by", claims.country], ["For", claims.importing], ["Issued on", claims.issued], ["Valid until", claims.until],
      ["Consignor", goods?.consignor], ["Consignee", goods?.consignee], ["Containers and seals", goods?.containers.map((each) => each.join(" · ")).join("; ")],
    ]),
    ...(goods ? goodsTable(goods) : []));
}

async function show() {
  if (lastText === null) return;
  const at = Date.now(), known = await takeUp(at);
  const found = await judgeSeal(lastText, known.trust, known.lists, at);
  const result = byId("result");
  const head = verdict(found.colour, TITLES[found.colour]);
  head.classList.add("big");
  result.replaceChildren(head, node("div", { className: "card" }, reasonsOf(found.answers)), ...(found.claims ? [claimsOf(found)] : []));
  result.dataset.codes = found.answers.map((each) => each.code).join(" ");
  result.hidden = false;
  result.focus();
}

async function showKnown() {
  const at = Date.now(), { trust, lists, amiss, issuer } = await takeUp(at);
  const state = (list) => (at < list.next ? t("good until {day}", { day: date(list.next) }) : t("out of date since {day}", { day: date(list.next) }));
  const rows = lists.map((list) => [`${list.country} ${list.list}`, state(list)]);
  byId("known").replaceChildren(rowsOf([["Trust list", trust ? `${trust.issuer}, ${trust.keys.length}, ${state(trust)}` : t("none")], ...rows]), ...amiss.map((each) => node("p", { className: "unproved" }, t(each.message, each.values))));
  byId("issuer").value ||= issuer;
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

/** Run what a reader asked for; what is wrong is told where it was asked. */
async function doing(act) {
  notice("");
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    notice(t(error.message, error.values));
  }
}

const judgeText = (text) => {
  if (text === null) return notice(t("No code was found; hold it flat, in good light."));
  lastText = text.trim();
  return show();
};

byId("camera").addEventListener("click", () => doing(async () => {
  if (stream) return stopCamera(byId("video"));
  byId("camera").textContent = t("Stop");
  try {
    const text = await scan(byId("video"));
    if (text !== null) await judgeText(text);
  } finally {
    byId("camera").textContent = t("Scan with the camera");
  }
}));
byId("image").addEventListener("change", (event) => doing(async () => judgeText(await readImageFile(event.target.files[0]))));
byId("check").addEventListener("click", () => doing(() => judgeText(byId("text").value)));
byId("lists").addEventListener("change", (event) => doing(async () => {
  const files = await Promise.all(Array.from(event.target.files, async (file) => new Uint8Array(await file.arrayBuffer())));
  try {
    for (const bytes of files.sort((one, other) => (other[0] === 0x7b) - (one[0] === 0x7b))) await keepList(bytes, byId("issuer").value, Date.now());
  } finally {
    event.target.value = "";
    await showKnown();
    await show();
  }
}));
byId("forget").addEventListener("click", () => doing(async () => { await forgetAll(); byId("issuer").value = ""; await showKnown(); await show(); }));
prepare();
translate("Verify a certificate", () => { showKnown(); show(); });
showKnown();
if (location.protocol.startsWith("http") && "serviceWorker" in navigator) navigator.serviceWorker.register("sw.js");
