import { type Codec, type Fields, type RecordValue, record } from "./codec.ts";

/** A command of EZSP with its answer. Ids were given out anew now and then, hence the range of versions. */
export interface Command<Q, R> {
  readonly name: string;
  readonly id: number;
  readonly request: Codec<Q>;
  readonly response: Codec<R>;
  readonly since: number;
  readonly until: number;
}

/** What the NCP says unasked. */
export interface Callback<T> {
  readonly name: string;
  readonly id: number;
  readonly body: Codec<T>;
  readonly since: number;
  readonly until: number;
}

interface Options<Q, R> {
  since?: number;
  until?: number;
  /** Order of fields up to EZSP 13, where it differs. */
  requestBefore14?: readonly (keyof Q & string)[];
  responseBefore14?: readonly (keyof R & string)[];
}

export function command<Q extends Fields, R extends Fields>(
  name: string,
  id: number,
  request: Q,
  response: R,
  options: Options<Q, R> = {},
): Command<RecordValue<Q>, RecordValue<R>> {
  return {
    name,
    id,
    request: record(request, options.requestBefore14),
    response: record(response, options.responseBefore14),
    since: options.since ?? 0,
    until: options.until ?? Number.POSITIVE_INFINITY,
  };
}

export function callback<T extends Fields>(
  name: string,
  id: number,
  body: T,
  options: { since?: number; until?: number; before14?: readonly (keyof T & string)[] } = {},
): Callback<RecordValue<T>> {
  return {
    name,
    id,
    body: record(body, options.before14),
    since: options.since ?? 0,
    until: options.until ?? Number.POSITIVE_INFINITY,
  };
}
