/** Milliseconds to wait before reconnection `attempt` (0, 1, 2 …): doubling from 0.5 s to 15 s, jittered by up to half. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(attempt, 20));
  return ceiling * (0.5 + 0.5 * random());
}
