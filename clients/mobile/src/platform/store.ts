/** What the phone keeps between two starts of the app, encrypted by the system. */
import * as SecureStore from "expo-secure-store";

export const load = (name: string): Promise<string | null> => SecureStore.getItemAsync(name);

export async function save(name: string, value: string | null): Promise<void> {
  if (value === null) await SecureStore.deleteItemAsync(name);
  else await SecureStore.setItemAsync(name, value);
}
