/** How long each stage took: from when it began, as the server told or as it was seen to begin. */

export class StageClock {
  private readonly starts: Map<string, number>;
  /** Milliseconds by which the server's clock is ahead of this one. */
  private readonly ahead: number;

  constructor(starts: Record<string, string>, serverNow: string, now: number = Date.now()) {
    this.starts = new Map(Object.entries(starts).map(([stage, at]) => [stage, Date.parse(at)]));
    this.ahead = Date.parse(serverNow) - now;
  }

  /** The job is now at `stage`. */
  enter(stage: string, now: number = Date.now()): void {
    if (stage && !this.starts.has(stage)) this.starts.set(stage, now + this.ahead);
  }

  /** `stage` began at a time that the server told. */
  began(stage: string, at: string): void {
    if (!this.starts.has(stage)) this.starts.set(stage, Date.parse(at));
  }

  /** Seconds of `stage`, until the next one began or until now; null where its beginning is not known. */
  seconds(stage: string, now: number = Date.now()): number | null {
    const began = this.starts.get(stage);
    if (began === undefined) return null;
    const later = [...this.starts.values()].filter((at) => at > began);
    return Math.max(0, (Math.min(...later, now + this.ahead) - began) / 1000);
  }
}
