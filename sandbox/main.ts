/**
 * Entry of the gateway realm: the main thread of the child. It holds the pipes, the token, the clock and
 * the grants, and runs no guest code; Python lives in a worker that can reach none of these.
 */
import { decodeFrames, type Frame, FrameEncoder, writeFrame } from "./framing.ts";
import { Gateway } from "./gateway.ts";

/** The child's own pipes as a transport whose frames can be sealed once the token is known. */
function stdioTransport() {
  const writer = Deno.stdout.writable.getWriter();
  let encoder = new FrameEncoder();
  return {
    frames: decodeFrames(Deno.stdin.readable),
    send: (frame: Exclude<Frame, { kind: "garbled" }>) => writeFrame(writer, encoder.encode(frame)),
    seal(token: string) {
      encoder = new FrameEncoder(token);
    },
  };
}

const gateway = new Gateway(stdioTransport());
await gateway.ended;
// The host is gone or is done with us; Python may be in the middle of a loop that nothing else would end.
Deno.exit(0);
