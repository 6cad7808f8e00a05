import { vi } from "vitest";
import type { ClientFrame, ServerFrame } from "./frames";

/** A WebSocket whose other side is the test. */
export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  /** All that were opened, the latest last. */
  static all: FakeSocket[] = [];

  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  /** Takes the browser's place until the test is over. */
  static install() {
    FakeSocket.all = [];
    vi.stubGlobal("WebSocket", FakeSocket);
  }

  readyState = 0;
  readonly sent: ClientFrame[] = [];

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    super();
    FakeSocket.all.push(this);
  }

  send(text: string) {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close() {
    this.readyState = 3;
  }

  /** The server takes it in. */
  welcome() {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
    this.say({ type: "welcome", connection_id: "1", reconnect_after_seconds: 6600 });
  }

  say(frame: ServerFrame) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  /** The server ends it. */
  end(code: number) {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code }));
  }

  /** What was sent of one type. */
  of<T extends ClientFrame["type"]>(type: T) {
    return this.sent.filter((frame): frame is ClientFrame & { type: T } => frame.type === type);
  }
}
