// Which page to ask for next, and where a refresh begins.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { PartialTimelineError } = require("./errors");

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 100;
const OVERLAP_SECONDS = 60;

// ask(before) resolves to a timeline. A partial page is asked for again from the same position.
async function* pagesOf(ask, before, strict) {
  for (;;) {
    const page = await wholePage(() => ask(before), strict);
    yield page;
    if (!page.hasMore || page.posts.length === 0) return;
    before = positionOf(page.posts.at(-1));
  }
}

async function wholePage(ask, strict) {
  for (let attempt = 1; ; attempt++) {
    const page = await ask();
    if (!page.partial) return page;
    if (attempt === ATTEMPTS && strict) throw new PartialTimelineError(page);
    if (attempt === ATTEMPTS) return page;
    await sleep(FIRST_DELAY_MS * 2 ** (attempt - 1));
  }
}

function positionOf(post) {
  return { createdAt: post.createdAt, postId: post.postId };
}

// since: a cursor, a timeline, or Unix seconds.
function cursorAt(since, overlapSeconds) {
  if (typeof since === "number") return { createdAfter: Math.max(0, since - overlapSeconds), seen: [] };
  if ("createdAfter" in since) return since;
  const times = since.posts.map((post) => post.createdAt);
  const begin = since.partial ? Math.min(...times) - 1 : Math.max(...times) - overlapSeconds;
  return cursorFrom(since.posts, times.length ? begin : 0);
}

function cursorAfter(cursor, posts, overlapSeconds, partial) {
  if (partial) {
    const read = cursorFrom(posts, cursor.createdAfter);
    return { ...read, seen: [...new Set([...cursor.seen, ...read.seen])] };
  }
  const newest = posts.length ? posts[0].createdAt - overlapSeconds : 0;
  return cursorFrom(posts, Math.max(cursor.createdAfter, newest));
}

function cursorFrom(posts, begin) {
  const seen = posts.filter((post) => post.createdAt > begin).map((post) => post.postId);
  return { createdAfter: Math.max(0, begin), seen };
}

module.exports = { OVERLAP_SECONDS, cursorAfter, cursorAt, pagesOf, positionOf };
