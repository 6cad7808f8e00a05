import { visible, type Message, type Pending, type Room } from "./room";

/** What a list of messages is made of, from top to bottom. */
export type Row =
  | { kind: "day"; key: string; at: Date }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: Message & { text: string } }
  | { kind: "pending"; key: string; pending: Pending };

/** The rows of a room; `line` is the position behind which somebody has not read. */
export function rowsOf(room: Room, me: string, line: number | null): Row[] {
  const rows: Row[] = [];
  let day = "";
  const newDay = (createdAt: string) => {
    const at = new Date(createdAt);
    if (at.toDateString() === day) return;
    day = at.toDateString();
    rows.push({ kind: "day", key: day, at });
  };
  let marked = line === null;
  for (const message of visible(room)) {
    newDay(message.createdAt);
    if (!marked && message.position > (line ?? 0) && message.author?.id !== me) {
      marked = true;
      rows.push({ kind: "unread", key: "unread" });
    }
    // One's own keeps its row when the server has taken it.
    const own = message.author?.id === me;
    rows.push({ kind: "message", key: own ? message.clientId : message.id, message });
  }
  for (const pending of room.pending) {
    newDay(pending.createdAt);
    rows.push({ kind: "pending", key: pending.clientId, pending });
  }
  return rows;
}
