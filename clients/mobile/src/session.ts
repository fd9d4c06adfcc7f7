/** Server and token, kept between two starts of the app, and the upload that was under way. */
import { Api } from "./core/api.ts";
import type { Pending, PendingStore } from "./core/upload.ts";
import { load, save } from "./platform/store";

const SERVER = "server";
const TOKEN = "token";
const PENDING = "upload";

export async function restoreSession(): Promise<Api | null> {
  const [server, token] = [await load(SERVER), await load(TOKEN)];
  return server && token ? new Api(server, token) : null;
}

export const lastServer = (): Promise<string | null> => load(SERVER);

export async function keepSession(api: Api): Promise<void> {
  await save(SERVER, api.server);
  await save(TOKEN, api.token);
}

/** Signs out here in any case, and on the server if it can be reached. */
export async function endSession(api: Api): Promise<void> {
  await save(TOKEN, null);
  await save(PENDING, null);
  await api.signOut().catch(() => undefined);
}

export const pendingUpload: PendingStore = {
  load: async () => JSON.parse((await load(PENDING)) ?? "null") as Pending | null,
  save: (pending) => save(PENDING, pending && JSON.stringify(pending)),
};
