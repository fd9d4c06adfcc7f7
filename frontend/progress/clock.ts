/** How long each stage took, from the start times reported by the server or observed here. */

export class StageClock {
  private readonly starts: Map<string, number>;
  /** Milliseconds by which the server's clock is ahead of this one. */
  private readonly clockOffset: number;

  constructor(starts: Record<string, string>, serverNow: string, now: number = Date.now()) {
    this.starts = new Map(Object.entries(starts).map(([stage, at]) => [stage, Date.parse(at)]));
    this.clockOffset = Date.parse(serverNow) - now;
  }

  /** The job is now at `stage`. */
  enter(stage: string, now: number = Date.now()): void {
    if (stage && !this.starts.has(stage)) this.starts.set(stage, now + this.clockOffset);
  }

  /** `stage` began at a time reported by the server. */
  began(stage: string, at: string): void {
    if (!this.starts.has(stage)) this.starts.set(stage, Date.parse(at));
  }

  /** Seconds of `stage`, until the next one began or until now; null if its start is unknown. */
  seconds(stage: string, now: number = Date.now()): number | null {
    const began = this.starts.get(stage);
    if (began === undefined) return null;
    const nextStarts = [...this.starts.values()].filter((at) => at > began);
    return Math.max(0, (Math.min(...nextStarts, now + this.clockOffset) - began) / 1000);
  }
}
