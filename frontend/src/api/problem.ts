import type { components } from "./schema";

export type FieldError = components["schemas"]["FieldError"];

/** What went wrong with a request: the API's problem details, or a server that cannot be reached. */
export class Problem extends Error {
  readonly status: number;
  /** Stable; the texts people see are found by it. */
  readonly code: string;
  /** The API's own words, in English. */
  readonly detail: string;
  readonly fields: FieldError[];
  /** What to quote when asking for help. */
  readonly requestId: string | null;
  /** Seconds until another try makes sense. */
  readonly retryAfter: number | null;

  constructor(init: {
    status: number;
    code: string;
    detail: string;
    fields?: FieldError[];
    requestId?: string | null;
    retryAfter?: number | null;
  }) {
    super(`${init.status} ${init.code}: ${init.detail}`);
    this.name = "Problem";
    this.status = init.status;
    this.code = init.code;
    this.detail = init.detail;
    this.fields = init.fields ?? [];
    this.requestId = init.requestId ?? null;
    this.retryAfter = init.retryAfter ?? null;
  }

  /** Reads an answer that is no success. */
  static from(response: Response, body: unknown): Problem {
    const problem = isProblem(body) ? body : null;
    const seconds = Number(response.headers.get("retry-after"));
    return new Problem({
      status: response.status,
      code: problem?.code ?? (response.status >= 500 ? "unavailable" : "unexpected"),
      detail: problem?.detail ?? response.statusText,
      fields: problem?.errors ?? [],
      requestId: response.headers.get("x-request-id"),
      retryAfter: Number.isFinite(seconds) && seconds > 0 ? seconds : null,
    });
  }

  /** The network is down, or nobody listens. */
  static offline(): Problem {
    return new Problem({ status: 0, code: "offline", detail: "The server cannot be reached." });
  }
}

function isProblem(body: unknown): body is components["schemas"]["Problem"] {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
