// The labelling page works without this file. It adds: rows that take the look of their label, the count of the duties
// kept up to date, Ctrl+Enter to save, and a word before leaving with labels that are not saved.
"use strict";

(() => {
  const form = document.querySelector("form.labels");
  if (!form) return;
  let dirty = false;
  let timer = 0;
  let asked = 0;

  const functionOf = (select) => {
    const group = select.selectedOptions[0] && select.selectedOptions[0].closest("optgroup");
    return group ? group.dataset.function : "";
  };

  function dress(select) {
    const row = select.closest(".segment");
    const name = functionOf(select);
    for (const c of [...row.classList]) if (c !== "segment" && c !== "unsure") row.classList.remove(c);
    if (name === "zone") row.classList.add(`zone-${select.value}`);
    else row.classList.add("duty", name);
  }

  async function count() {
    const mine = ++asked;
    const body = new FormData(form);
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(body), headers: { "X-Fragment": "1" } });
      const words = await answer.text();
      if (answer.ok && mine === asked) document.querySelector("#count").innerHTML = words;
    } catch { /* the server is gone: saving will say so */ }
  }

  form.addEventListener("change", (event) => {
    dirty = true;
    if (event.target.name && event.target.name.startsWith("s-")) dress(event.target);
    if (event.target.name === "functions" && event.target.checked) {
      // "none of them" goes with no other
      const none = event.target.value === "none";
      for (const box of form.querySelectorAll("input[name=functions]")) if ((box.value === "none") !== none) box.checked = false;
    }
    clearTimeout(timer);
    timer = setTimeout(count, 150);
  });
  form.addEventListener("submit", () => { dirty = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=save]"));
  });
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
})();
