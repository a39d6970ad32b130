/** What this program may read, without asking whoever sits at its terminal. */

/** Whether a file or folder may be read. */
export async function mayRead(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "read", path })).state === "granted";
}
