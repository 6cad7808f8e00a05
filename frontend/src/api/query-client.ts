import { QueryCache, QueryClient, MutationCache } from "@tanstack/react-query";
import { Problem } from "./problem";
import { sessionEnded } from "./session";

const RETRIES = 2;
/** A limit that takes longer is shown, with a countdown that ends in another try. */
const SHORT_WAIT_SECONDS = 2;

function retry(failures: number, error: Error): boolean {
  if (!(error instanceof Problem)) return false;
  const limited = error.status === 429 && (error.retryAfter ?? 0) <= SHORT_WAIT_SECONDS;
  const passing = limited || error.status === 0 || error.status >= 502;
  return passing && failures < RETRIES;
}

function retryDelay(failures: number, error: Error): number {
  if (error instanceof Problem && error.retryAfter !== null) return error.retryAfter * 1000;
  return 500 * 2 ** failures;
}

function noticeEndOfSession(error: Error) {
  if (error instanceof Problem && error.status === 401) sessionEnded.set(true);
}

/** The one cache of what the API has said. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: noticeEndOfSession }),
    mutationCache: new MutationCache({ onError: noticeEndOfSession }),
    defaultOptions: {
      queries: { retry, retryDelay, staleTime: 15_000, networkMode: "always" },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
