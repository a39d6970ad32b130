/** Running Deno itself on the project, for tests of what its commands say. */
import { ROOT } from "./project_files.ts";

/** How a command ended, and what it printed on both streams. */
export interface Ran {
  readonly success: boolean;
  readonly text: string;
}

/** Runs this Deno in the project's folder. */
export async function runDeno(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stderr) + decoder.decode(stdout) };
}
