import { Outlet } from "@tanstack/react-router";
import { OfflineBanner } from "./OfflineBanner";
import { SessionDialog } from "./SessionDialog";

/** Around every page. */
export function Frame() {
  return (
    <>
      <OfflineBanner />
      <SessionDialog />
      <Outlet />
    </>
  );
}
