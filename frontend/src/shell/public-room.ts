import { useQuery } from "@tanstack/react-query";
import { meQuery } from "~/api/session";

/** The name of the room of everybody who is signed in. */
export const PUBLIC_ROOM = "public";

/** Whether the operator has opened it; false while that is not known. */
export function useHasPublicRoom(): boolean {
  return useQuery(meQuery).data?.public_room ?? false;
}
