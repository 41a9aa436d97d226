import type { ChannelCredentials, ChannelOptions, status } from "@grpc/grpc-js";

/** An id: a decimal string, since ids exceed what a number holds. Requests take numbers and bigints too. */
export type Id = string;
export type IdInput = string | number | bigint;

/** A place in the order of answers: created_at, then post id, both descending. */
export interface Position {
  /** Unix seconds. */
  createdAt: number;
  postId: Id;
}

/** A post, a reply or a repost. */
export interface Post extends Position {
  authorId: Id;
  isRetweet: boolean;
  isReply: boolean;
  hasVideo: boolean;
  inReplyToPostId?: Id;
  inReplyToUserId?: Id;
  sourcePostId?: Id;
  sourceUserId?: Id;
  conversationId?: Id;
}

/** A change that the server made to the request, such as a list that was cut. */
export interface Adjustment {
  /** Such as "ADJUSTMENT_KIND_FOLLOWING_CUT". */
  kind: string;
  given: number;
  used: number;
}

export interface Timeline {
  /** Newest first. */
  posts: Post[];
  /** Posts may be missing: a timeout, an unreachable shard, or a store that is being refilled cut the answer. */
  partial: boolean;
  /** There are posts older than the last one. After an empty partial answer: ask again. */
  hasMore: boolean;
  adjustments: Adjustment[];
  /** The `before` of the next page; null for an empty timeline. */
  lastPosition: Position | null;
}

/** The place at which a refresh begins. Keep it between refreshes; it is plain JSON. */
export interface Cursor {
  createdAfter: number;
  seen: Id[];
}

export interface Refreshed {
  /** Posts that are new since the cursor, newest first. */
  posts: Post[];
  /** Posts may be missing; the next refresh with this cursor brings them. */
  partial: boolean;
  adjustments: Adjustment[];
  /** Cursor of the next refresh. */
  cursor: Cursor;
}

/** Which posts to ask for. All fields are optional. */
export interface PostQuery {
  /** The viewer, whose own posts do not come back as reposts. */
  userId?: IdInput;
  /** Authors to read; without any, the list that the server's follow store has for the viewer. */
  following?: IdInput[];
  /** Most posts of an answer or of a page; 0 = the server's default. */
  maxResults?: number;
  excludePosts?: IdInput[];
  /** Left out as authors and as sources of reposts. */
  excludeAuthors?: IdInput[];
  excludeReplies?: boolean;
  excludeReposts?: boolean;
  /** Ask for videos instead of posts. */
  videos?: boolean;
  /** Only posts created after this time, in Unix seconds. */
  createdAfter?: number;
  /** Only posts older than this position. */
  before?: Position;
  maxPostsPerAuthor?: number;
  maxRepliesRepostsPerAuthor?: number;
}

export interface CallOptions {
  /** Throw a PartialTimelineError instead of returning a partial answer. */
  strict?: boolean;
  /** For each call with its retries. */
  timeoutMs?: number;
}

export interface RefreshOptions extends CallOptions {
  /** How far before the newest known post to read: 60 by default. */
  overlapSeconds?: number;
}

export interface ClientOptions {
  /** For each call with its retries: 2000 by default. */
  timeoutMs?: number;
  /** Of `@grpc/grpc-js`, for TLS; without them connections are not encrypted. */
  credentials?: ChannelCredentials;
  /** Bearer token, or a function that is called for each call. */
  token?: string | (() => string | Promise<string>);
  /** Let the server compress answers: fewer bytes for more of its CPU. */
  gzip?: boolean;
  /** JSON; null = no balancing and no retries. */
  serviceConfig?: string | null;
  /** Of `@grpc/grpc-js`; they win over those of the client. */
  channelOptions?: ChannelOptions;
}

/** Balances over all addresses of the target and retries with a budget, as JSON. */
export const SERVICE_CONFIG: string;

/** Asks the servers of a target such as dns:///thunder:50051. Make one for a process; it connects at the first call. */
export class ThunderClient {
  constructor(target: string, options?: ClientOptions);
  /** The newest posts. Rejects with a ClientError or, when strict, with a PartialTimelineError. */
  timeline(query?: PostQuery & CallOptions): Promise<Timeline>;
  /**
   * All pages down to the oldest post, of maxResults posts each. A partial page is asked for again, four times in all;
   * one that stays partial is thrown when strict, otherwise yielded with its mark, and the next page begins after its
   * last post. An empty partial page is the last one: to go on, ask again from the page before it.
   */
  pages(query?: PostQuery & CallOptions): AsyncGenerator<Timeline, void, undefined>;
  /**
   * The posts that are new since a timeline, since the cursor of a refresh, or since a time in Unix seconds. It reads a
   * minute more than it must and leaves out what was returned already. Deletions, and posts that arrive later than that
   * minute, need a full read. `before` and `createdAfter` of the query are ignored.
   */
  refresh(since: Timeline | Cursor | number, query?: PostQuery & RefreshOptions): Promise<Refreshed>;
  close(): void;
}

/** A call failed. */
export class ClientError extends Error {
  readonly code: status;
}
/** The server is at capacity, and was at every retry. */
export class CapacityError extends ClientError {
  /** When the server wants to be asked again; null when it did not say. */
  readonly retryAfterMs: number | null;
}
/** No server answered, or its store cannot be reached or is being filled. */
export class UnavailableError extends ClientError {
  readonly retryAfterMs: number | null;
}
/** The server does not accept the request; to send it again does not help. */
export class InvalidRequestError extends ClientError {
  readonly fields: { name: string; reason: string }[];
}
/** There was no answer in time. */
export class DeadlineError extends ClientError {}
/** The server does not accept the token or the certificate. */
export class AccessError extends ClientError {}
/** The answer may lack posts, and strict was asked for. `timeline` has the posts that were found. */
export class PartialTimelineError extends Error {
  readonly timeline: Timeline | Refreshed;
}
