/** The same in a browser: for this tab only, because a script of the page could read the token. */

export const load = (name: string): Promise<string | null> => Promise.resolve(sessionStorage.getItem(name));

export function save(name: string, value: string | null): Promise<void> {
  if (value === null) sessionStorage.removeItem(name);
  else sessionStorage.setItem(name, value);
  return Promise.resolve();
}
