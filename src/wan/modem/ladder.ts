/** What is wrong, as far as it decides on the cure. */
export type Trouble =
  /** The port cannot be opened or went away. */
  | "port"
  /** It does not answer, or only nonsense. */
  | "deaf"
  /** It answers, and finds no SIM. */
  | "sim"
  /** It answers, and finds no network. */
  | "network";

/** `reopen`: close and open the port; `soft`: AT+CFUN=1,1; `hard`: power or reset line; `rest`: leave it alone. */
export type Cure = "reopen" | "soft" | "hard" | "rest";

export interface LadderSettings {
  /** Whether there is a line to reset or power the modem with. */
  hard: boolean;
  /** How long it is left alone the first time, doubling, in milliseconds. */
  restMs: number;
  restMaxMs: number;
}

export interface Ladder {
  /** Cures tried in vain since the last rest, whatever the trouble was called at the time. */
  readonly tried: readonly Cure[];
  /** Rests since it last went well. */
  readonly rests: number;
}

export const LADDER_BOTTOM: Ladder = { tried: [], rests: 0 };

/** A port's own trouble needs no command sent through it; a SIM or a network is not found by opening a port again. */
const CURES: Readonly<Record<Trouble, readonly Cure[]>> = {
  port: ["reopen", "hard"],
  deaf: ["reopen", "soft", "hard"],
  sim: ["soft", "hard"],
  network: ["soft", "hard"],
};

/**
 * The next cure: the gentlest one not tried yet, and when none is left a rest that doubles, so that a dead modem, an
 * empty SIM tray or a cellar without reception costs next to nothing. A modem whose trouble changes with every cure
 * comes to its rest all the same.
 */
export function climb(
  ladder: Ladder,
  trouble: Trouble,
  settings: LadderSettings,
): [Ladder, { cure: Cure; restMs: number }] {
  const cure = CURES[trouble].find((one) => !ladder.tried.includes(one) && (one !== "hard" || settings.hard));
  if (cure !== undefined) {
    return [
      { ...ladder, tried: [...ladder.tried, cure] },
      { cure, restMs: 0 },
    ];
  }
  const restMs = Math.min(settings.restMs * 2 ** Math.min(ladder.rests, 30), settings.restMaxMs);
  return [
    { tried: [], rests: ladder.rests + 1 },
    { cure: "rest", restMs },
  ];
}
