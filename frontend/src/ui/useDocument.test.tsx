import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Tagged } from "~/api/client";
import { Problem } from "~/api/problem";
import { sessionEnded } from "~/api/session";
import { useDocument } from "./useDocument";

interface Doc {
  channel: string;
  window: number;
  places: { id: string }[];
}

/** A server with one document per id, which refuses what was made from an old version. */
class Server {
  docs = new Map<string, Tagged<Doc>>();
  saves: Doc[] = [];
  /** Thrown by the next save. */
  fault: Problem | null = null;
  /** Held back until it is called. */
  gate: Promise<void> = Promise.resolve();

  put(id: string, change: Partial<Doc>) {
    const before = this.docs.get(id);
    const value = { channel: "general", window: 5, places: [{ id: "a" }], ...before?.value };
    const etag = `"${Number(before?.etag.slice(1, -1) ?? 0) + 1}"`;
    this.docs.set(id, { value: { ...value, ...change }, etag });
  }

  async save(id: string, value: Doc, etag: string): Promise<Tagged<Doc>> {
    await this.gate;
    if (this.fault) {
      const fault = this.fault;
      this.fault = null;
      throw fault;
    }
    if (etag !== this.docs.get(id)?.etag) throw problem(412, "conflict");
    this.saves.push(value);
    this.put(id, value);
    return this.get(id);
  }

  get(id: string): Tagged<Doc> {
    const found = this.docs.get(id);
    if (!found) throw problem(404, "not_found");
    return structuredClone(found);
  }
}

const problem = (status: number, code: string, fields: string[] = []) =>
  new Problem({
    status,
    code,
    detail: code,
    fields: fields.map((field) => ({ field, code: "invalid", message: `${field} is wrong` })),
  });

let server: Server;
let client: QueryClient;

beforeEach(() => {
  localStorage.clear();
  sessionEnded.set(false);
  server = new Server();
  server.put("one", {});
  client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } });
});
afterEach(() => client.clear());

