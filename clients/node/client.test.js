"use strict";
const assert = require("node:assert");
const path = require("node:path");
const { after, test } = require("node:test");
const grpc = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");
const thunder = require("./index");

const includeDirs = [path.join(__dirname, "proto")];
const { InNetworkPostsService } = grpc.loadPackageDefinition(
  loadSync("thunder/v1/in_network.proto", { includeDirs, longs: String }),
).thunder.v1;
const DETAILS = loadSync("status_details.proto", { includeDirs });
const ended = [];
after(() => ended.forEach((end) => end()));

// A server that gives its answers in turn, a client of it, and the requests so far.
async function connected(answers, options) {
  const server = new grpc.Server();
  const calls = [];
  server.addService(InNetworkPostsService.service, {
    getInNetworkPosts(call, callback) {
      calls.push(call);
      const next = answers.shift();
      if (next === null) return; // never answered
      const { error, ...answer } = next;
      callback(error ?? null, answer);
    },
  });
  const port = await new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const client = new thunder.ThunderClient(`127.0.0.1:${port}`, options);
  ended.push(() => (client.close(), server.forceShutdown()));
  return { client, calls };
}

function posts(...ids) {
  return ids.map((id) => ({ postId: id, authorId: 2, createdAt: id }));
}

function failure(code, ...details) {
  const metadata = new grpc.Metadata();
  const packed = details.map(([name, value]) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: DETAILS[`thunder.client.${name}`].serialize(value),
  }));
  metadata.set("grpc-status-details-bin", DETAILS["thunder.client.Status"].serialize({ code, details: packed }));
  return { error: { code, details: "text", metadata } };
}

const ids = ({ posts }) => posts.map((post) => Number(post.postId));
const PARTIAL = { partial: true, hasMore: true };

test("a timeline has the posts, with ids as strings", async () => {
  const { client, calls } = await connected([{ posts: [{ postId: "9007199254740993", authorId: 2, createdAt: 7 }] }]);
  const timeline = await client.timeline({ userId: 1n, following: ["2", 3], maxPostsPerAuthor: 0 });
  assert.deepStrictEqual(timeline, {
    posts: [
      { postId: "9007199254740993", authorId: "2", createdAt: 7, isRetweet: false, isReply: false, hasVideo: false },
    ],
    partial: false,
    hasMore: false,
    adjustments: [],
    lastPosition: { createdAt: 7, postId: "9007199254740993" },
  });
  assert.deepStrictEqual(calls[0].request.followingUserIds, ["2", "3"]);
  assert.strictEqual(calls[0].request.userId, "1");
  assert.strictEqual(calls[0].request.perAuthorLimits.maxPostsPerAuthor, 0);
});

test("partial is a flag or an error", async () => {
  const answer = { posts: posts(5), ...PARTIAL };
  const { client } = await connected([answer, answer]);
  assert.ok((await client.timeline()).partial);
  await assert.rejects(client.timeline({ strict: true }), (error) => {
    assert.ok(error instanceof thunder.PartialTimelineError);
    return ids(error.timeline)[0] === 5;
  });
});

test("pages do not pass over what a partial page lacks", async () => {
  const { client, calls } = await connected([
    { posts: posts(9, 8), hasMore: true },
    { posts: posts(6), ...PARTIAL },
    { posts: posts(7, 6), hasMore: true },
    { posts: posts(5) },
  ]);
  const found = [];
  for await (const page of client.pages({ maxResults: 2 })) found.push(...ids(page));
  assert.deepStrictEqual(found, [9, 8, 7, 6, 5]);
  assert.deepStrictEqual(
    calls.map(({ request }) => request.before?.postId),
    [undefined, "8", "8", "6"],
  );
});

test("pages that stay partial are marked, or thrown when strict", async () => {
  const stays = Array(4).fill({ posts: posts(5), ...PARTIAL });
  const { client } = await connected([...stays, { posts: posts(4) }, ...stays]);
  const found = [];
  for await (const page of client.pages()) found.push([page.partial, ...ids(page)]);
  assert.deepStrictEqual(found, [[true, 5], [false, 4]]);
  await assert.rejects(client.pages({ strict: true }).next(), thunder.PartialTimelineError);
});

test("a refresh has what is new", async () => {
  const { client, calls } = await connected([
    { posts: posts(1000, 980, 900) },
    { posts: posts(1010, 1000), hasMore: true },
    { posts: posts(990, 980) },
    ...Array(4).fill(PARTIAL),
    {},
  ]);
  const fresh = await client.refresh(await client.timeline(), { createdAfter: 5 });
  assert.deepStrictEqual(ids(fresh), [1010, 990]);
  assert.strictEqual(calls[1].request.createdAfter, "940");
  assert.deepStrictEqual(fresh.cursor, { createdAfter: 950, seen: ["1010", "1000", "990", "980"] });
  const again = await client.refresh(fresh.cursor);
  assert.deepStrictEqual([again.posts, again.partial, again.cursor], [[], true, fresh.cursor]);
  assert.strictEqual((await client.refresh(1000)).cursor.createdAfter, 940);
});

test("errors are typed", async () => {
  const { RESOURCE_EXHAUSTED, INVALID_ARGUMENT, UNAVAILABLE, UNAUTHENTICATED, INTERNAL } = grpc.status;
  const { client } = await connected(
    [
      failure(RESOURCE_EXHAUSTED, ["RetryInfo", { retryDelay: { seconds: 1, nanos: 500_000_000 } }]),
      failure(INVALID_ARGUMENT, ["BadRequest", { fieldViolations: [{ field: "user_id", description: "too big" }] }]),
      failure(UNAVAILABLE),
      failure(UNAUTHENTICATED),
      failure(INTERNAL),
    ],
    { serviceConfig: null },
  );
  const failed = () => client.timeline().then(assert.fail, (error) => error);
  const capacity = await failed();
  assert.ok(capacity instanceof thunder.CapacityError);
  assert.deepStrictEqual([capacity.retryAfterMs, capacity.message], [1500, "RESOURCE_EXHAUSTED: text"]);
  const invalid = await failed();
  assert.ok(invalid instanceof thunder.InvalidRequestError);
  assert.deepStrictEqual(invalid.fields, [{ name: "user_id", reason: "too big" }]);
  const unavailable = await failed();
  assert.ok(unavailable instanceof thunder.UnavailableError);
  assert.strictEqual(unavailable.retryAfterMs, null);
  assert.ok((await failed()) instanceof thunder.AccessError);
  const other = await failed();
  assert.strictEqual(other.constructor, thunder.ClientError);
  assert.strictEqual(other.code, INTERNAL);
});

test("a call is retried, and carries its token", async () => {
  const { client, calls } = await connected([failure(grpc.status.UNAVAILABLE), {}], { token: async () => "secret" });
  await client.timeline();
  assert.strictEqual(calls.length, 2);
  assert.deepStrictEqual(calls[1].metadata.get("authorization"), ["Bearer secret"]);
});

test("a call has a deadline", async () => {
  const { client } = await connected([null, null], { timeoutMs: 200 });
  await assert.rejects(client.timeline(), thunder.DeadlineError);
  await assert.rejects(client.timeline({ timeoutMs: 50 }), thunder.DeadlineError);
});
