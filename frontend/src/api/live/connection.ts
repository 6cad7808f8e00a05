import { PROTOCOL, read, VERSION, type ClientFrame, type ServerFrame } from "./frames";

/** Until a socket is greeted. */
const OPEN_MS = 10_000;
/** The server takes who says nothing for a minute to be gone. */
const PING_MS = 20_000;
const PONG_MS = 10_000;

interface Told {
  onFrame: (frame: ServerFrame) => void;
  /** Told once; null: it was given up here, since nothing was heard. */
  onEnd: (code: number | null) => void;
}

/** One WebSocket: it says hello, and notices when nobody is there any more. */
export class Connection {
  private readonly socket: WebSocket;
  private over = false;
  private pingedAt = Date.now();
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  /** Runs out when nothing is heard. */
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly told: Told) {
    this.socket = new WebSocket(address(), PROTOCOL);
    this.patience = setTimeout(() => this.end(null), OPEN_MS);
    this.socket.addEventListener("open", () => this.send({ type: "hello", version: VERSION }));
    this.socket.addEventListener("message", ({ data }) => this.hear(data));
    this.socket.addEventListener("close", ({ code }) => this.end(code));
  }

  send(frame: ClientFrame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Asks for a sign of life; without any the connection ends. */
  probe(withinMs: number) {
    this.pingedAt = Date.now();
    this.send({ type: "ping" });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.end(null), withinMs);
  }

  /** Closes it without telling. */
  close() {
    this.over = true;
    clearInterval(this.heartbeat);
    clearTimeout(this.patience);
    this.socket.close(1000);
  }

  private hear(data: unknown) {
    if (this.over) return;
    clearTimeout(this.patience);
    const frame = read(data);
    // Where close frames carry no code of the server's, it is said before.
    if (frame?.type === "closing") return this.end(frame.code);
    if (frame?.type === "welcome") {
      this.heartbeat = setInterval(() => this.probe(PONG_MS), PING_MS);
    } else if (Date.now() - this.pingedAt > PING_MS) {
      // Timers of a hidden page fire once a minute; what is heard is heard at once.
      this.probe(PONG_MS);
    }
    if (frame) this.told.onFrame(frame);
  }

  private end(code: number | null) {
    if (this.over) return;
    this.close();
    this.told.onEnd(code);
  }
}

/** The socket's address: where the page comes from. */
function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}
