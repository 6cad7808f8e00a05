import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { components, paths } from "./schema";

/** The API's own names for what it sends and takes. */
export type Schema = components["schemas"];

/** Typed requests to the API; go through `ask` or `askTagged`, which throw what goes wrong. */
export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin,
  // A fake fetch can be put in place by a test after this module was loaded.
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function settle<T>(request: Promise<Answer<T>>): Promise<Answer<T>> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw Problem.offline();
  }
  if (!answer.response.ok) throw Problem.from(answer.response, answer.error);
  return answer;
}

/** The answer's body; throws a `Problem` when there is none. */
export async function ask<T>(request: Promise<Answer<T>>): Promise<T> {
  return (await settle(request)).data as T;
}

/** A document and its version, which saving hands back. */
export interface Tagged<T> {
  value: T;
  etag: string;
}

/** Like `ask`, with the document's version. */
export async function askTagged<T>(request: Promise<Answer<T>>): Promise<Tagged<T>> {
  const { data, response } = await settle(request);
  return { value: data as T, etag: versionOf(response.headers) };
}

/** A proxy that compresses changes an ETag or drops it; the header of ours stays. */
function versionOf(headers: Headers): string {
  const revision = headers.get("x-revision");
  return revision === null ? (headers.get("etag") ?? "") : `"${revision}"`;
}
