import type { Eui64 } from "./eui64.ts";

/** The party that a hub belongs to: 1 to 64 letters, digits, `_` or `-`. */
export type Tenant = string & { readonly __brand: "Tenant" };

/** A sender's message id (or an image's id): 1 to 64 letters, digits, `.`, `_`, `:`, `~` or `-`. */
export type MessageId = string & { readonly __brand: "MessageId" };

/** Where one hub's topics begin: `hanway/v1/{tenant}/{hub}`, hub being the CHF's EUI-64. */
export interface WanRoot {
  readonly tenant: Tenant;
  readonly hub: Eui64;
}

/** What stands after the root, one kind for every row of the WAN contract. */
export type WanTopic =
  | { readonly kind: "down"; readonly device: Eui64; readonly id: MessageId }
  | { readonly kind: "up"; readonly device: Eui64; readonly seq: number }
  | { readonly kind: "receipt"; readonly id: MessageId }
  | { readonly kind: "state" }
  | { readonly kind: "device"; readonly device: Eui64 }
  | { readonly kind: "image"; readonly id: MessageId };

/** Why a topic is not of the contract. `id` is there where a refused `down` topic still names a message to answer. */
export interface TopicRefusal {
  readonly refused: "form" | "tenant" | "hub" | "device" | "id" | "seq";
  readonly id: MessageId | undefined;
}

export const TENANT_FORM = /^[A-Za-z0-9_-]{1,64}$/;
const ID_FORM = /^[A-Za-z0-9._:~-]{1,64}$/;
const EUI64_FORM = /^[0-9a-f]{16}$/;
const SEQ_FORM = /^[1-9][0-9]{0,15}$/;

/** Longest topic of the contract, in characters; longer ones are refused unread. */
const MAX_TOPIC = 256;

export function isTenant(text: string): text is Tenant {
  return TENANT_FORM.test(text);
}

export function isMessageId(text: string): text is MessageId {
  return ID_FORM.test(text);
}

/** In a topic an EUI-64 has one form only, so that one device cannot go by two topics: 16 lower-case hex digits. */
function isEui64(text: string): text is Eui64 {
  return EUI64_FORM.test(text);
}

export function formatRoot(root: WanRoot): string {
  return `hanway/v1/${root.tenant}/${root.hub}`;
}

/** The whole topic. The parts are branded, so it always parses back to the same value. */
export function formatTopic(root: WanRoot, topic: WanTopic): string {
  const base = formatRoot(root);
  switch (topic.kind) {
    case "down":
      return `${base}/down/${topic.device}/${topic.id}`;
    case "up":
      return `${base}/up/${topic.device}/${topic.seq}`;
    case "receipt":
      return `${base}/receipt/${topic.id}`;
    case "state":
      return `${base}/state`;
    case "device":
      return `${base}/device/${topic.device}`;
    case "image":
      return `${base}/image/${topic.id}`;
  }
}

/** The subscription filter for all topics of one kind under one root. */
export function formatFilter(root: WanRoot, kind: WanTopic["kind"]): string {
  const levels = { down: "/+/+", up: "/+/+", receipt: "/+", state: "", device: "/+", image: "/+" };
  return `${formatRoot(root)}/${kind}${levels[kind]}`;
}

/** Reads a whole topic, strictly. Never throws: what is not of the contract comes back as a {@link TopicRefusal}. */
export function parseTopic(
  text: string,
): { readonly root: WanRoot; readonly topic: WanTopic } | TopicRefusal {
  if (text.length > MAX_TOPIC) return refuse("form");
  const [product, version, tenant = "", hub = "", ...rest] = text.split("/");
  if (product !== "hanway" || version !== "v1" || rest.length === 0) return refuse("form");
  if (!isTenant(tenant)) return refuse("tenant");
  if (!isEui64(hub)) return refuse("hub");
  const topic = parseRest(rest);
  return "refused" in topic ? topic : { root: { tenant, hub }, topic };
}

const LEVELS = new Map([
  ["down", 3],
  ["up", 3],
  ["receipt", 2],
  ["state", 1],
  ["device", 2],
  ["image", 2],
]);

function parseRest(rest: string[]): WanTopic | TopicRefusal {
  const [kind = "", first = "", second = ""] = rest;
  if (LEVELS.get(kind) !== rest.length) return refuse("form");
  switch (kind) {
    case "down":
      if (!isMessageId(second)) return refuse("id");
      return isEui64(first) ? { kind, device: first, id: second } : refuse("device", second);
    case "up":
      if (!isEui64(first)) return refuse("device");
      return isSeq(second) ? { kind, device: first, seq: Number(second) } : refuse("seq");
    case "device":
      return isEui64(first) ? { kind, device: first } : refuse("device");
    case "receipt":
    case "image":
      return isMessageId(first) ? { kind, id: first } : refuse("id");
    default:
      return { kind: "state" };
  }
}

function isSeq(text: string): boolean {
  return SEQ_FORM.test(text) && Number.isSafeInteger(Number(text));
}

function refuse(refused: TopicRefusal["refused"], id?: MessageId): TopicRefusal {
  return { refused, id };
}
