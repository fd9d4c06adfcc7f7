/** A socket that is back within this time is nothing to tell anybody about: a restart of the server, a change of Wi-Fi. */
export const DOWN_AFTER_MS = 3000;

/** Says when live updates have been missing for a while, and when they are back. Missing at first. */
export class LiveLine {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onChange: (isDown: boolean) => void) {
    this.lost();
  }

  /** There is no connection; calling it again does not start the time anew. */
  lost(): void {
    this.timer ??= setTimeout(() => this.onChange(true), DOWN_AFTER_MS);
  }

  /** Something has arrived. */
  alive(): void {
    this.stop();
    this.onChange(false);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
