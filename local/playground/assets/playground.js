/** The page's own script: keeps the table fresh, runs the buttons, shows what came of them. */

const table = document.getElementById('table');
const events = document.getElementById('events');
const activity = document.getElementById('activity');
const updated = document.getElementById('updated');
const pollMs = 4000;
const keptEntries = 20;

const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** `in 58 min`, `12 s ago`: two units at most, so that a minute can be watched passing. */
function relative(at) {
  const distance = at - Math.floor(Date.now() / 1000);
  const length = Math.abs(distance);
  if (length < 1) return 'now';
  const index = units.findIndex(([size]) => length >= size);
  const [size, name] = units[index];
  const next = units[index + 1];
  const rest = next ? Math.floor((length % size) / next[0]) : 0;
  const words = `${Math.floor(length / size)} ${name}${rest > 0 ? ` ${rest} ${next[1]}` : ''}`;
  return distance > 0 ? `in ${words}` : `${words} ago`;
}

function tick() {
  for (const time of document.querySelectorAll('time[data-at]')) {
    const words = relative(Number(time.dataset.at));
    if (time.textContent !== words) time.textContent = words;
    time.title = new Date(Number(time.dataset.at) * 1000).toLocaleString();
  }
}

let shown = table.innerHTML;
let shownEvents = events.innerHTML;

async function update() {
  try {
    const [text, eventsText] = await Promise.all(
      ['/connections', '/events'].map(async (path) => (await fetch(path)).text()),
    );
    if (text !== shown) replaceTable(text);
    if (eventsText !== shownEvents) replaceEvents(eventsText);
    showReachable(true);
  } catch {
    showReachable(false);
  }
}

/** Is read out when it changes, so it is written only then. */
function showReachable(reachable) {
  const words = reachable ? 'Live' : 'Not reachable';
  if (updated.textContent !== words) updated.textContent = words;
  updated.classList.toggle('lost', !reachable);
}

/**
 * Puts the focus back where it was, since the button under it is a new one; where its connection
 * is gone, to the heading above.
 */
function replaceTable(text) {
  const inside = table.contains(document.activeElement);
  const focused = inside && document.activeElement.getAttribute('aria-label');
  shown = text;
  table.innerHTML = text;
  tick();
  if (!focused) return;
  const again = table.querySelector(`[aria-label="${CSS.escape(focused)}"]`);
  (again ?? document.getElementById('connections')).focus();
}

/** Whoever reads an event goes on reading it. */
function replaceEvents(text) {
  const open = [...events.querySelectorAll('details[open]')].map(({ dataset }) => dataset.event);
  const focused = events.contains(document.activeElement)
    ? document.activeElement.closest('details')?.dataset.event
    : undefined;
  shownEvents = text;
  events.innerHTML = text;
  tick();
  for (const details of events.querySelectorAll('details')) {
    details.open = open.includes(details.dataset.event);
    if (details.dataset.event === focused) details.querySelector('summary').focus();
  }
}

async function run(action, input) {
  const response = await fetch(`/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return response.json();
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function show(result) {
  activity.querySelector('.empty')?.remove();
  const entry = element('article', `entry ${result.ok ? 'good' : 'bad'}`);
  const head = element('header');
  const time = element('time');
  time.dataset.at = String(Math.floor(Date.now() / 1000));
  head.append(element('h3', '', result.title), time);
  entry.append(head, element('p', '', result.text));
  if (result.detail) entry.append(element('pre', '', result.detail));
  if (result.token) entry.append(revealButton(result.token));
  activity.prepend(entry);
  while (activity.children.length > keptEntries) activity.lastElementChild.remove();
  tick();
  entry.scrollIntoView({ block: 'nearest' });
}

/** The token stays out of the document until it is asked for. */
function revealButton(token) {
  const button = element('button', '', 'Reveal the token');
  button.type = 'button';
  button.addEventListener('click', () => {
    const revealed = element('code', 'token', token);
    button.replaceWith(revealed);
  });
  return button;
}

/** What is under way, so that a second press of the same button does nothing. */
const underWay = new Set();

/** A control that is disabled would lose the focus of whoever pressed it by keyboard. */
async function perform(control, action, input) {
  const work = JSON.stringify([action, input]);
  if (underWay.has(work)) return;
  underWay.add(work);
  control.setAttribute('aria-disabled', 'true');
  try {
    show(await run(action, input));
  } catch {
    show({ ok: false, title: 'No answer', text: 'The playground’s server did not answer.' });
  }
  underWay.delete(work);
  control.removeAttribute('aria-disabled');
  await update();
}

document.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-action]');
  if (!form) return;
  event.preventDefault();
  const input = Object.fromEntries(new FormData(form));
  perform(form.querySelector('button'), form.dataset.action, input);
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (!button) return;
  const { client, connection } = button.closest('[data-client]').dataset;
  perform(button, button.dataset.action, { client, connection });
});

setInterval(() => {
  tick();
}, 1000);
setInterval(() => {
  if (document.visibilityState === 'visible') update();
}, pollMs);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') update();
});
if (location.search) history.replaceState(undefined, '', '/');
tick();