function wrapper({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

function open(first = "one", { tell = true } = {}) {
  return renderHook(
    ({ id }) => {
      const queryKey = ["doc", id];
      const query = useQuery({ queryKey, queryFn: () => Promise.resolve(server.get(id)) });
      return useDocument<Doc>({
        id,
        query,
        save: (value, etag) => server.save(id, value, etag),
        onSaved: (saved) => {
          if (tell) client.setQueryData(queryKey, saved);
        },
      });
    },
    { wrapper, initialProps: { id: first } },
  );
}

type Opened = ReturnType<typeof open>;

async function opened(...args: Parameters<typeof open>): Promise<Opened> {
  const hook = open(...args);
  await waitFor(() => expect(hook.result.current).not.toBeNull());
  return hook;
}

const doc = (hook: Opened) => {
  if (!hook.result.current) throw new Error("the document is not there");
  return hook.result.current;
};
const patch = (hook: Opened, change: Partial<Doc>) => act(() => doc(hook).patch(change));
const save = (hook: Opened) => act(() => doc(hook).save());
/** The query's observers are told in a task of their own. */
const settle = () => new Promise((resolve) => setTimeout(resolve));
const refetch = () =>
  act(async () => {
    await client.refetchQueries({ queryKey: ["doc", "one"] });
    await settle();
  });

describe("useDocument", () => {
  it("saves changes and is clean again", async () => {
    const hook = await opened();
    expect(doc(hook).dirty).toBe(false);
    patch(hook, { channel: "live" });
    expect(doc(hook).dirty).toBe(true);
    expect(await save(hook)).toBe(true);
    expect(server.get("one").value.channel).toBe("live");
    expect(doc(hook).dirty).toBe(false);
    expect(localStorage).toHaveLength(0);
  });

  it("is clean when a change is taken back", async () => {
    const hook = await opened();
    patch(hook, { window: 6 });
    patch(hook, { window: 5 });
    expect(doc(hook).dirty).toBe(false);
    expect(localStorage).toHaveLength(0);
  });

  it("shows what was saved even while the query still has the old version", async () => {
    const hook = await opened("one", { tell: false });
    patch(hook, { channel: "live" });
    await save(hook);
    expect(doc(hook).value.channel).toBe("live");
    patch(hook, { window: 7 });
    expect(await save(hook)).toBe(true);
    expect(server.get("one").value).toMatchObject({ channel: "live", window: 7 });
  });

  it("does not go back to a version that it has left behind", async () => {
    const hook = await opened();
    const old = server.get("one");
    patch(hook, { channel: "live" });
    await save(hook);
    await act(async () => {
      client.setQueryData(["doc", "one"], old);
      await settle();
    });
    expect(doc(hook).value.channel).toBe("live");
  });

  it("keeps one document's changes out of another's", async () => {
    server.put("two", { channel: "other" });
    const hook = await opened();
    patch(hook, { channel: "live" });
    hook.rerender({ id: "two" });
    await waitFor(() => expect(hook.result.current?.value.channel).toBe("other"));
    expect(doc(hook).dirty).toBe(false);
    hook.rerender({ id: "one" });
    expect(doc(hook).value.channel).toBe("live");
    expect(doc(hook).restored).toBe(true);
  });

  it("takes in what others have saved while nothing is changed here", async () => {
    const hook = await opened();
    server.put("one", { window: 9 });
    await refetch();
    expect(doc(hook).value.window).toBe(9);
    expect(doc(hook).dirty).toBe(false);
  });

  describe("draft", () => {
    it("survives a remount", async () => {
      const first = await opened();
      patch(first, { channel: "live" });
      first.unmount();
      const second = await opened();
      expect(doc(second).value.channel).toBe("live");
      expect(doc(second).restored).toBe(true);
    });

    it("is put on top of what others have saved since", async () => {
      const first = await opened();
      patch(first, { channel: "live" });
      first.unmount();
      client.clear();
      server.put("one", { window: 9 });
      const second = await opened();
      expect(doc(second).value).toMatchObject({ channel: "live", window: 9 });
      expect(doc(second).conflict).toBeNull();
    });

    it("is gone when it is discarded", async () => {
      const first = await opened();
      patch(first, { channel: "live" });
      act(() => doc(first).discard());
      expect(doc(first).value.channel).toBe("general");
      first.unmount();
      expect(doc(await opened()).dirty).toBe(false);
    });

    it("is left alone when it cannot be read", async () => {
      for (const garbage of ["{", "5", "null", "{}", '{"base":null,"value":{}}']) {
        localStorage.setItem("streammaxing-draft:one", garbage);
        const hook = await opened();
        expect(doc(hook).value.channel).toBe("general");
        hook.unmount();
      }
    });

    it("asks again after a reload when a conflict was not decided", async () => {
      const first = await opened();
      patch(first, { channel: "mine" });
      server.put("one", { channel: "theirs" });
      await refetch();
      expect(doc(first).conflict?.fields).toEqual(["channel"]);
      first.unmount();
      expect(doc(await opened()).conflict?.fields).toEqual(["channel"]);
    });
  });

  describe("when somebody else has saved", () => {
    it("saves at once what they have not touched", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine" });
      server.put("one", { window: 9 });
      expect(await save(hook)).toBe(true);
      expect(server.get("one").value).toMatchObject({ channel: "mine", window: 9 });
      expect(doc(hook).value).toMatchObject({ channel: "mine", window: 9 });
      expect(doc(hook).dirty).toBe(false);
    });

    it("asks about fields that both have touched, and only those", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine", window: 1 });
      server.put("one", { channel: "theirs", places: [] });
      expect(await save(hook)).toBe(false);
      expect(server.saves).toHaveLength(0);
      expect(doc(hook).conflict?.fields).toEqual(["channel"]);
      expect(doc(hook).conflict?.mine.channel).toBe("mine");
      expect(doc(hook).conflict?.theirs.channel).toBe("theirs");
      expect(doc(hook).problem).toBeNull();
      act(() => doc(hook).resolve({ ...doc(hook).value, channel: "theirs" }));
      expect(await save(hook)).toBe(true);
      expect(server.get("one").value).toEqual({ channel: "theirs", window: 1, places: [] });
    });

    it("does not save before the conflict is decided", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine" });
      server.put("one", { channel: "theirs" });
      await save(hook);
      expect(await save(hook)).toBe(false);
      expect(server.get("one").value.channel).toBe("theirs");
    });

    it("keeps a conflict open when they save again", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine" });
      server.put("one", { channel: "theirs" });
      await refetch();
      server.put("one", { window: 9 });
      await refetch();
      expect(doc(hook).conflict?.fields).toEqual(["channel"]);
      expect(doc(hook).conflict?.theirs.window).toBe(9);
    });

    it("drops a conflict when they come round", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine" });
      server.put("one", { channel: "theirs" });
      await refetch();
      server.put("one", { channel: "mine" });
      await refetch();
      expect(doc(hook).conflict).toBeNull();
      expect(doc(hook).dirty).toBe(false);
    });

    it("says so when their version cannot be had", async () => {
      const hook = await opened();
      patch(hook, { channel: "mine" });
      server.put("one", { window: 9 });
      server.docs.delete("one");
      expect(await save(hook)).toBe(false);
      expect(doc(hook).problem?.code).toBe("not_found");
      expect(doc(hook).value.channel).toBe("mine");
    });
  });

  describe("a save that fails", () => {
    it("brings errors to their fields, each until it is changed", async () => {
      const hook = await opened();
      patch(hook, { channel: "", places: [{ id: "" }] });
      server.fault = problem(422, "invalid", ["channel", "places[0].id"]);
      expect(await save(hook)).toBe(false);
      expect(doc(hook).fieldError("channel")?.message).toBe("channel is wrong");
      expect(doc(hook).fieldError("places[0].id")?.message).toBe("places[0].id is wrong");
      expect(doc(hook).problem).toBeNull();
      patch(hook, { channel: "live" });
      expect(doc(hook).fieldErrors.map(({ field }) => field)).toEqual(["places[0].id"]);
      patch(hook, { places: [] });
      expect(doc(hook).fieldErrors).toEqual([]);
    });

    it("keeps everything", async () => {
      const hook = await opened();
      patch(hook, { channel: "live" });
      server.fault = Problem.offline();
      expect(await save(hook)).toBe(false);
      expect(doc(hook).problem?.code).toBe("offline");
      expect(doc(hook).value.channel).toBe("live");
      expect(doc(hook).saving).toBe(false);
      expect(await save(hook)).toBe(true);
      expect(doc(hook).problem).toBeNull();
    });

    it("keeps the draft when the session has expired, and asks for sign-in", async () => {
      const hook = await opened();
      patch(hook, { channel: "live" });
      server.fault = problem(401, "unauthenticated");
      expect(await save(hook)).toBe(false);
      expect(sessionEnded.get()).toBe(true);
      hook.unmount();
      expect(doc(await opened()).value.channel).toBe("live");
    });
  });

  it("keeps what is typed while a save is under way", async () => {
    const hook = await opened();
    patch(hook, { channel: "live" });
    let release: (() => void) | undefined;
    server.gate = new Promise((resolve) => (release = resolve));
    let saved: Promise<boolean> | undefined;
    act(() => void (saved = doc(hook).save()));
    expect(doc(hook).saving).toBe(true);
    expect(await act(() => doc(hook).save())).toBe(false);
    patch(hook, { window: 8 });
    await act(async () => {
      release?.();
      await saved;
    });
    expect(server.saves).toEqual([{ channel: "live", window: 5, places: [{ id: "a" }] }]);
    expect(doc(hook).value).toMatchObject({ channel: "live", window: 8 });
    expect(doc(hook).dirty).toBe(true);
  });
});
