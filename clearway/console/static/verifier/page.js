// The page: takes files and texts, shows the verdict. Everything is put in as text, never as markup.
"use strict";

function standing(found) {
  const names = found.witnesses.map((one) => one.name).join(", ");
  const signed = names ? t("Witnesses that signed: {names}.", { names }) : t("No witness of your policy signed.");
  const unchecked = found.unchecked.length ? t("This page does not check signatures of the kind that these witnesses use: {names}.", { names: found.unchecked.join(", ") }) : "";
  if (!found.reached) return verdict("amber", "It stands in the log, but not enough witnesses signed yet", signed, unchecked, t("Log-signed, cosignatures pending: ask for the receipt again later."));
  if (!found.wanted) return verdict("green", "It holds under the log's key", t("You asked for no witness. One signature of the log shows who spoke; witnesses show that everybody was told the same."));
  return verdict("green", "It holds, and enough witnesses signed", signed);
}

function table(found) {
  const { fact, checkpoint } = found;
  const rows = [
    ["Fact", fact.type], ["About", fact.subject], ["Stated by", `${fact.issuer} (${fact.actor})`],
    ["Happened", fact.occurred_at], ["Recorded", fact.recorded_at],
    ["Place in the log", String(found.index)], ["Log", checkpoint.origin],
    ["Facts under the signed head", String(checkpoint.size)],
    ...found.witnesses.map((one) => ["Witness", `${one.name}, ${one.at.toISOString()}`]),
  ];
  return rowsOf(rows);
}

function content(fact) {
  try {
    return JSON.stringify(JSON.parse(fact.body), null, 2);
  } catch {
    return fact.body;
  }
}

async function show() {
  const result = byId("result");
  try {
    const found = await verifyReceipt(byId("receipt").value.trim(), byId("policy").value);
    result.replaceChildren(standing(found), node("div", { className: "card" }, table(found), node("h2", {}, t("What was stated")), node("pre", { tabIndex: 0 }, content(found.fact))));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    result.replaceChildren(verdict("red", "It does not hold", `${t(error.message, error.values)}.`, t("Rely on nothing that this file says.")));
  }
  result.hidden = false;
  result.focus();
}

const take = (field) => async (file) => { if (file) byId(field).value = await file.text(); };
const takeReceipt = take("receipt"), takePolicy = take("policy");

byId("receipt-file").addEventListener("change", (event) => takeReceipt(event.target.files[0]));
byId("policy-file").addEventListener("change", (event) => takePolicy(event.target.files[0]));
byId("form").addEventListener("submit", (event) => { event.preventDefault(); show(); });
const drop = byId("drop");
for (const kind of ["dragover", "dragleave", "drop"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.toggle("over", kind === "dragover"); });
drop.addEventListener("drop", (event) => takeReceipt(event.dataTransfer.files[0]));
translate("Verify a receipt", () => { if (!byId("result").hidden) show(); });
