/** UsageError: the command line, or a file that it names, cannot be used. Exit code 2, nothing was started. */

/** A mistake in what was typed; the message names it and ends with the remedy. */
export class UsageError extends Error {
  override name = "UsageError";
}
