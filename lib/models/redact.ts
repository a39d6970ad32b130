/** Takes secrets out of texts before anybody sees them. */

/** Keys shorter than this are placeholders such as `none`; taking them out would garble messages. */
const SHORTEST_SECRET = 6;

const REDACTED = "[redacted]";

/** What keys of well-known providers look like, for servers that echo one which is not ours. */
const KEY_SHAPES = [
  /\b(?:sk|gsk|xai|pk|rk|csk|tgp|fw|hf|ghp|github_pat)[-_][A-Za-z0-9*_-]{12,}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/-]{8,}=*/gi,
];

/** Makes a function that replaces the given secrets, and whatever has the shape of a key, in a text. */
export function redactor(
  secrets: readonly (string | null | undefined)[],
): (text: string) => string {
  const known = secrets
    .flatMap((secret) =>
      secret && secret.length >= SHORTEST_SECRET ? [secret, encodeURIComponent(secret)] : []
    )
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const withoutKnown = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
    return KEY_SHAPES.reduce((rest, shape) => rest.replace(shape, REDACTED), withoutKnown);
  };
}

/** Names of parameters whose values are secrets; others, such as `api-version`, may be needed in a message. */
const SECRET_PARAMETER = /key|token|secret|sig|auth|password|code/i;

/**
 * What a URL holds that must be in no message: keys in its query, and user name and password, as they stand there and as
 * the header that they become.
 */
export function secretsOf(url: string): string[] {
  const { username, password, searchParams } = new URL(url);
  const keys = [...searchParams].filter(([name]) => SECRET_PARAMETER.test(name));
  const login = [username, password].map(withoutEscapes);
  const header = new TextEncoder().encode(login.join(":")).toBase64();
  return [username, password, ...login, header, ...keys.map(([, value]) => value)];
}

/** A part of a URL as it was meant; as it stands where its escapes mean nothing. */
function withoutEscapes(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What somebody gave for a URL, without a user name and password. */
export function shownUrl(given: string): string {
  return JSON.stringify(given.replace(/[^/]*@/, ""));
}

/** An endpoint as messages show it: without user name, password, query or fragment. */
export function endpointLabel(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return "an endpoint with an unreadable URL";
  const { origin, pathname } = new URL(baseUrl);
  return origin + pathname.replace(/\/+$/, "");
}
