// The live page: asks the server once a second while it can be seen. What comes from outside is only ever set as text.
"use strict";

const SECONDS_BETWEEN_POLLS = 1;
const SECONDS_TO_ANSWER = 6;
const SPARKLINE_POINTS = 60;
const VERBS = { post: "posted", video: "posted a video", reply: "replied to", repost: "reposted" };
const HUES = [15, 40, 145, 165, 195, 235, 258, 280, 305, 335, 355]; // of faces; yellow is too bright for white letters
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

const by = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const rough = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const histories = new Map();

let viewer = null; // id in decimal, or null
let viewers = [];
let shown = ""; // whose posts are shown
let timer = 0;
let polls = 0;

// Words

function age(seconds) {
  const unit = UNITS.find(([size]) => seconds >= size);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : "now";
}

const nameOf = (person) => person.name ?? `id ${person.id}`;

const follows = ({ follows: count }) => `follows ${whole.format(count)} ${count === 1 ? "person" : "people"}`;

function initials(person) {
  const words = (person.name ?? person.id).split(/[\s:]+/).filter(Boolean);
  const picked = person.name && words.length > 1 && !person.name.includes(":") ? [words[0], words.at(-1)] : [words.at(-1)];
  const letters = picked.map((word) => Array.from(word)[0]).join("");
  return (picked.length > 1 ? letters : Array.from(picked[0] ?? "?").slice(0, 2).join("")).toUpperCase();
}

function paintFace(face, person) {
  face.textContent = initials(person);
  face.style.setProperty("--hue", HUES[Number(BigInt(person.id) % BigInt(HUES.length))]);
}

// Posts

function draw(post) {
  const item = by("post").content.cloneNode(true).firstElementChild;
  const [author, verb, about] = item.querySelector(".what").children;
  const isOwn = post.about?.id === post.author.id;
  item.dataset.id = post.id;
  item.dataset.kind = post.kind;
  item.dataset.createdAt = post.created_at;
  paintFace(item.querySelector(".face"), post.author);
  author.textContent = nameOf(post.author);
  verb.textContent = post.about || post.kind !== "reply" ? VERBS[post.kind] : "replied";
  about.textContent = post.about ? (isOwn ? "themselves" : nameOf(post.about)) : "";
  item.querySelector("use").setAttribute("href", `#icon-${post.kind}`);
  item.querySelector(".kind > span").textContent = post.kind;
  item.querySelector(".why > :last-child").textContent = post.why;
  return item;
}

function remove(item, wasDeleted) {
  if (!wasDeleted) {
    item.remove();
    return;
  }
  item.classList.add("is-gone");
  setTimeout(() => item.remove(), 500);
}

function drawPosts(posts, isSame) {
  const list = by("posts");
  const wanted = new Map(posts.map((post) => [post.id, post]));
  const oldest = posts.at(-1)?.created_at ?? 0;
  const items = new Map();
  for (const item of list.querySelectorAll("li:not(.is-gone)")) {
    if (wanted.has(item.dataset.id)) items.set(item.dataset.id, item);
    else remove(item, isSame && Number(item.dataset.createdAt) > oldest);
  }
  let next = list.firstElementChild;
  for (const post of posts) {
    while (next?.classList.contains("is-gone")) next = next.nextElementSibling;
    if (next?.dataset.id === post.id) {
      next = next.nextElementSibling;
      continue;
    }
    const item = items.get(post.id) ?? draw(post);
    item.classList.toggle("is-new", isSame && !items.has(post.id));
    list.insertBefore(item, next);
  }
}

function drawAges(now) {
  for (const item of by("posts").children) {
    const time = item.querySelector("time");
    time.textContent = age(now - Number(item.dataset.createdAt));
    time.dateTime = new Date(Number(item.dataset.createdAt) * 1000).toISOString();
  }
}

function say(note) {
  by("note").textContent = note;
  by("note").hidden = !note;
}

function drawTimeline(timeline, key) {
  if (!timeline) return say("Choose a viewer to see what the people they follow have posted.");
  if (timeline.problem) return say(`${timeline.problem}.`.replace("..", "."));
  const isSame = shown === key;
  shown = key;
  drawPosts(timeline.posts, isSame);
  const choose = by("choose");
  paintFace(choose.querySelector(".face"), timeline.viewer);
  choose.querySelector("b").textContent = nameOf(timeline.viewer);
  choose.querySelector("small").textContent = follows(timeline.viewer);
  if (timeline.partial) say("This answer is partial: a part of the store was too slow or away.");
  else if (!timeline.viewer.follows) say("As far as this server knows, this viewer follows no one.");
  else if (!timeline.posts.length) say("Nothing to show yet. Posts will appear here as they arrive.");
  else say("");
}

// Figures

