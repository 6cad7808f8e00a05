import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { paths } from "~/paths";
import { clearAllDrafts } from "~/ui/drafts";
import { noteSignIn } from "./useSignedIn";

/** Forgets in this browser what belongs to who was signed in, and goes to the start page. */
export function useLeave() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async (search: { deleted?: string } = {}) => {
    clearAllDrafts();
    noteSignIn(false);
    await navigate({ to: paths.landing, search });
    client.clear();
  };
}
