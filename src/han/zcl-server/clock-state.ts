export type { ClockState, ClockStateSource } from "../../base/clock-state.ts";
