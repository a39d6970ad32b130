/** Assertions about functions that should fail. */
import { reject } from "./assertion_error.ts";

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** Fails unless the function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless the function throws an error of this class whose message contains this text; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const words = typeof classOrMsg === "string" ? classOrMsg : msg;
  try {
    fn();
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, words);
  }
  reject("Expected function to throw", words);
}

/** Fails unless the function's promise rejects; resolves to the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise rejects with an error of this class whose message contains this text; resolves to the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const words = typeof classOrMsg === "string" ? classOrMsg : msg;
  const promise = started(fn, words);
  try {
    await promise;
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, words);
  }
  reject("Expected function to reject", words);
}

/** Calls the function; one that throws at once, or returns no promise, has not rejected. */
function started(fn: () => PromiseLike<unknown>, msg?: string): PromiseLike<unknown> {
  try {
    const promise = fn();
    if (typeof promise?.then === "function") return promise;
  } catch {
    // Falls through to the same refusal.
  }
  reject("Function throws when expected to reject", msg);
}

function checked<E extends Error>(
  error: unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  if (classOrMsg === undefined || typeof classOrMsg === "string") return error;
  if (!(error instanceof Error)) reject("A non-Error object was thrown or rejected", msg);
  if (!(error instanceof classOrMsg)) {
    reject(
      `Expected error to be instance of "${classOrMsg.name}", but was "${error.constructor.name}" ("${error.message}")`,
      msg,
    );
  }
  if (msgIncludes && !error.message.includes(msgIncludes)) {
    reject(`Expected error message to include "${msgIncludes}", but got "${error.message}"`, msg);
  }
  return error;
}
