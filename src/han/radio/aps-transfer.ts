import type { Timer } from "../../base/clock.ts";
import { type FragmentOutInput, fragmentOut, splitBlocks, startFragmentOut } from "./fragment-out.ts";
import type { MessageTags } from "./message-tags.ts";
import type { OutgoingAps, SendOutcome } from "./port.ts";
import { type Block, type Refusal, sendBlock, type UnicastPorts } from "./unicast.ts";

/** Octets which the fragmentation header takes of a frame (EmberZNet). */
const FRAGMENT_OVERHEAD = 2;

/** One try to send one message, with at most so many octets a frame: runs {@link fragmentOut} on a driver. */
export class ApsTransfer {
  readonly #message: OutgoingAps;
  readonly #blocks: readonly Block[];
  readonly #tags: MessageTags;
  readonly #ports: UnicastPorts;
  readonly #reports: FragmentOutInput[] = [];
  readonly #open = new Set<() => void>();
  #wake = (): void => {};
  #sequence = 0;

  constructor(message: OutgoingAps, room: number, tags: MessageTags, ports: UnicastPorts) {
    const { payload } = message;
    const parts = payload.length > room ? splitBlocks(payload, room - FRAGMENT_OVERHEAD) : [payload];
    this.#message = message;
    this.#blocks = parts.map((octets, index) => ({ index, total: parts.length, octets }));
    this.#tags = tags;
    this.#ports = ports;
  }

  async run(): Promise<SendOutcome | "too-long"> {
    const { end, settings } = this.#ports;
    const abort = (): void => this.#report({ type: "abort" });
    end.addEventListener("abort", abort);
    try {
      let [state, effects] = startFragmentOut(this.#blocks.length, settings.fragmentOut);
      for (;;) {
        for (const effect of effects) {
          if (effect.type === "done") return this.#outcome(effect.delivered);
          const refusal = await this.#send(effect.block);
          if (refusal !== undefined) return refusal;
        }
        [state, effects] = fragmentOut(state, await this.#nextReport());
      }
    } finally {
      end.removeEventListener("abort", abort);
      for (const close of this.#open) close();
    }
  }

  #outcome(delivered: boolean): SendOutcome {
    if (this.#ports.end.aborted) return "radio-lost";
    return delivered ? "delivered" : "not-delivered";
  }

  /** Hands a block to the coordinator; its fate comes as a report. */
  async #send(index: number): Promise<Refusal | undefined> {
    const block = this.#blocks[index];
    if (block === undefined) return "not-delivered";
    const tag = this.#tags.next();
    let timer: Timer | undefined;
    const report = (delivered: boolean): void => {
      close();
      this.#report({ type: "sent", block: index, delivered });
    };
    const forget = this.#tags.expect(tag, { sequence: () => this.#sequence, report });
    const close = (): void => {
      forget();
      timer?.cancel();
      this.#open.delete(close);
    };
    this.#open.add(close);
    const answer = await sendBlock(this.#message, block, this.#sequence, tag, this.#ports);
    if (typeof answer === "string") return answer;
    this.#sequence = answer.sequence;
    // The report may have come before the answer.
    if (this.#open.has(close))
      timer = this.#ports.clock.after(this.#ports.settings.sentTimeoutMs, () => report(false));
    return undefined;
  }

  #report(report: FragmentOutInput): void {
    this.#reports.push(report);
    this.#wake();
  }

  async #nextReport(): Promise<FragmentOutInput> {
    for (;;) {
      const report = this.#reports.shift();
      if (report !== undefined) return report;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
