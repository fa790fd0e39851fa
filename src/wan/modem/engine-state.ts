import type { ModemLine } from "./line.ts";
import { type Unsolicited, unsolicited } from "./unsolicited.ts";

/** One AT command. */
export interface AtCommand {
  /** Without the carriage return; never logged, because it may hold a PIN. */
  readonly text: string;
  /** The information lines that belong to the answer. Where given, an answer without one is `incomplete`. */
  readonly wants?: RegExp;
  readonly timeoutMs: number;
  /** Sent after the `>` prompt, closed by Ctrl-Z (3GPP TS 27.005). */
  readonly data?: string;
}

export type AtResult =
  | { readonly type: "ok"; readonly lines: readonly string[] }
  | { readonly type: "error"; readonly code: number | undefined; readonly words: string }
  /** OK, without the information that was asked for: probably the late end of an earlier command. */
  | { readonly type: "incomplete" }
  | { readonly type: "timeout" }
  | { readonly type: "closed" };

export interface Asked {
  readonly id: number;
  readonly command: AtCommand;
}

export interface EngineState {
  /** `settling`: a command got no proper end; what still comes of it must not be taken for the next one's. */
  readonly phase: "idle" | "running" | "settling" | "closed";
  readonly running: Asked | undefined;
  readonly prompted: boolean;
  readonly lines: readonly string[];
  readonly queue: readonly Asked[];
  /** Lines that have kept it settling. */
  readonly heard: number;
}

export interface EngineSettings {
  /** Quiet that is waited for after a command without a proper end, in milliseconds. */
  settleMs: number;
  /** Lines that may prolong that, so that a babbling modem does not stop everything. */
  settleLines: number;
  /** Information lines kept of one answer. */
  answerLines: number;
}

export const ENGINE_SETTINGS: EngineSettings = { settleMs: 300, settleLines: 50, answerLines: 32 };

export type EngineInput =
  | { readonly type: "ask"; readonly asked: Asked }
  | { readonly type: "line"; readonly line: ModemLine }
  | { readonly type: "timer" }
  | { readonly type: "closed" };

export type EngineEffect =
  | { readonly type: "write"; readonly text: string }
  /** Replaces the timer; undefined takes it away. */
  | { readonly type: "timer"; readonly ms: number | undefined }
  | { readonly type: "answer"; readonly id: number; readonly result: AtResult }
  | { readonly type: "unsolicited"; readonly what: Unsolicited }
  /** A line that belongs to nothing; its text goes no further. */
  | { readonly type: "stray" };

type Step = [EngineState, readonly EngineEffect[]];

export const ENGINE_IDLE: EngineState = {
  phase: "idle",
  running: undefined,
  prompted: false,
  lines: [],
  queue: [],
  heard: 0,
};

const CTRL_Z = "\x1a";
const ESCAPE = "\x1b";

/** The AT command line of one modem, pure: one command at a time, everything else waits or is sorted out. */
export function engineStep(state: EngineState, input: EngineInput, settings: EngineSettings): Step {
  switch (input.type) {
    case "ask":
      return ask(state, input.asked);
    case "line":
      return state.phase === "closed" ? [state, []] : heard(state, input.line, settings);
    case "timer":
      if (state.phase === "running") return end(state, { type: "timeout" }, settings);
      return state.phase === "settling" ? next({ ...state, phase: "idle" }) : [state, []];
    case "closed":
      return close(state);
  }
}

function ask(state: EngineState, asked: Asked): Step {
  if (state.phase === "closed") return [state, [answer(asked, { type: "closed" })]];
  return next({ ...state, queue: [...state.queue, asked] });
}

function next(state: EngineState): Step {
  const [asked, ...queue] = state.queue;
  if (state.phase !== "idle" || asked === undefined) return [state, []];
  return [
    { ...state, phase: "running", running: asked, prompted: false, lines: [], queue },
    [
      { type: "write", text: `${asked.command.text}\r` },
      { type: "timer", ms: asked.command.timeoutMs },
    ],
  ];
}

function close(state: EngineState): Step {
  const all = state.running === undefined ? state.queue : [state.running, ...state.queue];
  const answers = all.map((asked) => answer(asked, { type: "closed" }));
  return [{ ...ENGINE_IDLE, phase: "closed" }, [{ type: "timer", ms: undefined }, ...answers]];
}

function answer(asked: Asked, result: AtResult): EngineEffect {
  return { type: "answer", id: asked.id, result };
}

function heard(state: EngineState, line: ModemLine, settings: EngineSettings): Step {
  if (line.type === "empty") return [state, []];
  if (state.phase === "settling") return settle(state, line, settings);
  switch (line.type) {
    case "garbage":
      return [state, [{ type: "stray" }]];
    case "prompt":
      return prompt(state);
    case "ok":
      return state.running === undefined ? stray(state) : ok(state, state.running.command, settings);
    case "error":
      return state.running === undefined ? stray(state) : end(state, line, settings);
    case "call":
      return unasked(state, line.words.toUpperCase());
    case "text":
      return text(state, line.text, settings);
  }
}

function stray(state: EngineState): Step {
  return [state, [{ type: "stray" }]];
}

function ok(state: EngineState, command: AtCommand, settings: EngineSettings): Step {
  const missing = command.wants !== undefined && state.lines.length === 0;
  return end(state, missing ? { type: "incomplete" } : { type: "ok", lines: state.lines }, settings);
}

/** A prompt that nobody asked for is left at once, else the modem takes the next command for text. */
function prompt(state: EngineState): Step {
  const data = state.running?.command.data;
  if (data === undefined || state.prompted) return [state, [{ type: "write", text: ESCAPE }]];
  return [{ ...state, prompted: true }, [{ type: "write", text: `${data}${CTRL_Z}` }]];
}

function text(state: EngineState, line: string, settings: EngineSettings): Step {
  const command = state.running?.command;
  if (command === undefined) return unasked(state, line);
  // The echo, also with what was typed before: it holds all there is of a secret, and ends here.
  if (line.endsWith(command.text)) return [state, []];
  if (command.wants?.test(line)) {
    if (state.lines.length >= settings.answerLines) return stray(state);
    return [{ ...state, lines: [...state.lines, line] }, []];
  }
  return unasked(state, line);
}

function unasked(state: EngineState, line: string): Step {
  const what = unsolicited(line);
  return what === undefined ? stray(state) : [state, [{ type: "unsolicited", what }]];
}

function end(state: EngineState, result: AtResult, settings: EngineSettings): Step {
  if (state.running === undefined) return [state, []];
  const told = answer(state.running, result);
  const over: EngineState = { ...state, running: undefined, lines: [], heard: 0 };
  if (result.type === "timeout" || result.type === "incomplete") {
    const timer: EngineEffect = { type: "timer", ms: settings.settleMs };
    // Were it waiting for text after a prompt, only this brings it back.
    const leave: EngineEffect[] = state.prompted ? [{ type: "write", text: ESCAPE }] : [];
    return [{ ...over, phase: "settling" }, [...leave, timer, told]];
  }
  const [then, effects] = next({ ...over, phase: "idle" });
  return [then, then.running === undefined ? [{ type: "timer", ms: undefined }, told] : [told, ...effects]];
}

function settle(state: EngineState, line: ModemLine, settings: EngineSettings): Step {
  const [, effects] = line.type === "text" ? unasked(state, line.text) : stray(state);
  if (state.heard >= settings.settleLines) return [state, effects];
  return [{ ...state, heard: state.heard + 1 }, [...effects, { type: "timer", ms: settings.settleMs }]];
}
