import { useQuery } from "@tanstack/react-query";
import { queries } from "~/api/queries";

/** The name of the room of everybody who is signed in. */
export const PUBLIC_ROOM = "public";

/** Whether the operator has opened it; false while that is not known. */
export function useHasPublicRoom(): boolean {
  return useQuery(queries.publicConfig).data?.public_room ?? false;
}
