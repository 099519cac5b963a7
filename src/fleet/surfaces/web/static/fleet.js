// Keeps a page true: takes the pieces that the server sends and puts them where the old ones were.
// Without it every page and every form works too, as of the moment when it was loaded.
"use strict";

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
const started = { server: Number(meta("fleet-now")), here: Date.now() };
const GONE_AFTER_MS = 10_000; // a page that nobody looks at lets go of its connection, of which there are few
let shown = meta("fleet-shown"); // what the page shows, as the server calls it; "" once it has changed
let source = null;
let gone = null;
let heard = 0; // when the server was last heard; it says every 15 s that it is there
const SILENT_AFTER_MS = 40_000; // a machine that slept may hold a connection that is none any more

// ---------------------------------------------------------------- pieces

function made(html) {
  const room = document.createElement("template");
  room.innerHTML = html;
  return room.content.firstElementChild;
}

// What a person has done to a piece: words typed, details opened, where the cursor is.
function kept(piece) {
  const fields = [...piece.querySelectorAll("input:not([type=hidden]), textarea")].map((each) => [each.id, each.value]);
  const open = [...piece.querySelectorAll("details[id]")].map((each) => [each.id, each.open]);
  const focus = piece.contains(document.activeElement) ? document.activeElement : null;
  return { fields, open, focus: focus && { id: focus.id, href: focus.getAttribute("href"), start: focus.selectionStart, end: focus.selectionEnd } };
}

function restore(piece, before) {
  const inside = (id) => (id ? piece.querySelector(`#${CSS.escape(id)}`) : null);
  for (const [id, value] of before.fields) if (inside(id)) inside(id).value = value;
  for (const [id, open] of before.open) if (inside(id)) inside(id).open = open;
  const found = before.focus;
  if (!found) return;
  const again = inside(found.id) || (found.href && piece.querySelector(`[href="${CSS.escape(found.href)}"]`));
  if (!again) return;
  again.focus({ preventScroll: true });
  if (found.start != null && again.setSelectionRange) again.setSelectionRange(found.start, found.end);
}

function put(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const next = made(html);
  if (!next || old.isEqualNode(next)) return;
  const before = kept(old);
  old.replaceWith(next);
  restore(next, before);
}

function arrange(id, ids, pieces) {
  const list = document.getElementById(id);
  if (!list) return;
  const atEnd = list.dataset.follow !== undefined && list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  const wanted = new Set(ids);
  for (const child of [...list.children]) if (!wanted.has(child.id)) child.remove();
  let at = list.firstElementChild;
  for (const each of ids) {
    if (at && at.id === each) {
      at = at.nextElementSibling;
      continue;
    }
    const child = [...list.children].find((one) => one.id === each) || (pieces[each] && made(pieces[each]));
    if (child) list.insertBefore(child, at);
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function take(message) {
  heard = Date.now();
  const step = JSON.parse(message.data);
  shown = "";
  if (step.title) document.title = step.title;
  const pieces = step.pieces || {};
  for (const [id, ids] of Object.entries(step.lists || {})) arrange(id, ids, pieces);
  for (const [id, html] of Object.entries(pieces)) put(id, html);
  document.documentElement.dataset.seq = message.lastEventId;
}

// ---------------------------------------------------------------- the connection

function say(state, words) {
  const link = document.getElementById("link");
  if (!link || link.dataset.state === state) return;
  link.dataset.state = state;
  document.getElementById("link-word").textContent = words;
}

function connect() {
  if (source || shown === undefined || document.hidden) return;
  const at = encodeURIComponent(location.pathname + location.search);
  source = new EventSource(`/live?at=${at}&shown=${shown}`);
  heard = Date.now();
  source.onopen = () => {
    heard = Date.now();
    say("live", "live");
  };
  source.addEventListener("here", () => (heard = Date.now()));
  source.onmessage = take;
  source.onerror = () => {
    say("lost", "connecting again …");
    if (source && source.readyState === EventSource.CLOSED) {
      source = null;
      say("ended", "not connected: open the link of fleet web");
      setTimeout(connect, 3000);
    }
  };
}

function listen() {
  if (!source || document.hidden || Date.now() - heard < SILENT_AFTER_MS) return;
  source.close();
  source = null;
  say("lost", "connecting again …");
  connect();
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(gone);
  if (!document.hidden) return connect();
  gone = setTimeout(() => {
    source?.close();
    source = null;
  }, GONE_AFTER_MS);
});
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

// ---------------------------------------------------------------- times

function length(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d ${Math.floor((seconds % 86400) / 3600)}h`;
}

function tick() {
  if (document.hidden) return;
  const now = started.server + Date.now() - started.here;
  for (const each of document.querySelectorAll("time[data-ms]")) {
    const passed = length(now - Number(each.dataset.ms));
    const text = each.dataset.kind === "ago" ? (passed === "0s" ? "just now" : `${passed} ago`) : passed;
    if (each.firstChild) {
      if (each.firstChild.data !== text) each.firstChild.data = text;
    } else each.textContent = text;
  }
}

// ---------------------------------------------------------------- forms and keys

document.addEventListener("submit", (event) => {
  const ask = event.submitter?.dataset.ask;
  if (ask && !window.confirm(ask)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.getElementById("q");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing?.form) typing.form.requestSubmit();
});

for (const list of document.querySelectorAll("[data-follow]")) list.scrollTop = list.scrollHeight;
setInterval(tick, 1000);
setInterval(listen, 1000);
connect();