function sparkline(figure, value) {
  const history = histories.get(figure) ?? [];
  histories.set(figure, history);
  if (value === null) return;
  history.push(value);
  if (history.length > SPARKLINE_POINTS) history.shift();
  const svg = figure.querySelector("svg") ?? newSparkline(figure);
  const top = Math.min(Math.max(...history), median(history) * 4 || Infinity) * 1.15 || 1; // a burst flattens nothing
  const first = SPARKLINE_POINTS - history.length;
  const points = history.map((each, index) => `${first + index},${(20 - Math.min(each / top, 1) * 20).toFixed(2)}`);
  svg.querySelector("polyline").setAttribute("points", points.join(" "));
  svg.querySelector("polygon").setAttribute("points", `${first},20 ${points.join(" ")} ${SPARKLINE_POINTS - 1},20`);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function newSparkline(figure) {
  const make = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  const svg = make("svg");
  svg.setAttribute("viewBox", `0 0 ${SPARKLINE_POINTS - 1} 20`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(make("polygon"), make("polyline"));
  figure.append(svg);
  return svg;
}

function drawFigure(name, text, aside, line) {
  const figure = document.querySelector(`[data-figure="${name}"]`);
  figure.querySelector("b").textContent = text;
  figure.querySelector(".aside").textContent = aside;
  if (line !== undefined) sparkline(figure, line);
}

const known = (value, format = precise) => (value === null ? "–" : format.format(value));

const counted = (count, noun) => `${known(count, whole)} ${noun}${count === 1 ? "" : "s"}`;

function drawFigures({ ingest, serving, timeline }) {
  drawFigure("in", known(ingest.events_per_second), "", ingest.events_per_second);
  drawFigure("out", known(serving.posts_per_second), `${known(serving.requests_per_second, rough)} requests/s`, serving.posts_per_second);
  drawFigure("latency", known(serving.p50_ms), `p99 ${known(serving.p99_ms)} ms`, timeline?.took_ms ?? serving.p50_ms);
  drawFigure("lag", known(ingest.lag, whole), counted(ingest.workers, "ingest worker"), ingest.lag);
  drawFigure("stored", ingest.stored_posts === null ? "–" : `≈ ${precise.format(ingest.stored_posts)}`, "");
}

function drawReadiness(notReady) {
  by("readiness").textContent = notReady ?? "ready";
  by("readiness").dataset.state = notReady === null ? "ready" : "wait";
}

function drawAway(isAway) {
  document.body.classList.toggle("is-away", isAway);
  by("away").hidden = !isAway;
  if (isAway) {
    by("readiness").textContent = "no answer";
    by("readiness").dataset.state = "away";
  }
}

// Asking

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(SECONDS_TO_ANSWER * 1000) });
  if (response.status === 400) return { refusal: await response.text() };
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function poll() {
  clearTimeout(timer);
  const number = ++polls;
  const query = new URLSearchParams(viewer ? { viewer, videos: by("videos").checked ? 1 : 0 } : {});
  let answer = null;
  try {
    answer = await ask(`/page/now?${query}`);
  } catch {
    // Away, or too slow: said below.
  }
  if (number !== polls) return; // a later poll has been sent
  if (!document.hidden) timer = setTimeout(poll, SECONDS_BETWEEN_POLLS * 1000);
  drawAway(answer === null);
  if (answer?.refusal) say(answer.refusal);
  else if (answer) drawAnswer(answer, query.toString());
}

function drawAnswer(answer, key) {
  drawReadiness(answer.not_ready);
  drawTimeline(answer.timeline, key);
  drawFigures(answer);
  drawAges(answer.now);
}

// Choosing a viewer

function look(id) {
  viewer = id;
  history.replaceState(null, "", `#${id}`);
  by("chooser").close();
  poll();
}

function viewerButton(person) {
  const button = by("choose").cloneNode(true);
  button.removeAttribute("id");
  button.removeAttribute("aria-haspopup");
  paintFace(button.querySelector(".face"), person);
  button.querySelector("b").textContent = nameOf(person);
  button.querySelector("small").textContent = follows(person);
  button.addEventListener("click", () => look(person.id));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function matching() {
  const words = by("search").value.trim().toLowerCase();
  return viewers.filter((person) => `${nameOf(person)} ${person.id}`.toLowerCase().includes(words));
}

function drawViewers() {
  const found = matching();
  by("viewers").replaceChildren(...found.map(viewerButton));
  by("found").textContent = found.length
    ? `${whole.format(found.length)} found with a follow list`
    : "No one found with a follow list. Enter shows the id that you typed.";
}

async function openChooser() {
  by("search").value = "";
  by("chooser").showModal();
  drawViewers();
  await loadViewers();
  drawViewers();
}

async function loadViewers() {
  try {
    viewers = (await ask("/page/viewers")).viewers;
  } catch {
    // The next poll says that the server is away.
  }
}

function chooseTyped(event) {
  event.preventDefault();
  const typed = by("search").value.trim();
  const first = matching()[0];
  if (/^\d{1,19}$/.test(typed)) look(typed);
  else if (first) look(first.id);
}

async function begin() {
  by("choose").addEventListener("click", openChooser);
  by("search").addEventListener("input", drawViewers);
  by("chooser").addEventListener("submit", chooseTyped);
  by("chooser").addEventListener("click", (event) => event.target === by("chooser") && by("chooser").close());
  by("videos").addEventListener("change", poll);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
  viewer = /^#\d{1,19}$/.test(location.hash) ? location.hash.slice(1) : null;
  if (!viewer) {
    await loadViewers();
    viewer = viewers[0]?.id ?? null;
  }
  poll();
}

begin();
