/** What the hub knows about its own clock. */
export type ClockState =
  /** Within the tolerance of UTC; `since`: when it was last set, Unix milliseconds. */
  | { readonly state: "reliable"; readonly since: number }
  /** Set once, and too long ago to be relied on. */
  | { readonly state: "unreliable"; readonly since: number }
  /** Never set since power-on. */
  | { readonly state: "invalid" };

export type ClockStateSource = () => ClockState;
