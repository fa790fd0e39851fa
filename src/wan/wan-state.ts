/** Whether the hub has its WAN, as an installer asks it (A10.1). Each of them is a normal state. */
export type WanPhase =
  /** No network yet, or not any more; still within the time that this may take. */
  | "searching"
  /** On a cellular network, without a broker. */
  | "attached"
  /** A broker listens. */
  | "connected"
  /** Nothing found for long ("no SM WAN"): the installer reports it, the hub pairs and keeps searching. */
  | "no-wan";

export interface WanState {
  readonly phase: WanPhase;
  /** Whether the modem is on the network; undefined where there is none, and the system has the network. */
  readonly network: boolean | undefined;
  readonly link: boolean;
  /** The birth was announced, now or in an earlier life of this hub. */
  readonly born: boolean;
}

export type WanInput =
  | { readonly type: "start" }
  | { readonly type: "network"; readonly up: boolean }
  | { readonly type: "link"; readonly up: boolean }
  | { readonly type: "timeout" };

export type WanEffect =
  /** Replaces the timer; undefined takes it away. */
  | { readonly type: "timer"; readonly ms: number | undefined }
  /** The first connection in the life of this hub (A10.3). */
  | { readonly type: "announce" };

export function initialWan(born: boolean): WanState {
  return { phase: "searching", network: undefined, link: false, born };
}

/** `noWanMs`: how long nothing may be found before that counts as having no WAN. */
export function wanStep(state: WanState, input: WanInput, noWanMs: number): [WanState, readonly WanEffect[]] {
  switch (input.type) {
    case "start":
      return [state, [{ type: "timer", ms: noWanMs }]];
    case "network":
      return settle({ ...state, network: input.up }, noWanMs);
    case "link":
      return settle({ ...state, link: input.up }, noWanMs);
    case "timeout":
      return state.phase === "searching" ? [{ ...state, phase: "no-wan" }, []] : [state, []];
  }
}

function settle(state: WanState, noWanMs: number): [WanState, readonly WanEffect[]] {
  const found = state.link ? "connected" : state.network === true ? "attached" : undefined;
  const birth: WanEffect[] = state.link && !state.born ? [{ type: "announce" }] : [];
  const born = state.born || state.link;
  if (found !== undefined) {
    return [{ ...state, born, phase: found }, [{ type: "timer", ms: undefined }, ...birth]];
  }
  if (state.phase === "searching" || state.phase === "no-wan") return [state, []];
  return [{ ...state, phase: "searching" }, [{ type: "timer", ms: noWanMs }]];
}
