// The page works without this file, as plain forms. It adds: results swapped in without a reload, the card of the
// duty one points at, analysis while typing, files dropped on the box, copying, the theme, the progress of a job.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const form = $("form[data-fragment]");
const statusLine = $("#status");
let running = null;
let timer = 0;
let pinned = null;

function say(words, bad = false, seen = true) {
  if (!statusLine) return;
  statusLine.textContent = words;
  statusLine.classList.toggle("bad", bad);
  statusLine.classList.toggle("sr", !seen); // what the page shows anyway is for screen readers alone
}

// ---------------------------------------------------------------- results without a reload

function fillBoxes(result) {
  const given = $("#given", result);
  const text = $("#text");
  if (given && text && (text.value.trim() === "" || form.dataset.fill)) {
    text.value = given.value;
    const title = $("#given-title", result);
    if (title) $("#title").value = title.value;
  }
  for (const box of result.querySelectorAll("[data-for]")) {
    const target = document.getElementById(box.dataset.for);
    if (target && form.dataset.fill) target.value = box.value;
  }
  delete form.dataset.fill;
}

function keepPlace(result, swap) {
  const inside = result.contains(document.activeElement) ? document.activeElement : null;
  const card = inside && inside.closest(".card");
  const scrolls = [...result.querySelectorAll(".posting, .cards")].map((e) => e.scrollTop);
  swap();
  [...result.querySelectorAll(".posting, .cards")].forEach((e, n) => { e.scrollTop = scrolls[n] || 0; });
  if (inside && !document.contains(inside)) {
    const next = (card && document.getElementById(card.id)) || $("h2", result);
    if (next) { next.tabIndex = -1; next.focus({ preventScroll: true }); }
  }
}

async function analyse(submitter, quiet = false) {
  const result = $("#result");
  const body = new FormData(form);
  if (submitter && submitter.name) body.append(submitter.name, submitter.value);
  if (submitter && submitter.name === "example") form.dataset.fill = "1";
  const file = $("#file");
  if (file && file.files.length) form.dataset.fill = "1";
  if (running) running.abort();
  const mine = running = new AbortController();
  if (!quiet) say(form.dataset.busy);
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, signal: mine.signal, headers: { "X-Fragment": "1" } });
    const words = await answer.text();
    if (!answer.ok) {
      let detail = form.dataset.failed;
      try { detail = JSON.parse(words).detail || detail; } catch { /* not ours: the plain words do */ }
      delete form.dataset.fill;
      say(detail, true);
      return;
    }
    keepPlace(result, () => { result.innerHTML = words; });
    fillBoxes(result);
    if (file && file.files.length) file.value = "";
    pinned = null;
    const told = $("[data-headline]", result);
    say(told ? told.dataset.headline : "", false, false);
  } catch (error) {
    if (error.name !== "AbortError") say(form.dataset.failed, true);
  } finally {
    if (running === mine) { running = null; result.removeAttribute("aria-busy"); }
  }
}

if (form) {
  document.addEventListener("submit", (event) => {
    const by = event.submitter;
    if (event.target !== form || (by && "full" in by.dataset)) return;
    event.preventDefault();
    clearTimeout(timer);
    analyse(by);
  });
  form.addEventListener("input", (event) => {
    const live = $("#live");
    if (!live || !live.checked || !$("#result .result") || !["text", "title"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => analyse(null, true), 500);
  });
}

// ---------------------------------------------------------------- the duty one points at

function show(duty, pin = false) {
  if (pinned && !pin) return;
  const scope = (duty && duty.closest(".result")) || document;
  for (const e of scope.querySelectorAll(".on")) e.classList.remove("on");
  if (!duty) return;
  const card = document.getElementById(duty.dataset.card);
  if (!card) return;
  duty.classList.add("on");
  card.classList.add("on");
  const list = card.parentElement;
  if (list.scrollHeight > list.clientHeight + 4) {
    list.scrollTop = card.offsetTop - list.offsetTop - (list.clientHeight - Math.min(card.offsetHeight, list.clientHeight)) / 2;
  }
}

const dutyOf = (event) => event.target instanceof Element && event.target.closest("a.duty[data-card]");

document.addEventListener("pointerover", (event) => { const d = dutyOf(event); if (d) show(d); });
document.addEventListener("focusin", (event) => { const d = dutyOf(event); if (d) { pinned = null; show(d); } });
document.addEventListener("click", (event) => {
  const d = dutyOf(event);
  if (!d) return;
  event.preventDefault();
  pinned = null;
  show(d);
  pinned = d;
  const card = document.getElementById(d.dataset.card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const back = pinned;
  pinned = null;
  show(null);
  if (back && document.contains(back)) {
    back.focus();
    show(null); // focus would have shown it again
  }
});

// ---------------------------------------------------------------- files, copying, theme

const box = $("#text");
const fileInput = $("#file");
if (box && fileInput) {
  const over = (on) => (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("over", on);
  };
  box.addEventListener("dragover", over(true));
  box.addEventListener("dragleave", over(false));
  box.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    over(false)(event);
    fileInput.files = event.dataTransfer.files;
    analyse(null);
  });
  fileInput.addEventListener("change", () => { if (fileInput.files.length) analyse(null); });
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("button[data-copy]");
  if (!button || !navigator.clipboard) return;
  event.preventDefault();
  const answer = await fetch(button.dataset.copy, { method: "POST", body: new FormData(form) });
  if (!answer.ok) { say(form.dataset.failed, true); return; }
  try {
    await navigator.clipboard.writeText(await answer.text());
    say($("#result").dataset.copied);
  } catch { say(form.dataset.failed, true); }
});

const theme = $("#theme");
if (theme) {
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { $(".label", theme).textContent = dark() ? theme.dataset.light : theme.dataset.dark; };
  theme.hidden = false;
  name();
  theme.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("jd-theme", next); } catch { /* then it holds for this page */ }
    name();
  });
}

// ---------------------------------------------------------------- the progress of a job

const job = $("#job[data-poll]");
if (job) {
  const poll = async () => {
    try {
      const answer = await fetch(job.dataset.poll, { headers: { "X-Fragment": "1" } });
      const words = await answer.text();
      if (answer.ok) {
        const held = job.contains(document.activeElement);
        job.innerHTML = words;
        const state = $("[data-state]", job);
        const done = !state || state.dataset.state !== "running";
        if (state && (done || !statusLine.textContent)) say(state.dataset.words, false, false);
        if (done) { if (held) { const h = $("h2", job); h.tabIndex = -1; h.focus(); } return; }
        if (held) { const b = $("button", job); if (b) b.focus(); }
      } else if (answer.status === 404) { say(job.dataset.gone, true); return; }
    } catch { /* the server may be busy or restarting: ask again */ }
    setTimeout(poll, 500);
  };
  setTimeout(poll, 300);
}
