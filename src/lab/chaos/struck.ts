import { PLACES, type Place, type UnderWay } from "./under-way.ts";

/** What a hub was doing when it was killed: counts of kills, of which each may be in several. */
export interface StruckFigures extends Record<Place, number> {
  /** Kills while the hub was still starting. */
  starting: number;
  /** Kills less than {@link MOVED_MS} after a message had moved down or up. */
  movingDown: number;
  movingUp: number;
  /** Kills of a hub that had started, on which nothing had moved so lately and nothing was just being offered. */
  idle: number;
}

/** A message is seen at several places within this time while its path is at work, in milliseconds. */
export const MOVED_MS = 20;

/** Keeps count of what each kill struck. */
export class Struck {
  readonly figures: StruckFigures = {
    ...(Object.fromEntries(PLACES.map((place) => [place, 0])) as Record<Place, number>),
    starting: 0,
    movingDown: 0,
    movingUp: 0,
    idle: 0,
  };

  /** To be called at a kill. */
  at(underWay: UnderWay, starting: boolean): void {
    const counts = underWay.counts();
    for (const place of PLACES) if (counts[place] > 0) this.figures[place] += 1;
    const { down, up } = underWay.moved(MOVED_MS);
    if (down) this.figures.movingDown += 1;
    if (up) this.figures.movingUp += 1;
    if (starting) this.figures.starting += 1;
    else if (!down && !up && counts.offered === 0) this.figures.idle += 1;
  }
}
