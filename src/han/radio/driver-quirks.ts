import type { Log } from "../../base/log.ts";
import { type Ezsp, EzspError, EzspStatus } from "./herdsman.ts";

/** ASH control octets (UG101). */
const RSTACK = 0xc1;
const ERROR = 0xc2;
const RESET_SOFTWARE = 0x0b;
const MAX_REPEATED_RESETS = 5;

/**
 * What of zigbee-herdsman's EmberZNet layers a daemon cannot live with, put right on the instance. Everything here
 * reaches into private parts: it belongs to the pinned version.
 */
export function tameDriver(ezsp: Ezsp, closed: () => boolean, log: Log): void {
  const onError = ezsp.ezspErrorHandler.bind(ezsp);
  ezsp.ezspErrorHandler = (status) => {
    // A command that this firmware lacks or refuses says nothing about the link; its caller gets the error.
    const refusal = status >= EzspStatus.ERROR_VERSION_NOT_SET && status < EzspStatus.ASH_ERROR_VERSION;
    if (!refusal && !closed()) onError(status);
  };

  // Both run in an immediate of the driver, where an exception would end the process.
  const guarded = (run: () => void) => (): void => {
    try {
      run();
    } catch (error) {
      log.warn({}, `radio: a frame could not be read (${error instanceof Error ? error.name : "error"})`);
    }
  };
  ezsp.callbackDispatch = guarded(ezsp.callbackDispatch.bind(ezsp));
  ezsp["onAshFrame"] = guarded(ezsp["onAshFrame"].bind(ezsp));

  resetAgain(ezsp);
}

/**
 * A coordinator answers the first reset after a bad session with ERROR, or is still booting and reports another
 * reason for its reset. The driver would wait five seconds before it resets again.
 */
function resetAgain(ezsp: Ezsp): void {
  const { ash } = ezsp;
  let resets = 0;
  const frameType: (control: number, length: number) => number = ash["getFrameType"].bind(ash);
  ash["getFrameType"] = (control: number, length: number): number => {
    const type = frameType(control, length);
    const failed = type === ERROR || (type === RSTACK && ash["rxSHBuffer"][2] !== RESET_SOFTWARE);
    if (failed && !ash.connected && resets++ < MAX_REPEATED_RESETS) void ash.resetNcp();
    return type;
  };
}

const ASH_TICK_MS = 100;
/** A reset is repeated after so many times the time that the last one took, and never sooner than this. */
const RESET_PATIENCE = 3;
const MIN_RESET_REPEAT_MS = 1_000;

export interface AshTimerEvents {
  /** The link is open, so many milliseconds after the first reset. */
  connected(resetMs: number): void;
  /** The link has closed: retransmissions are used up. */
  dead(): void;
}

/**
 * Gives the driver's ASH layer the timer that it lacks: it looks at its acknowledgement time-out only when something
 * arrives, so that one lost command would end the link. A lost reset it repeats after five seconds; where
 * `lastResetMs` says that this stick is quicker, that happens sooner (a stick that is booting must not be reset
 * again). Returns the way to stop.
 */
export function driveAshTimer(
  ezsp: Ezsp,
  lastResetMs: number | undefined,
  isOpen: () => boolean,
  events: AshTimerEvents,
): () => void {
  const { ash } = ezsp;
  let was: "closed" | "resetting" | "connected" = "closed";
  let begun = 0;
  let resetAt = 0;
  const repeatMs =
    lastResetMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(MIN_RESET_REPEAT_MS, RESET_PATIENCE * lastResetMs);
  const tick = setInterval(() => {
    const now = performance.now();
    if (was === "closed" && isOpen()) {
      was = "resetting";
      begun = now;
      resetAt = now;
    }
    if (was === "resetting" && ash.connected) {
      was = "connected";
      events.connected(now - begun);
    }
    if (was === "connected" && !ash.connected) events.dead();
    if (was === "resetting" && now - resetAt >= repeatMs) {
      resetAt = now;
      void ash.resetNcp();
    }
    if (was === "closed" || !isOpen()) return;
    try {
      ash.sendExec();
    } catch {
      // The port closed in this moment; the driver reports that by itself.
    }
  }, ASH_TICK_MS);
  tick.unref();
  return () => clearInterval(tick);
}

/** The present callback frame is shorter than what was read from it: octets of an earlier frame would come up. */
export function readPastEnd(ezsp: Ezsp): boolean {
  return ezsp["callbackBuffalo"].getPosition() > ezsp["callbackFrameLength"];
}

/**
 * Node id from the answer to ezspLookupNodeIdByEui64. From EZSP 14 that is a status of 32 bits and the id, of
 * which the driver reads the first 16 bits: `read` is what it returned. Call it right after, before any await.
 */
export function lookedUpNodeId(ezsp: Ezsp, version: number, read: number): number {
  if (version < 14) return read;
  const buffer = ezsp["buffalo"];
  const failed = read !== 0 || buffer.readUInt16() !== 0;
  return failed ? 0xffff : buffer.readUInt16();
}

/** Ends the command that waits for its answer, the commands behind it, and every loop of a start in progress. */
export function abortCommands(ezsp: Ezsp): void {
  ezsp.ash["hostError"] = EzspStatus.HOST_FATAL_ERROR;
  const waiter = ezsp["responseWaiter"];
  if (waiter === undefined) return;
  clearTimeout(waiter.timer);
  waiter.resolve(EzspStatus.NOT_CONNECTED);
}

interface EventWaiter {
  timer: NodeJS.Timeout | undefined;
  reject(error: Error): void;
}

/** Ends what waits for a stack event, whose timer would keep the process alive. */
export function abortEvents(waiters: Iterable<EventWaiter>): void {
  for (const waiter of waiters) {
    clearTimeout(waiter.timer);
    waiter.reject(new EzspError(EzspStatus.NOT_CONNECTED));
  }
}
