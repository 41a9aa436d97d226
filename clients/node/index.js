// Client of Thunder: the newest posts of the authors that a viewer follows, over gRPC. Types and docs: index.d.ts
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");
const { clientError, ...errors } = require("./errors");
const { OVERLAP_SECONDS, cursorAfter, cursorAt, pagesOf, positionOf } = require("./paging");

const SERVICE_CONFIG = fs.readFileSync(path.join(__dirname, "service_config.json"), "utf8");

const CHANNEL_OPTIONS = {
  "grpc.dns_min_time_between_resolutions_ms": 5_000, // servers may come back under other addresses
  "grpc.max_reconnect_backoff_ms": 5_000, // or under the same; the library's default is two minutes
  "grpc.keepalive_time_ms": 30_000, // the server disconnects clients that ping more often than every 10 s
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": -1, // maxResults bounds answers
  "grpc.enable_http_proxy": 0, // servers are in the local network, proxies lead out of it
};

const CONTRACT = loadSync("thunder/v1/in_network.proto", {
  includeDirs: [path.join(__dirname, "proto")],
  longs: String, // ids exceed what a number of JavaScript holds
  enums: String,
  arrays: true,
});
const { InNetworkPostsService } = grpc.loadPackageDefinition(CONTRACT).thunder.v1;

class ThunderClient {
  #client;
  #timeoutMs;
  #token;
  #gzip;

  constructor(target, options = {}) {
    const { timeoutMs = 2000, credentials, token, gzip = false, serviceConfig = SERVICE_CONFIG } = options;
    this.#timeoutMs = timeoutMs;
    this.#token = token;
    this.#gzip = gzip;
    this.#client = new InNetworkPostsService(target, credentials ?? grpc.credentials.createInsecure(), {
      ...CHANNEL_OPTIONS,
      ...(serviceConfig === null ? {} : { "grpc.service_config": serviceConfig }),
      ...options.channelOptions,
    });
  }

  async timeline({ strict = false, timeoutMs, ...query } = {}) {
    const timeline = await this.#ask(query, timeoutMs);
    if (strict && timeline.partial) throw new errors.PartialTimelineError(timeline);
    return timeline;
  }

  pages({ strict = false, timeoutMs, ...query } = {}) {
    return pagesOf((before) => this.#ask({ ...query, before }, timeoutMs), query.before, strict);
  }

  async refresh(since, { strict = false, overlapSeconds = OVERLAP_SECONDS, timeoutMs, ...query } = {}) {
    const cursor = cursorAt(since, overlapSeconds);
    const read = [];
    const refreshed = { posts: [], partial: false, adjustments: [] };
    const asked = { ...query, before: undefined, createdAfter: cursor.createdAfter, timeoutMs };
    for await (const page of this.pages(asked)) {
      read.push(...page.posts);
      refreshed.partial ||= page.partial;
      if (refreshed.adjustments.length === 0) refreshed.adjustments = page.adjustments;
    }
    const seen = new Set(cursor.seen);
    refreshed.posts = read.filter((post) => !seen.has(post.postId));
    refreshed.cursor = cursorAfter(cursor, read, overlapSeconds, refreshed.partial);
    if (strict && refreshed.partial) throw new errors.PartialTimelineError(refreshed);
    return refreshed;
  }

  close() {
    this.#client.close();
  }

  async #ask(query, timeoutMs = this.#timeoutMs) {
    const metadata = new grpc.Metadata();
    if (this.#gzip) metadata.set("response-encoding", "gzip"); // accept-encoding is overwritten by grpc-js
    if (this.#token !== undefined) {
      const token = typeof this.#token === "function" ? await this.#token() : this.#token;
      metadata.set("authorization", `Bearer ${token}`);
    }
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + timeoutMs;
      this.#client.getInNetworkPosts(requestOf(query), metadata, { deadline }, (error, response) => {
        if (error) reject(clientError(error));
        else resolve(timelineOf(response));
      });
    });
  }
}

function requestOf(query) {
  const { maxPostsPerAuthor, maxRepliesRepostsPerAuthor } = query;
  const hasLimits = maxPostsPerAuthor !== undefined || maxRepliesRepostsPerAuthor !== undefined;
  return {
    userId: query.userId,
    followingUserIds: query.following,
    maxResults: query.maxResults,
    excludeTweetIds: query.excludePosts,
    excludeAuthorIds: query.excludeAuthors,
    excludeReplies: query.excludeReplies,
    excludeReposts: query.excludeReposts,
    isVideoRequest: query.videos,
    createdAfter: query.createdAfter,
    before: query.before,
    perAuthorLimits: hasLimits ? { maxPostsPerAuthor, maxRepliesRepostsPerAuthor } : undefined,
  };
}

// Proto3 leaves out false, 0 and empty lists; ids stay strings, times become numbers.
function timelineOf(response) {
  const posts = response.posts.map((post) => ({
    isRetweet: false,
    isReply: false,
    hasVideo: false,
    ...post,
    createdAt: Number(post.createdAt ?? 0),
  }));
  const adjustments = response.adjustments.map(({ kind, given = "0", used = "0" }) => ({
    kind,
    given: Number(given),
    used: Number(used),
  }));
  const { partial = false, hasMore = false } = response;
  return { posts, partial, hasMore, adjustments, lastPosition: posts.length ? positionOf(posts.at(-1)) : null };
}

module.exports = { SERVICE_CONFIG, ThunderClient, ...errors };
