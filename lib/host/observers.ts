/** The caller's own callbacks: one that throws is the caller's error, and must not break the cell that it watches. */

/** Calls callbacks, and keeps the first error for when the cell has ended. */
export class Observers {
  #thrown: { readonly error: unknown } | null = null;

  /** Calls back; never throws. */
  tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#thrown ??= { error };
    }
  }

  /** Throws what the first failing callback threw. */
  rethrow(): void {
    if (this.#thrown !== null) throw this.#thrown.error;
  }
}
