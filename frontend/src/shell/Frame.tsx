import { Outlet } from "@tanstack/react-router";
import { OfflineBanner } from "./OfflineBanner";

/** Around every page. */
export function Frame() {
  return (
    <>
      <OfflineBanner />
      <Outlet />
    </>
  );
}
