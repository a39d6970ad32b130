/** A stand-in for the part of `@std/cli` that the command uses, for machines that can't reach JSR. */
export { parseArgs } from "./parse_args.ts";
export type { Args, ParseOptions } from "./parse_args_types.ts";
