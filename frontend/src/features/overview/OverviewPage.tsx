/** To be written. */
export function OverviewPage() {
  return null;
}
