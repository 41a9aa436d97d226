// Errors of the client, and which gRPC status leads to which.
"use strict";
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const { loadSync } = require("@grpc/proto-loader");

const DETAILS = loadSync("status_details.proto", { includeDirs: [path.join(__dirname, "proto")], longs: Number });

class ClientError extends Error {
  constructor(code, message) {
    super(`${grpc.status[code]}: ${message}`);
    this.name = this.constructor.name;
    this.code = code;
  }
}

class RetryableError extends ClientError {
  constructor(code, message, retryAfterMs) {
    super(code, message);
    this.retryAfterMs = retryAfterMs;
  }
}

class CapacityError extends RetryableError {}

class UnavailableError extends RetryableError {}

class InvalidRequestError extends ClientError {
  constructor(code, message, fields) {
    super(code, message);
    this.fields = fields;
  }
}

class DeadlineError extends ClientError {}

class AccessError extends ClientError {}

class PartialTimelineError extends Error {
  constructor(timeline) {
    super(`the answer is partial: ${timeline.posts.length} posts, others may be missing`);
    this.name = this.constructor.name;
    this.timeline = timeline;
  }
}

function clientError(error) {
  const { code, details } = error;
  const found = detailsOf(error.metadata);
  switch (code) {
    case grpc.status.RESOURCE_EXHAUSTED:
      return new CapacityError(code, details, found.retryAfterMs);
    case grpc.status.UNAVAILABLE:
      return new UnavailableError(code, details, found.retryAfterMs);
    case grpc.status.INVALID_ARGUMENT:
      return new InvalidRequestError(code, details, found.fields);
    case grpc.status.DEADLINE_EXCEEDED:
      return new DeadlineError(code, details);
    case grpc.status.UNAUTHENTICATED:
    case grpc.status.PERMISSION_DENIED:
      return new AccessError(code, details);
    default:
      return new ClientError(code, details);
  }
}

// Reads google.rpc.RetryInfo and BadRequest. What a proxy has damaged counts as absent.
function detailsOf(metadata) {
  const found = { retryAfterMs: null, fields: [] };
  try {
    const [serialized] = metadata.get("grpc-status-details-bin");
    for (const { typeUrl, value } of serialized ? decoded("Status", serialized).details : []) {
      if (typeUrl.endsWith("/google.rpc.RetryInfo")) {
        const { seconds, nanos } = decoded("RetryInfo", value).retryDelay;
        found.retryAfterMs = (seconds || 0) * 1000 + (nanos || 0) / 1e6;
      } else if (typeUrl.endsWith("/google.rpc.BadRequest")) {
        found.fields = decoded("BadRequest", value).fieldViolations.map(({ field, description }) => ({
          name: field,
          reason: description,
        }));
      }
    }
  } catch {
    // the code and the message say enough
  }
  return found;
}

function decoded(name, serialized) {
  return DETAILS[`thunder.client.${name}`].deserialize(serialized);
}

module.exports = {
  AccessError,
  CapacityError,
  ClientError,
  DeadlineError,
  InvalidRequestError,
  PartialTimelineError,
  UnavailableError,
  clientError,
};
