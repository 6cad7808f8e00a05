import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { queries } from "~/api/queries";
import { patchRow } from "./writes";

const item = { id: "1", login: "ana", enabled: true };

const list = (enabled: boolean) => ({
  pages: [{ items: [{ ...item, enabled }], next: null }],
  pageParams: [undefined],
});

it("an answer that was under way does not undo a changed row", async () => {
  const client = new QueryClient();
  const queryKey: readonly string[] = queries.streamers("7").queryKey;
  client.setQueryData(queryKey, list(true));
  let answer: (() => void) | undefined;
  // Asked before the change, and answered after it.
  const queryFn = () => new Promise((resolve) => (answer = () => resolve(list(true))));
  const stop = new QueryObserver<unknown>(client, { queryKey, queryFn, retry: false }).subscribe(
    () => {},
  );
  void client.refetchQueries({ queryKey });
  expect(client.isFetching({ queryKey })).toBe(1);
  expect(await patchRow(client, "7", "1", { enabled: false })).toBe(true);
  answer?.();
  await Promise.resolve();
  expect(client.getQueryData(queryKey)).toEqual(list(false));
  expect(await patchRow(client, "7", "1", { enabled: true })).toBe(false);
  stop();
});
